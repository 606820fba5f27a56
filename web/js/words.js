// @ts-check
/** Every word the page says that is not already in index.html. Pure. */

import { count } from "./format.js";

/** @typedef {import("./api.js").Frame} Frame */
/** @typedef {import("./live.js").LiveState} LiveState */

/** How the page stands to the archive, in the archive's own voice. @type {Record<LiveState, string>} */
export const state = {
  connecting: "connecting",
  live: "live",
  asking: "live, by asking",
  reconnecting: "reconnecting",
  paused: "paused",
  unanswered: "no answer",
};

/** @param {number} n */
export const frames = (n) => (n === 1 ? "1 frame" : `${count(n)} frames`);

/** @param {number} n */
export const newFrames = (n) => (n === 1 ? "1 new frame" : `${count(n)} new frames`);

/** @param {number} n */
export const showNew = (n) => `Show ${count(n)} new`;

/** @param {number} n */
export const bytes = (n) => (n === 1 ? "1 byte" : `${count(n)} bytes`);

/** Which hours a day's frames are from. @param {number[]} quarters frames in each quarter of an hour */
export function activity(quarters) {
  const first = quarters.findIndex(Boolean);
  if (first < 0) return "No frames through the day";
  const most = quarters.indexOf(Math.max(...quarters));
  return `Frames from ${clock(first)} to ${clock(quarters.findLastIndex(Boolean) + 1)}, most around ${clock(most)}`;
}

/** @param {number} quarter */
const clock = (quarter) => `${String(Math.floor(quarter / 4)).padStart(2, "0")}:${String((quarter % 4) * 15).padStart(2, "0")}`;

/** @param {{ from: number, to: number } | null} hour */
export const hour = (hour) => (hour ? `${hour.from} to ${hour.to} h` : "Any hour");

/** What was chosen of verdicts and difference. @param {string[]} verdicts @param {number} difference */
export const picture = (verdicts, difference) =>
  [...verdicts, ...(difference ? [changed(difference)] : [])].join(", ") || "Any picture";

/** @param {number} difference */
export const changed = (difference) => (difference ? `changed by ${percent(difference)}` : "however little it changed");

/** @param {number} share */
const percent = (share) => `${Math.round(share * 100)}\u00a0%`;

export const struck = "deleted";

export const allCameras = "All cameras";

export const pause = { on: "Pause", off: "Resume" };

/** How far back a search has looked. @param {string} date */
export const searched = (date) => `Looked back to ${date}`;

/** @param {Frame} frame */
export const pixels = (frame) =>
  frame.width && frame.height ? `${frame.width} × ${frame.height}` : "unknown";

/** @param {Frame} frame */
export const numberInBoot = (frame) => `number ${frame.number}`;

/** Whose clock *taken* comes from, and how far off it may be. @param {Frame} frame */
export function source(frame) {
  const clock = {
    "camera-clock": "the camera’s clock",
    "server-clock": "the camera’s count, by the archive’s clock",
    arrival: "when it arrived; the shutter’s own time is unknown",
  }[frame.taken_at_source];
  const off = frame.taken_at_uncertainty_ms;
  return off === null || frame.taken_at_source === "arrival" ? clock : `${clock}, ± ${duration(off)}`;
}

/** How long the frame was on its way. @param {Frame} frame */
export function delay(frame) {
  const late = Date.parse(frame.received_at) - Date.parse(frame.taken_at);
  if (late === 0) return "";
  return late > 0 ? `${duration(late)} later` : `${duration(-late)} earlier, so a clock is off`;
}

/** A length of time in its largest sensible unit. @param {number} ms */
export function duration(ms) {
  const s = ms / 1000;
  if (s < 10) return `${Number(s.toFixed(2))} s`;
  if (s < 120) return `${Math.round(s)} s`;
  if (s < 7200) return `${Math.round(s / 60)} min`;
  if (s < 172_800) return `${Math.round(s / 3600)} h`;
  return `${Math.round(s / 86_400)} days`;
}

/** The line that sends a picture to this archive. @param {string} origin */
export const curl = (origin) =>
  `curl ${origin}/api/frames --data-binary "@photo.jpg" -H "Content-Type: image/jpeg" -H "Authorization: Bearer KEY"`;

/** Why the list is not here. @param {unknown} error */
export const listFailed = (error) => `The frames could not be fetched: ${reason(error)}.`;

/** Why one frame is not here. @param {string} no @param {unknown} error */
export const frameFailed = (no, error) =>
  /** @type {any} */ (error)?.status === 404
    ? `There is no frame ${no} in this archive.`
    : `Frame ${no} could not be fetched: ${reason(error)}.`;

export const deleted = "This frame has been deleted from the archive.";

/** @param {string} camera */
export const askForShot = (camera) => `Ask ${camera} for a frame now`;

/** What the camera will do, and when. @param {string} camera @param {boolean} isNew */
export const shotAsked = (camera, isNew) =>
  isNew
    ? `${camera} will take one with its next contact.`
    : `${camera} was asked before and has not been in contact since; it will take one then.`;

/** @param {string} camera @param {unknown} error */
export const shotFailed = (camera, error) => `${camera} could not be asked: ${reason(error)}.`;

export const unshown = "The picture cannot be shown. Its bytes are kept as they came; you can download them.";

/** @param {unknown} error */
function reason(error) {
  const { status, title } = /** @type {any} */ (error) ?? {};
  return status ? `the archive answered “${title}” (${status})` : "the archive did not answer";
}
