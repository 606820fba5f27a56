// @ts-check
/** Every word of a camera's gaps and of the times in which nothing was heard of it. Pure. */

import { count, minute } from "./format.js";
import { moment } from "./words.js";

/** Stretches of time in which nothing was heard. @param {import("./format.js").Calendar} calendar @param {{ from: number, to: number }[]} stretches */
export const silences = (calendar, stretches) =>
  `Nothing was heard ${stretches.map(({ from, to }) => `from ${moment(calendar, from)} to ${until(calendar, from, to)}`).join("; ")}.`;

/** The end of a stretch; of the same day, its time alone. @param {import("./format.js").Calendar} calendar @param {number} from @param {number} to */
const until = (calendar, from, to) =>
  calendar.day(new Date(from)) === calendar.day(new Date(to)) ? minute(calendar, new Date(to)) : moment(calendar, to);

/** @param {number} n */
export const otherSilences = (n) => (n === 1 ? "And once more for a shorter time." : `And ${count(n)} more times for a shorter time.`);

export const noHealth = "Nothing was said in this time.";

/** How many are missing, and where they may be. @param {import("./api.js").Gaps} gaps */
export function ledger({ missing, confessed, on_camera }) {
  const parts = [
    missing === 0 ? "No frame is missing" : missing === 1 ? "1 frame has not arrived" : `${count(missing)} frames have not arrived`,
    ...(confessed === 0 ? [] : [confessed === 1 ? "1 was given up" : `${count(confessed)} were given up`]),
    onCamera(on_camera),
  ];
  return `${parts.join("; ")}.`;
}

/** @param {number | null} n */
function onCamera(n) {
  if (n === null) return "how many are still on the camera it does not say";
  if (n === 0) return "none is still on the camera";
  return n === 1 ? "1 is still on the camera" : `${count(n)} are still on the camera`;
}

/** @type {Record<string, string>} */
const reasons = {
  "spool-full": "the spool was full",
  sensor: "the sensor gave no picture",
  "power-cut": "the power went",
  refused: "the archive refused it",
  damaged: "what was spooled could not be read",
  "ring-full": "frames were taken faster than the card could follow",
};

/** @param {import("./api.js").Gap} gap */
export function gap({ from, to, state, reason }) {
  const numbers = from === to ? `Number ${count(from)}` : `Numbers ${count(from)} to ${count(to)}`;
  if (state === "missing") return `${numbers} ${from === to ? "has" : "have"} not arrived.`;
  return `${numbers} will not come: ${reasons[reason ?? ""] ?? `“${reason}”`}.`;
}

/** @param {string} boot */
export const boot = (boot) => `boot ${boot.slice(0, 4)} ${boot.slice(4, 8)}`;
