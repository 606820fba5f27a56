// @ts-check
/** Two frames: which they are, the line between them, and seeing them in turns. */

import { no } from "./format.js";
import * as words from "./words.js";

/** @typedef {import("./api.js").Frame} Frame */
/** @typedef {import("./format.js").Calendar} Calendar */
/** @typedef {import("./stage.js").Side} Side */

export const TURN_MS = 500; // there and back once a second: three flashes in one are too many (WCAG 2.3.1)

/**
 * @param {HTMLElement} element
 * @param {{ onDivide: (share: number) => void, onAlone: (side: Side) => void }} listener
 */
export function comparison(element, { onDivide, onAlone }) {
  const slider = /** @type {HTMLInputElement} */ (element.querySelector("input"));
  const sides = { other: label(".other"), open: label(".open") };
  /** @type {ReturnType<typeof setInterval> | undefined} */ let turning;
  /** @type {Side} */ let alone = "";

  slider.addEventListener("input", () => divide(Number(slider.value) / 100));

  return {
    /** @param {Frame} open @param {Frame | null} other null: no comparison @param {Calendar} calendar */
    show(open, other, calendar) {
      const begins = element.hidden;
      element.hidden = other === null;
      if (!other) return blink(false);
      if (begins) divide(0.5);
      const isSameDay = calendar.day(open.taken_at) === calendar.day(other.taken_at);
      for (const [side, frame] of /** @type {const} */ ([["other", other], ["open", open]])) {
        const date = isSameDay ? "" : `${calendar.date(frame.taken_at)}, `;
        sides[side].no.textContent = no(frame.id);
        sides[side].time.textContent = date + calendar.time(frame.taken_at);
      }
      sides.other.apart.textContent = words.apart(other, open);
    },

    divide,
    /** @param {number} by */
    move: (by) => divide(Number(slider.value) / 100 + by),
    blink,
    get isBlinking() {
      return turning !== undefined;
    },
  };

  /** @param {number} to */
  function divide(to) {
    const share = Math.min(1, Math.max(0, to));
    slider.value = String(Math.round(share * 100));
    onDivide(share);
  }

  /** @param {boolean} isOn */
  function blink(isOn) {
    clearInterval(turning);
    turning = isOn ? setInterval(() => see(alone === "open" ? "other" : "open"), TURN_MS) : undefined;
    see(isOn ? "other" : "");
  }

  /** @param {Side} side */
  function see(side) {
    alone = side;
    element.dataset.alone = side;
    onAlone(side);
  }

  /** @param {string} side */
  function label(side) {
    /** @param {string} selector */
    const part = (selector) => /** @type {HTMLElement} */ (element.querySelector(`${side} ${selector}`));
    return { no: part(".no"), time: part("time"), apart: part("small") };
  }
}
