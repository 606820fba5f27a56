// @ts-check
/** One camera on the wall: its newest frame, the age of that, and how the camera fares. As high as any other, always. */

import * as address from "./address.js";
import { MEASURES, measured } from "./cameras.js";
import { draw } from "./chart.js";
import { no } from "./format.js";
import * as words from "./words.js";

/** @typedef {import("./api.js").Camera} Camera */
/** @typedef {import("./api.js").Frame} Frame */
/** @typedef {import("./format.js").Calendar} Calendar */

const DAY_MS = 86_400_000;
export const POINTS = 60; // of a stroke as long as a thumb
const SIZES = "(width < 600px) 100vw, 400px";

/** @param {HTMLTemplateElement} template @param {string} id */
export function tile(template, id) {
  const element = /** @type {Element} */ (/** @type {Element} */ (template.content.firstElementChild).cloneNode(true));
  /** @template {Element} T @param {string} selector @returns {T} */
  const part = (selector) => /** @type {T} */ (element.querySelector(selector));
  const name = /** @type {HTMLAnchorElement} */ (part(".camera a"));
  const more = /** @type {HTMLAnchorElement} */ (part(".more"));
  const view = /** @type {HTMLImageElement} */ (part(".view"));
  const slots = /** @type {HTMLElement[]} */ ([...element.querySelectorAll("[data-measures]")]);
  name.textContent = id;
  name.href = address.ofList(id);
  more.href = address.ofCamera(id);
  more.setAttribute("aria-label", words.healthOf(id));
  view.addEventListener("error", () => view.removeAttribute("srcset")); // `src` is shown where the original cannot be

  return {
    element,

    /** @param {Camera} camera @param {Calendar} calendar */
    show({ latest, status }, calendar) {
      put(part(".no"), latest ? no(latest.id) : "");
      put(part(".time"), latest ? calendar.time(latest.taken_at) : "");
      if (latest) part(".time").setAttribute("datetime", latest.taken_at);
      if (latest) picture(view, latest, calendar);
      for (const slot of slots) {
        const { name, of } = measureIn(slot, status);
        put(/** @type {Element} */ (slot.querySelector("dt")), words.measures[name].name);
        put(/** @type {Element} */ (slot.querySelector("span")), words.measure(name, of(status)));
        slot.dataset.shown = name;
      }
    },

    /** @param {string} text @param {boolean} isLate */
    age(text, isLate) {
      put(part(".age"), text);
      element.toggleAttribute("data-late", isLate);
    },

    /** The last day of what it said, oldest first. @param {import("./api.js").Health[]} points @param {number | null} every_s */
    strokes(points, every_s) {
      const to = Date.now();
      const span = { from: to - DAY_MS, to };
      const silence_ms = 2.5 * Math.max((every_s ?? 0) * 1000, DAY_MS / POINTS);
      for (const slot of slots) {
        const svg = /** @type {SVGElement | null} */ (slot.querySelector("svg"));
        const measure = MEASURES.find(({ name }) => name === slot.dataset.shown);
        if (!svg || !measure) continue;
        const known = measured(points, measure).filter(({ at }) => at >= span.from);
        draw(svg, known, { span, silence_ms, ...measure });
      }
    },
  };
}

/** Of the measures that *slot* is for, the first that the camera says. @param {HTMLElement} slot @param {import("./api.js").Said} status */
function measureIn(slot, status) {
  const names = (slot.dataset.measures ?? "").split(" ");
  const measures = names.flatMap((name) => MEASURES.filter((measure) => measure.name === name));
  return measures.find(({ of }) => typeof of(status) === "number") ?? measures[0];
}

/** The picture before stays until the new one is here. @param {HTMLImageElement} view @param {Frame} frame @param {Calendar} calendar */
export function picture(view, frame, calendar) {
  if (view.dataset.frame === String(frame.id)) return;
  view.dataset.frame = String(frame.id);
  if (frame.colour) view.style.backgroundColor = frame.colour;
  view.alt = words.pictureOf(frame.camera, `${calendar.date(frame.taken_at)}, ${calendar.time(frame.taken_at)}`);
  view.sizes = SIZES;
  view.src = frame.thumbnail_url;
  view.srcset = `${frame.thumbnail_url} 320w, ${frame.url} ${Math.max(frame.width, 321)}w`;
}

/** @param {Element} element @param {string} text */
function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
