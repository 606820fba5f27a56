// @ts-check
/** A year on one sheet, each day as dark as it is full, and one month of it large enough to choose a day from. */

import { count, month, shortMonth } from "./format.js";
import { dayAfter } from "./timeline.js";
import * as words from "./words.js";

const TINTS = 5;
const CELL = 10; // of a month's small sheet; the square in it is one less

/**
 * @param {HTMLElement} element a popover
 * @param {(day: string) => void} onChoose
 */
export function almanac(element, onChoose) {
  /** @template {HTMLElement} T @param {string} selector @returns {T} */
  const part = (selector) => /** @type {T} */ (element.querySelector(selector));
  const [earlier, later] = /** @type {HTMLButtonElement[]} */ ([part(".earlier"), part(".later")]);
  const months = part(".months");
  const days = part(".days-of-month");
  /** @type {Map<string, number>} */ let counts = new Map();
  let most = 1;
  let today = "";
  let shown = ""; // “2026-11”

  earlier.addEventListener("click", () => turn(`${Number(shown.slice(0, 4)) - 1}-12`));
  later.addEventListener("click", () => turn(`${Number(shown.slice(0, 4)) + 1}-01`));
  months.addEventListener("click", ({ target }) => {
    const chosen = /** @type {HTMLElement} */ (target).closest("button")?.value;
    if (!chosen) return;
    turn(chosen);
    months.querySelector("[aria-pressed=true]")?.scrollIntoView({ block: "nearest" });
  });
  days.addEventListener("click", ({ target }) => {
    const chosen = /** @type {HTMLElement} */ (target).closest("button")?.value;
    if (!chosen) return;
    element.hidePopover();
    onChoose(chosen);
  });
  days.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 7, ArrowUp: -7 }[event.key];
    const from = /** @type {HTMLButtonElement} */ (event.target).value;
    if (step === undefined || !from) return;
    event.preventDefault();
    const to = dayAfter(from, step);
    if (to.slice(0, 7) !== shown) turn(to.slice(0, 7));
    /** @type {HTMLElement | null} */ (days.querySelector(`[value="${to}"]`))?.focus();
  });

  return {
    /** @param {Map<string, number>} to frames of each day @param {string} now @param {string} at the day the reader is at */
    draw(to, now, at) {
      counts = to;
      most = Math.max(1, ...counts.values());
      today = now;
      turn((at || now).slice(0, 7));
    },
  };

  /** @param {string} to a month */
  function turn(to) {
    shown = to;
    const year = to.slice(0, 4);
    const known = [...counts.keys()].sort();
    part(".year").textContent = year;
    earlier.disabled = !known[0] || known[0].slice(0, 4) >= year;
    later.disabled = today.slice(0, 4) <= year && (known.at(-1) ?? "").slice(0, 4) <= year;
    const hadFocus = months.contains(document.activeElement);
    months.replaceChildren(...Array.from({ length: 12 }, (_, at) => monthOf(`${year}-${String(at + 1).padStart(2, "0")}`)));
    if (hadFocus) /** @type {HTMLElement | null} */ (months.querySelector("[aria-pressed=true]"))?.focus();
    part(".month").textContent = month(shown);
    days.replaceChildren(...daysOf(shown).map(dayButton));
  }

  /** A month's small sheet: its days as squares. @param {string} of */
  function monthOf(of) {
    const button = document.createElement("button");
    button.type = "button";
    button.value = of;
    button.setAttribute("aria-pressed", String(of === shown));
    let sum = 0;
    const squares = Array.from({ length: TINTS + 1 }, () => "");
    for (const day of daysOf(of)) {
      const frames = counts.get(day) ?? 0;
      sum += frames;
      const cell = weekday(`${of}-01`) + Number(day.slice(8)) - 1;
      squares[tint(frames)] += `M${(cell % 7) * CELL} ${Math.floor(cell / 7) * CELL}h${CELL - 1}v${CELL - 1}h${1 - CELL}z`;
    }
    button.setAttribute("aria-label", `${month(of)}, ${words.frames(sum)}`);
    const name = document.createElement("span");
    name.textContent = shortMonth(of);
    button.append(name, drawing(squares));
    return button;
  }

  /** @param {string} day */
  function dayButton(day) {
    const frames = counts.get(day) ?? 0;
    const button = document.createElement("button");
    button.type = "button";
    button.value = day;
    button.textContent = String(Number(day.slice(8)));
    button.dataset.tint = String(tint(frames));
    button.setAttribute("aria-label", `${Number(day.slice(8))} ${month(day)}, ${words.frames(frames)}`);
    button.title = `${count(frames)}`;
    button.setAttribute("aria-disabled", String(frames === 0));
    if (day === today) button.setAttribute("aria-current", "date");
    if (day.endsWith("-01")) button.style.gridColumnStart = String(weekday(day) + 1);
    return button;
  }

  /** 0 for none, then ever darker. @param {number} frames */
  function tint(frames) {
    return frames > 0 ? Math.max(1, Math.ceil((TINTS * frames) / most)) : 0;
  }
}

const SVG = "http://www.w3.org/2000/svg";

/** @param {string[]} squares a path for each tint */
function drawing(squares) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${7 * CELL - 1} ${6 * CELL - 1}`);
  svg.setAttribute("aria-hidden", "true");
  squares.forEach((line, tint) => {
    if (!line) return;
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", line);
    path.dataset.tint = String(tint);
    svg.append(path);
  });
  return svg;
}

/** Monday is 0. @param {string} day */
const weekday = (day) => (new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7;

/** @param {string} of a month */
function daysOf(of) {
  const days = [];
  for (let day = `${of}-01`; day.startsWith(of); day = dayAfter(day, 1)) days.push(day);
  return days;
}
