// @ts-check
/** The whole archive as one strip beside the list: a line for each day, as long as the day is full. Drag to any moment. */

import { month, shortDay, shortMonth } from "./format.js";
import { dayAfter, dayNumber } from "./timeline.js";

/** @typedef {import("./format.js").Calendar} Calendar */

const PITCH_MAX_PX = 12; // of a young archive's days
const MONTH_PX = 24; // between two names of months, at least
const REST_MS = 150; // a finger that rests asks for the frames there
const WIDTH = 32;

/**
 * @param {HTMLElement} element
 * @param {(moment: Date, isDone: boolean) => void} onScrub
 */
export function scrubber(element, onScrub) {
  const slider = /** @type {HTMLElement} */ (element.querySelector("[role=slider]"));
  const path = /** @type {SVGPathElement} */ (element.querySelector("path"));
  const months = /** @type {HTMLElement} */ (element.querySelector(".months"));
  const mark = /** @type {HTMLElement} */ (element.querySelector(".here"));
  const label = /** @type {HTMLElement} */ (element.querySelector(".here span"));
  /** @type {Map<string, number>} */ let counts = new Map();
  /** @type {Calendar} */ let calendar;
  let newest = "";
  let days = 0;
  let pitch = 0;
  let drawn = "";
  let isDragging = false;
  /** @type {Date | null} */ let here = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ let resting;

  new ResizeObserver(() => days && lay()).observe(element);

  slider.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    isDragging = true;
    slider.setPointerCapture(event.pointerId);
    element.dataset.dragging = "";
    follow(event, false);
  });
  slider.addEventListener("pointermove", (event) => isDragging && follow(event, false));
  slider.addEventListener("pointerup", (event) => isDragging && follow(event, true));
  slider.addEventListener("lostpointercapture", () => {
    isDragging = false;
    delete element.dataset.dragging;
  });
  slider.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowRight: -1, ArrowUp: -1, ArrowLeft: 1, PageDown: 30, PageUp: -30 }[event.key];
    const end = { Home: newest, End: dayAfter(newest, 1 - days) }[event.key];
    if ((step === undefined && end === undefined) || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    onScrub(endOf(end ?? nextDay(step ?? 0)), true);
  });

  return {
    /** @param {Map<string, number>} to frames of each day @param {Calendar} of */
    draw(to, of) {
      counts = to;
      calendar = of;
      const known = [...counts].filter(([, frames]) => frames > 0).map(([day]) => day).sort();
      const last = known.at(-1);
      element.hidden = !last || known.length < 2;
      if (!last || element.hidden) return;
      newest = last;
      days = dayNumber(newest) - dayNumber(known[0]) + 1;
      lay();
    },
    /** The reader is at *moment*. @param {Date} moment */
    mark(moment) {
      if (isDragging || !days) return;
      here = moment;
      put();
    },
  };

  function lay() {
    const height = slider.parentElement?.clientHeight ?? 0;
    pitch = Math.min(PITCH_MAX_PX, height / days);
    slider.style.blockSize = `${pitch * days}px`;
    const most = Math.max(1, ...counts.values());
    let line = "";
    for (let at = 0; at < days; at += 1) {
      const frames = counts.get(dayAfter(newest, -at)) ?? 0;
      if (frames > 0) line += `M${WIDTH} ${(at * pitch + 0.5).toFixed(1)}h-${(2 + ((WIDTH - 2) * frames) / most).toFixed(1)}`;
    }
    if (line !== drawn) path.setAttribute("d", (drawn = line));
    names();
    if (here) put();
  }

  /** A month's name at its newest day, a year's where it begins, as far as there is room. */
  function names() {
    const found = [];
    let free = MONTH_PX;
    for (let at = 1; at < days; at += 1) {
      const day = dayAfter(newest, -at);
      if (day.slice(0, 7) === dayAfter(day, 1).slice(0, 7) || at * pitch < free) continue;
      const name = document.createElement("li");
      name.textContent = day.slice(5, 7) === "12" ? day.slice(0, 4) : shortMonth(day);
      name.style.insetBlockStart = `${at * pitch}px`;
      found.push(name);
      free = at * pitch + MONTH_PX;
    }
    months.replaceChildren(...found);
  }

  function put() {
    if (!here) return;
    const y = yOf(here);
    const day = calendar.day(here);
    mark.style.translate = `0 ${y.toFixed(1)}px`;
    label.textContent = shortDay(day);
    slider.setAttribute("aria-valuemin", "1");
    slider.setAttribute("aria-valuemax", String(days));
    slider.setAttribute("aria-valuenow", String(days - Math.min(days - 1, Math.max(0, dayNumber(newest) - dayNumber(day)))));
    slider.setAttribute("aria-valuetext", `${Number(day.slice(8))} ${month(day)}`);
  }

  /** @param {PointerEvent} event @param {boolean} isDone */
  function follow(event, isDone) {
    const y = event.clientY - slider.getBoundingClientRect().top;
    const moment = momentAt(Math.min(pitch * days - 0.01, Math.max(0, y)));
    here = moment;
    put();
    clearTimeout(resting);
    if (isDone) onScrub(moment, true);
    else resting = setTimeout(() => onScrub(moment, false), REST_MS);
  }

  /** @param {Date} moment */
  function yOf(moment) {
    const day = calendar.day(moment);
    const from = calendar.startOf(day).getTime();
    const part = (moment.getTime() - from) / (calendar.startOf(dayAfter(day, 1)).getTime() - from);
    return pitch * Math.min(days, Math.max(0, dayNumber(newest) - dayNumber(day) + 1 - part));
  }

  /** @param {number} y */
  function momentAt(y) {
    const down = y / pitch;
    const day = dayAfter(newest, -Math.floor(down));
    const end = endOf(day).getTime();
    return new Date(end - (down % 1) * (end - calendar.startOf(day).getTime()));
  }

  /** @param {string} day */
  function endOf(day) {
    return calendar.startOf(dayAfter(day, 1));
  }

  /** The next day that has frames, some steps on. @param {number} step */
  function nextDay(step) {
    const now = here ? dayNumber(newest) - dayNumber(calendar.day(here)) : 0;
    let at = Math.min(days - 1, Math.max(0, now + step));
    while (at > 0 && at < days - 1 && !counts.get(dayAfter(newest, -at))) at += Math.sign(step);
    return dayAfter(newest, -at);
  }
}
