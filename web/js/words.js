// @ts-check
/** Every word the page says that is not already in index.html, but for those of the `…-words.js` beside it. Pure. */

import { count, figure, minute, shortDay } from "./format.js";

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
  ended: "signed out",
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
    name: "the name of the file it comes from",
    exif: "the clock that is written into the picture",
    mtime: "when its file was last changed",
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

/** @param {Frame} frame */
export const difference = ({ difference }) =>
  difference === undefined || difference === null ? "" : `${percent(difference)} unlike the frame before`;

/** @param {boolean} isFull */
export const fullScreen = (isFull) => (isFull ? "Leave full screen" : "Full screen");

export const noFullScreen = "This browser does not give the page the whole screen.";

export const copied = "The link is copied.";

/** @param {string} link */
export const notCopied = (link) => `This browser copies nothing for this page. The link is ${link}`;

/** @param {boolean} isPlaying */
export const play = (isPlaying) => (isPlaying ? "Stop" : "Play");

/** @param {number} pace */
export const pace = (pace) => (pace === 1 ? "1 frame a second" : `${pace} frames a second`);

export const filmEnded = "The film has come to its end.";

export const noFilm = "There is nothing here to play: no other frame of this camera on this day or after it.";

/** @param {boolean} isComparing */
export const compare = (isComparing) => (isComparing ? "End the comparison" : "Compare with the one before");

/** @param {string} camera */
export const noOther = (camera) => `${camera} has no other frame here to compare with.`;

/** How far the one is from the other. @param {Frame} other @param {Frame} open */
export function apart(other, open) {
  const ms = Date.parse(open.taken_at) - Date.parse(other.taken_at);
  return ms === 0 ? "at the same moment" : `${duration(Math.abs(ms))} ${ms > 0 ? "before" : "after"}`;
}

/** The keys of the viewer, and what they do. @type {[string[], string][]} */
export const keys = [
  [["←", "→"], "the frame before, the frame after; of two, they change the left one"],
  [["space"], "play from here, stop"],
  [["<", ">"], "slower, faster; of two, move the line between them"],
  [["s"], "compare with the one before, end the comparison"],
  [["b"], "blink: see the two in turns"],
  [["+", "−", "0"], "closer, less close, all of it"],
  [["Shift ←↑→↓"], "move about, when close"],
  [["f"], "full screen"],
  [["i"], "facts"],
  [["c"], "copy the link"],
  [["d"], "download"],
  [["?"], "these keys"],
  [["Esc"], "end the comparison, close"],
];

// -- of cameras

/** @param {number} n @param {number} late */
export const cameras = (n, late) => `${n === 0 ? "no camera" : n === 1 ? "1 camera" : `${count(n)} cameras`}${late ? `, ${count(late)} late` : ""}`;

/** How long ago that was. @param {number} ms */
export function age(ms) {
  if (ms < 1000) return "just now";
  if (ms < 60_000) return `${Math.floor(ms / 1000)} s ago`;
  if (ms < 120_000) return "a minute ago";
  return `${duration(ms)} ago`;
}

/** How old a camera's newest frame is. @param {Frame | null} latest @param {number} now @param {boolean} isLate */
export function ageOf(latest, now, isLate) {
  if (latest === null) return "no frame yet";
  const text = age(now - Date.parse(latest.taken_at));
  return isLate ? `${text}, late` : text;
}

export const theCameras = "Cameras";

/** @param {string} camera */
export const healthOf = (camera) => `Health of ${camera}`;

/** Why the cameras are not here. @param {unknown} error */
export const camerasFailed = (error) => `The cameras could not be fetched: ${reason(error)}.`;

/** Why the camera is not here. @param {unknown} error */
export const cameraFailed = (error) => `The camera could not be fetched: ${reason(error)}.`;

export const noCamera = "There is no camera of this name in this archive.";

/** @param {string} camera @param {string} when */
export const pictureOf = (camera, when) => `${camera}, ${when}`;

/** What cameras measure of themselves, and in what. @type {Record<string, { name: string, unit?: string, decimals?: number, per?: number }>} */
export const measures = {
  rssi: { name: "Signal", unit: "dBm" },
  battery: { name: "Battery", unit: "V", decimals: 2 },
  temperature: { name: "Temperature", unit: "°C" },
  spooled: { name: "Spooled" },
  heap: { name: "Least free memory", unit: "kB", per: 1000 },
  psram: { name: "Free picture memory", unit: "kB", per: 1000 },
  restarts: { name: "Restarts" },
};

/** A value of a measure, as the camera said it. @param {string} name @param {unknown} value */
export const measure = (name, value) => (typeof value === "number" ? `${amount(name, value)}${unit(name)}` : "not said");

/** From its least to its most, for those too who do not see the stroke. @param {string} name @param {number} low @param {number} high */
export const range = (name, low, high) =>
  amount(name, low) === amount(name, high)
    ? `${amount(name, low)}${unit(name)} throughout`
    : `${amount(name, low)} to ${amount(name, high)}${unit(name)}`;

/** @param {string} name @param {number} value */
function amount(name, value) {
  const { unit, decimals, per } = measures[name];
  return value === 0 && !unit ? "none" : figure(value / (per ?? 1), decimals);
}

/** @param {string} name */
const unit = (name) => (measures[name].unit ? `\u00a0${measures[name].unit}` : "");

/** What a camera said of itself that has a name. @type {Record<string, { name: string, value?: (said: any) => string }>} */
const said = {
  settings: { name: "Settings", value: (version) => (version ? `version ${version}` : "none set") },
  settings_refused: { name: "Settings refused", value: (version) => `version ${version}` },
  firmware: { name: "Firmware" },
  board: { name: "Board" },
  sensor: { name: "Sensor" },
  sensor_fault: { name: "Sensor’s fault" },
  reset: { name: "Last start" },
  up_s: { name: "Running for", value: (s) => duration(s * 1000) },
  quality: { name: "Quality" },
  waiting: { name: "Waiting to be sent" },
  lost: { name: "Given up, not yet told" },
  brownouts: { name: "Brownouts" },
  failed_sends: { name: "Failed sends" },
  refused: { name: "Refused by the archive" },
  discarded: { name: "Discarded" },
  skipped: { name: "Skipped" },
  spool: { name: "Spool", value: (has) => (has ? "yes" : "none: no card") },
};

/** What a camera said of itself, with names where there are some; but for *others*, which are told elsewhere.
 * @param {import("./api.js").Said} status @param {string[]} others @returns {[string, string][]} */
export function saidOfItself(status, others) {
  const order = ["settings", ...Object.keys(measures), ...Object.keys(said)];
  const keys = Object.keys(status).filter((key) => key !== "id" && !others.includes(key));
  keys.sort((a, b) => (order.indexOf(a) + 1 || order.length + 1) - (order.indexOf(b) + 1 || order.length + 1));
  return keys.map((key) => {
    if (Object.hasOwn(measures, key)) return [measures[key].name, measure(key, status[key])];
    const { name, value } = Object.hasOwn(said, key) ? said[key] : { name: key };
    return [name, value ? value(status[key]) : plain(status[key])];
  });
}

/** @param {string | number | boolean} value */
const plain = (value) => (typeof value === "boolean" ? (value ? "yes" : "no") : String(value));

/** @param {number | null} every_s */
export const every = (every_s) => (every_s === null ? "not known yet" : every_s < 1 ? "several a second" : `one in ${duration(every_s * 1000)}`);

/** @param {import("./format.js").Calendar} calendar @param {number} from */
export const silentSince = (calendar, from) => `Nothing has been heard since ${moment(calendar, from)}.`;

/** What the charts show. @param {import("./format.js").Calendar} calendar @param {number} from */
export const since = (calendar, from) => `${moment(calendar, from)}, to now`;

export const taken = "Taken";

export const aFrame = "Frames";

export const knownSince = "Known since";

/** “22 Nov, 14:03” @param {import("./format.js").Calendar} calendar @param {number | string} at */
export const moment = (calendar, at) => `${shortDay(calendar.day(new Date(at)))}, ${minute(calendar, new Date(at))}`;

export const unshown = "The picture cannot be shown. Its bytes are kept as they came; you can download them.";

/** Why something could not be had. @param {unknown} error */
export function reason(error) {
  const { status, title } = /** @type {any} */ (error) ?? {};
  if (status >= 200 && status < 300) return "something on the way answered in the archive’s place; load the page again";
  return status ? `the archive answered “${title}” (${status})` : "the archive did not answer";
}
