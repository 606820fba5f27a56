// @ts-check
/**
 * Which frames of a film to load and which to show when: forward in time at its pace, skipping what has not come in time.
 * No more than `reach` pictures are held or on their way, so a film needs no more memory for being long. Pure.
 */

/** @typedef {import("./api.js").Frame} Frame */
/** @typedef {{ frame: Frame, state: "new" | "loading" | "here" }} Take */

export const PACES = { least: 1, usual: 12, most: 30 }; // frames a second
export const AT_ONCE = 4; // of the six connections that a browser has for this archive

const HELD_BYTES = 96 * 1024 * 1024; // of pictures as they lie in memory: four bytes for each pixel
const AHEAD_S = 2;
const FIRST_GUESS_MS = 100;
const STUMBLE_MS = 250; // a page that was asleep does not leap

/** How many pictures are held before they are shown. @param {number} pace @param {{ width: number, height: number }} frame */
export function reach(pace, { width, height }) {
  const fitting = Math.floor(HELD_BYTES / (4 * Math.max(1, width) * Math.max(1, height)));
  return Math.max(AT_ONCE, Math.min(fitting, Math.ceil(pace * AHEAD_S)));
}

export class Film {
  pace;
  /** Nothing follows on those that were added. */ isComplete = false;

  /** The one that is shown, then those to come. @type {Take[]} */ #takes;
  #due = 0; // how far on it should be by now
  #load_ms = FIRST_GUESS_MS;

  /** @param {Frame} first it is shown already @param {number} pace */
  constructor(first, pace) {
    this.#takes = [{ frame: first, state: "here" }];
    this.pace = pace;
  }

  get shown() {
    return this.#takes[0].frame;
  }

  /** @param {Frame[]} frames what follows, oldest first */
  add(frames) {
    this.#takes.push(...frames.map((frame) => /** @type {Take} */ ({ frame, state: "new" })));
  }

  /** Time has passed: the frame to show now, if it is another, and those passed by, which nobody needs any more.
   * @param {number} elapsed_ms @returns {{ show: Take | null, passed: Take[] }} */
  pass(elapsed_ms) {
    const ahead = (Math.min(elapsed_ms, STUMBLE_MS) * this.pace) / 1000;
    this.#due = Math.min(this.#due + ahead, this.#reach, this.#takes.length - 1);
    let at = Math.floor(this.#due + 1e-6);
    while (at > 0 && this.#takes[at].state !== "here") at -= 1;
    if (at === 0) return { show: null, passed: [] };
    this.#due -= at;
    const passed = this.#takes.splice(0, at);
    return { show: this.#takes[0], passed };
  }

  /** Those to ask for now: no more at once than the connections bear, as far apart as they come in time. @returns {Take[]} */
  wanted() {
    let free = AT_ONCE - this.#takes.filter(({ state }) => state === "loading").length;
    const last = Math.min(this.#reach, this.#takes.length - 1);
    const found = [];
    for (let at = Math.max(1, Math.floor(this.#due)); at <= last && free > 0; at += this.stride) {
      if (this.#takes[at].state !== "new") continue;
      found.push(this.#takes[at]);
      free -= 1;
    }
    const end = this.#takes[this.#takes.length - 1]; // a film ends with its last frame
    if (free > 0 && last === this.#takes.length - 1 && end.state === "new" && !found.includes(end)) found.push(end);
    return found;
  }

  /** One of so many is asked for: more than one where they come more slowly than they are shown. */
  get stride() {
    return Math.max(1, Math.min(Math.floor(this.#reach / AT_ONCE), Math.ceil((this.pace * this.#load_ms) / 1000 / AT_ONCE)));
  }

  /** @param {Take} take @param {number} took_ms */
  came(take, took_ms) {
    take.state = "here";
    this.#load_ms = this.#load_ms * 0.8 + took_ms * 0.2;
  }

  /** It will not come: the film goes on without it. @param {Take} take */
  failed(take) {
    this.#takes = this.#takes.filter((other) => other !== take);
  }

  /** More of the list is needed soon. */
  get isShort() {
    return !this.isComplete && this.#takes.length - this.#due < 3 * this.#reach;
  }

  /** Nothing more will be shown. */
  get isOver() {
    const isAwaited = this.#takes.some(({ state }, at) => at > 0 && (state === "here" || state === "loading"));
    return this.isComplete && !isAwaited && this.wanted().length === 0;
  }

  get #reach() {
    return reach(this.pace, this.shown);
  }
}
