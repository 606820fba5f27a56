// @ts-check
/** A camera's gaps: how many numbers are missing and where they may be, and each gap as a sentence at its time. */

import * as words from "./ledger-words.js";
import { moment } from "./words.js";

/** @typedef {import("./api.js").Gaps} Gaps */
/** @typedef {import("./api.js").Gap} Gap */
/** @typedef {import("./format.js").Calendar} Calendar */

/** @param {HTMLElement} element the section @param {HTMLTemplateElement} template @param {(next: string) => void} onOlder */
export function ledger(element, template, onOlder) {
  const list = /** @type {HTMLElement} */ (element.querySelector(".gaps"));
  const older = /** @type {HTMLElement} */ (element.querySelector(".older-gaps"));
  /** @type {string | null} */ let next = null;
  let shown = "";
  let hasOlder = false;
  older.addEventListener("click", () => next !== null && onOlder(next));

  return {
    /** The newest gaps; the list stays as it is while it is the same, or older ones stand in it.
     * @param {Gaps} gaps @param {Calendar} calendar */
    show(gaps, calendar) {
      /** @type {HTMLElement} */ (element.querySelector(".ledger")).textContent = words.ledger(gaps);
      const now = JSON.stringify(gaps.gaps);
      if (now === shown || hasOlder) return;
      shown = now;
      list.replaceChildren();
      draw(gaps, calendar);
    },

    /** Older ones below. @param {Gaps} gaps @param {Calendar} calendar */
    add(gaps, calendar) {
      hasOlder = true;
      draw(gaps, calendar);
    },
  };

  /** @param {Gaps} gaps @param {Calendar} calendar */
  function draw(gaps, calendar) {
    list.append(...gaps.gaps.map((gap) => item(gap, calendar)));
    next = gaps.next;
    older.hidden = next === null;
  }

  /** @param {Gap} gap @param {Calendar} calendar */
  function item(gap, calendar) {
    const row = /** @type {Element} */ (/** @type {Element} */ (template.content.firstElementChild).cloneNode(true));
    const at = gap.taken_after ?? gap.taken_before ?? gap.at; // where in time the frames would have been
    const part = (/** @type {string} */ selector) => /** @type {Element} */ (row.querySelector(selector));
    part("time").textContent = moment(calendar, at);
    part("time").setAttribute("datetime", at);
    part("em").textContent = words.gap(gap);
    part(".boot").textContent = words.boot(gap.boot);
    return row;
  }
}
