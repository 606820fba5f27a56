// @ts-check
/** How a camera fares: a small chart of each thing it measures of itself, and in words when nothing was heard. */

import { MEASURES, measured } from "./cameras.js";
import { draw, unbroken } from "./chart.js";
import * as ledgerWords from "./ledger-words.js";
import * as words from "./words.js";

/** @typedef {import("./api.js").Health} Health */
/** @typedef {import("./chart.js").Span} Span */
/** @typedef {import("./format.js").Calendar} Calendar */

const DAY_MS = 86_400_000;
export const POINTS = 300;
const SILENCES = 3; // told of; of more, the longest

/** How far back one can look. @type {Record<string, number>} */
export const SPANS_MS = { day: DAY_MS, week: 7 * DAY_MS, month: 30 * DAY_MS, year: 365 * DAY_MS };

/** The shortest look back that sees the newest frame. @param {number} age_ms */
export const spanFor = (age_ms) => Object.keys(SPANS_MS).find((name) => SPANS_MS[name] > age_ms) ?? "year";

/** @param {HTMLElement} element the section @param {HTMLTemplateElement} template @param {(span: string) => void} onSpan */
export function health(element, template, onSpan) {
  const charts = /** @type {HTMLElement} */ (element.querySelector(".charts"));
  const silences = /** @type {HTMLElement} */ (element.querySelector(".silences"));
  const spans = /** @type {HTMLButtonElement[]} */ ([...element.querySelectorAll(".spans button")]);
  for (const button of spans) button.addEventListener("click", () => onSpan(button.value));

  return {
    /** @param {string} name */
    span(name) {
      for (const button of spans) button.setAttribute("aria-pressed", String(button.value === name));
    },

    /** @param {Health[]} points oldest first @param {Span} span @param {number | null} every_s @param {Calendar} calendar */
    draw(points, span, every_s, calendar) {
      const silence_ms = 2.5 * Math.max((every_s ?? 0) * 1000, (span.to - span.from) / POINTS);
      const known = MEASURES.map((measure) => ({ measure, points: measured(points, measure) }));
      const drawn = known.filter(({ points }) => points.length > 0);
      charts.replaceChildren(
        ...drawn.map(({ measure, points }) => {
          const figure = /** @type {Element} */ (/** @type {Element} */ (template.content.firstElementChild).cloneNode(true));
          const put = (/** @type {string} */ part, /** @type {string} */ text) =>
            void (/** @type {Element} */ (figure.querySelector(part)).textContent = text);
          const values = points.map(({ value }) => value);
          put(".what", words.measures[measure.name].name);
          put(".now", words.measure(measure.name, values.at(-1)));
          put(".range", words.range(measure.name, Math.min(...values), Math.max(...values)));
          draw(/** @type {SVGElement} */ (figure.querySelector("svg")), points, { span, silence_ms, ...measure });
          return figure;
        }),
      );
      /** @type {HTMLElement} */ (element.querySelector(".since")).textContent = words.since(calendar, span.from);
      silences.textContent = drawn.length > 0 ? told(points, span, silence_ms, calendar) : ledgerWords.noHealth;
    },
  };
}

/** The stretches of empty paper, in words. @param {Health[]} points @param {Span} span @param {number} silence_ms @param {Calendar} calendar */
function told(points, span, silence_ms, calendar) {
  const heard = unbroken(points.map(({ at }) => ({ at: Date.parse(at) })), silence_ms);
  const ends = heard.map((stretch) => stretch[stretch.length - 1].at);
  const found = heard.slice(1).map(([first], before) => ({ from: ends[before], to: first.at }));
  const longest = found.sort((a, b) => b.to - b.from - (a.to - a.from)).slice(0, SILENCES);
  const last = ends[ends.length - 1];
  return [
    ...(longest.length > 0 ? [ledgerWords.silences(calendar, longest.sort((a, b) => a.from - b.from))] : []),
    ...(found.length > SILENCES ? [ledgerWords.otherSilences(found.length - SILENCES)] : []),
    ...(span.to - last > silence_ms ? [words.silentSince(calendar, last)] : []),
  ].join(" ");
}
