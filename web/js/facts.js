// @ts-check
/** What is known of one frame, in words. */

import { digest } from "./format.js";
import * as words from "./words.js";

/** @typedef {import("./api.js").Frame} Frame */
/** @typedef {import("./format.js").Calendar} Calendar */

/** @param {HTMLElement} element */
export function facts(element) {
  const health = /** @type {HTMLElement} */ (element.querySelector(".health"));
  const template = /** @type {HTMLTemplateElement} */ (element.querySelector("template"));

  return {
    /** @param {Frame} frame @param {Calendar} calendar */
    show(frame, calendar) {
      const sameDay = calendar.day(frame.taken_at) === calendar.day(frame.received_at);
      const received = calendar.exactTime(frame.received_at);
      put({
        taken: calendar.exactTime(frame.taken_at),
        source: words.source(frame),
        received: sameDay ? received : `${calendar.date(frame.received_at)}, ${received}`,
        delay: words.delay(frame),
        pixels: words.pixels(frame),
        bytes: words.bytes(frame.size_bytes),
        verdict: frame.verdict,
        difference: words.difference(frame),
        digest: digest(frame.sha256),
        boot: frame.boot,
        number: words.numberInBoot(frame),
        name: frame.name,
      });
      part('[data-fact="digest"]').title = frame.sha256;
    },

    /** What the camera said of itself; null while that is not known. @param {Record<string, unknown> | null} status */
    health(status) {
      const { firmware = "", board = "", ...more } = /** @type {import("./api.js").Said} */ (status ?? {});
      const said = words.saidOfItself(more, ["settings_refused"]);
      put({ firmware: String(firmware), board: String(board) });
      for (const name of ["firmware", "board"]) part(`[data-fact="${name}"]`).closest("div")?.toggleAttribute("hidden", !part(`[data-fact="${name}"]`).textContent);
      const rows = said.map(([name, text]) => {
        const row = /** @type {HTMLElement} */ (/** @type {Element} */ (template.content.firstElementChild).cloneNode(true));
        /** @type {Element} */ (row.firstElementChild).textContent = name;
        /** @type {Element} */ (row.lastElementChild).textContent = text;
        return row;
      });
      part(".health dl").replaceChildren(...rows);
      health.hidden = rows.length === 0;
    },
  };

  /** @param {Record<string, string>} said */
  function put(said) {
    for (const [fact, text] of Object.entries(said)) part(`[data-fact="${fact}"]`).textContent = text;
  }

  /** @param {string} selector */
  function part(selector) {
    return /** @type {HTMLElement} */ (element.querySelector(selector));
  }
}
