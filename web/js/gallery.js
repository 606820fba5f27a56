// @ts-check
/** The catalogue itself: days as chapters, frames as rows. Draws what it is given and moves nothing else. */

import * as address from "./address.js";
import { no } from "./format.js";
import * as words from "./words.js";

/** @typedef {import("./api.js").Frame} Frame */
/** @typedef {import("./format.js").Calendar} Calendar */

const motion = matchMedia("(prefers-reduced-motion: no-preference)");

/**
 * @param {HTMLElement} element
 * @param {{ day: HTMLTemplateElement, frame: HTMLTemplateElement }} templates
 * @param {(id: number) => void} onOpen
 */
export function gallery(element, templates, onOpen) {
  /** @type {Map<number, { row: HTMLElement, frame: Frame }>} */ const rows = new Map();
  /** @type {Map<string, HTMLElement>} */ const days = new Map();
  /** @type {WeakMap<Frame, string>} */ const dayOfFrame = new WeakMap(); // asked of every frame at every draw

  element.replaceChildren(); // the frames the page came with are for those who read without JavaScript
  element.addEventListener("click", (event) => {
    const link = /** @type {HTMLElement} */ (event.target).closest("a");
    if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    onOpen(Number(link.dataset.id));
  });
  element.addEventListener("error", ({ target }) => target instanceof HTMLImageElement && (target.dataset.broken = ""), true);
  element.addEventListener("load", ({ target }) => target instanceof HTMLImageElement && delete target.dataset.broken, true);
  element.addEventListener("animationend", ({ target }) => target instanceof HTMLElement && delete target.dataset.arriving);

  return { draw, focus, mend };

  /**
   * Show exactly these frames. What stays is not touched, so nothing flickers, loses focus or loads twice.
   * @param {Frame[]} frames newest first
   * @param {Map<string, number>} counts frames of each day
   * @param {Calendar} calendar
   * @param {Set<number>} [arriving] those that may be seen coming in
   */
  function draw(frames, counts, calendar, arriving = new Set()) {
    for (const frame of frames) if (!dayOfFrame.has(frame)) dayOfFrame.set(frame, calendar.day(frame.taken_at));
    const byDay = groupBy(frames, (frame) => dayOfFrame.get(frame) ?? "");
    forget(rows, new Set(frames.map((frame) => frame.id)), ({ row }) => row.remove());
    forget(days, new Set(byDay.keys()), (day) => day.remove());

    const today = calendar.day(new Date());
    inOrder(element, [...byDay.keys()].map((day) => dayOf(day)));
    for (const [day, ofDay] of byDay) {
      const chapter = dayOf(day);
      chapter.querySelector("h2 time")?.replaceChildren(calendar.heading(day, today));
      const count = counts.get(day);
      chapter.querySelector(".count")?.replaceChildren(count === undefined ? "" : words.frames(count));
      inOrder(
        /** @type {HTMLElement} */ (chapter.querySelector("ol")),
        ofDay.map((frame) => rowOf(frame, calendar, arriving.has(frame.id))),
      );
    }
  }

  /** Put the focus on frame *id*, if it is here. @param {number} id @param {FocusOptions} [how] */
  function focus(id, how) {
    rows.get(id)?.row.querySelector("a")?.focus(how);
  }

  /** Ask again for the pictures that did not load. */
  function mend() {
    for (const image of element.querySelectorAll("img")) if ("broken" in image.dataset) image.src = image.src;
  }

  /** @param {string} day */
  function dayOf(day) {
    const known = days.get(day);
    if (known) return known;
    const chapter = copy(templates.day);
    const heading = /** @type {HTMLElement} */ (chapter.querySelector("h2"));
    heading.id = `day-${day}`;
    chapter.setAttribute("aria-labelledby", heading.id);
    chapter.querySelector("time")?.setAttribute("datetime", day);
    days.set(day, chapter);
    return chapter;
  }

  /** @param {Frame} frame @param {Calendar} calendar @param {boolean} isArriving */
  function rowOf(frame, calendar, isArriving) {
    const known = rows.get(frame.id);
    const row = known?.row ?? copy(templates.frame);
    if (!known && isArriving && motion.matches) row.dataset.arriving = "";
    if (known?.frame !== frame) write(row, frame, calendar);
    rows.set(frame.id, { row, frame });
    return row;
  }
}

/** @param {HTMLElement} row @param {Frame} frame @param {Calendar} calendar */
function write(row, frame, calendar) {
  /** @param {string} selector */
  const part = (selector) => /** @type {HTMLElement} */ (row.querySelector(selector));
  const time = calendar.time(frame.taken_at);

  const link = /** @type {HTMLAnchorElement} */ (part(".no"));
  link.textContent = no(frame.id);
  link.href = address.ofFrame(frame.id);
  link.dataset.id = String(frame.id);
  link.setAttribute("aria-label", `${no(frame.id)}, ${frame.camera}, ${time}`);

  part(".camera").textContent = frame.camera;
  part(".time").textContent = time;
  part(".time").setAttribute("datetime", frame.taken_at);
  const boot = frame.name.indexOf("-") + 1; // where a long name may break: before the boot
  part(".file").replaceChildren(frame.name.slice(0, boot), document.createElement("wbr"), frame.name.slice(boot));
  part(".size").textContent = words.bytes(frame.size_bytes);
  part(".verdict").textContent = frame.verdict === "whole" ? "" : frame.verdict;

  const picture = /** @type {HTMLImageElement} */ (part(".picture"));
  picture.width = 320;
  picture.height = Math.round(frame.width ? (320 * frame.height) / frame.width : 240);
  picture.alt = `${frame.camera}, ${calendar.date(frame.taken_at)}, ${time}`;
  if (picture.getAttribute("src") !== frame.thumbnail_url) picture.src = frame.thumbnail_url;
}

/** Make *children* the children of *parent*, moving only those out of place. @param {HTMLElement} parent @param {HTMLElement[]} children */
function inOrder(parent, children) {
  let here = parent.firstElementChild;
  for (const child of children) {
    if (child === here) here = here.nextElementSibling;
    else parent.insertBefore(child, here);
  }
}

/** @template K, V @param {Map<K, V>} map @param {Set<K>} keep @param {(value: V) => void} drop */
function forget(map, keep, drop) {
  for (const [key, value] of map) {
    if (keep.has(key)) continue;
    drop(value);
    map.delete(key);
  }
}

/** @template T @param {T[]} items @param {(item: T) => string} key @returns {Map<string, T[]>} */
function groupBy(items, key) {
  const groups = new Map();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group) group.push(item);
    else groups.set(key(item), [item]);
  }
  return groups;
}

/** @param {HTMLTemplateElement} template @returns {HTMLElement} */
const copy = (template) =>
  /** @type {HTMLElement} */ (/** @type {Element} */ (template.content.firstElementChild).cloneNode(true));
