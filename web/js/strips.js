// @ts-check
/** A camera's last days, each as one strip of light from 0 to 24 h, made of its frames. */

import * as api from "./api.js";
import { shortDay } from "./format.js";
import { dayAfter } from "./timeline.js";
import * as words from "./words.js";

const DAYS = 7;

/** @param {HTMLElement} element the list @param {HTMLTemplateElement} template @param {(day: string) => string} addressOf a day's frames */
export function strips(element, template, addressOf) {
  /** @type {Map<string, Element>} */ let rows = new Map();

  return {
    /** The days up to *last*, newest first; one without frames is empty paper.
     * @param {string} camera @param {string} last @param {Map<string, number>} counts frames of each day */
    draw(camera, last, counts) {
      const days = Array.from({ length: DAYS }, (_, ago) => dayAfter(last, -ago));
      if (!rows.has(last)) {
        rows = new Map(days.map((day) => [day, newRow()]));
        element.replaceChildren(...rows.values());
      }
      for (const [day, row] of rows) show(row, day, counts.get(day) ?? 0, camera);
    },
  };

  function newRow() {
    return /** @type {Element} */ (/** @type {Element} */ (template.content.firstElementChild).cloneNode(true));
  }

  /** @param {Element} row @param {string} day @param {number} frames @param {string} camera */
  function show(row, day, frames, camera) {
    const link = /** @type {HTMLAnchorElement} */ (row.querySelector("a"));
    const strip = /** @type {HTMLImageElement} */ (row.querySelector("img"));
    if (strip.dataset.frames === String(frames)) return;
    strip.dataset.frames = String(frames);
    strip.hidden = frames === 0;
    link.textContent = shortDay(day);
    link.setAttribute("aria-label", `${shortDay(day)}, ${words.frames(frames)}`);
    if (frames === 0) return link.removeAttribute("href");
    link.href = addressOf(day);
    strip.src = api.slits(camera, day, frames);
  }
}
