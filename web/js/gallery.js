// @ts-check
/**
 * The catalogue itself: days as chapters, frames as rows. However many frames there are, only the rows in sight are in
 * the document; above and below them is empty paper of the right length. Moves nothing that the reader looks at.
 */

import * as address from "./address.js";
import { no } from "./format.js";
import { Layout } from "./layout.js";
import * as words from "./words.js";

/** @typedef {import("./api.js").Frame} Frame */
/** @typedef {import("./format.js").Calendar} Calendar */
/**
 * @typedef {object} Sight What there is to see.
 * @property {Frame[]} frames a stretch without holes, newest first
 * @property {Calendar} calendar
 * @property {boolean} hasNewer something newer is not in `frames`
 * @property {boolean} hasOlder
 * @property {Map<string, number> | null} [counts] frames of each day, where they are those of this list
 * @property {Map<string, number[]>} [quarters] frames of each quarter of an hour of a day
 * @property {Set<number>} [struck] those that are gone
 * @property {Set<number>} [arriving] those that may be seen coming in
 */
/**
 * @typedef {object} Place Where the reader is.
 * @property {Frame | null} frame the first that is seen whole
 * @property {number} above_px how much of the stretch is above what is seen; negative when the reader is above it
 * @property {number} below_px and below
 * @property {number} over how far into the paper above the stretch the reader is, 1 at its end, 0 at the stretch
 * @property {number} under and below
 * @property {string[]} days those in sight
 */
/** @typedef {{ onOpen: (id: number) => void, onMove: (place: Place) => void, onRest: (place: Place) => void }} Listener */

const OVERSCAN_PX = 200; // drawn beyond what is seen
const RESERVE_PX = 20_000; // the least paper above, where more frames will come to stand
const PAPER_MAX_PX = 8_000_000; // browsers hold no longer a page than some 17 million pixels
const FLYING = 0.6; // of a screen, moved between two drawings: too fast to look at pictures
const REST_MS = 120;

const motion = matchMedia("(prefers-reduced-motion: no-preference)");
/** @type {WeakMap<Frame, string>} */ const dayOfFrame = new WeakMap(); // asked of every frame at every draw

/** @param {HTMLElement} element @param {{ day: HTMLTemplateElement, frame: HTMLTemplateElement }} templates */
export function gallery(element, templates) {
  /** @type {Listener | undefined} */ let listener;
  /** @type {Map<string, { section: HTMLElement, list: HTMLElement, rows: Map<number, Row> }>} */ const chapters = new Map();
  /** @type {Sight} */ let sight;
  /** @type {import("./layout.js").Measures} */ let measures = { head_px: 0, row_px: 1, columns: 1 };
  /** @type {Layout} */ let layout;
  let origin = 0; // of the list, on the page
  let top = 0; // of the stretch, in the list
  let bottom = 0; // the paper after it
  let isPaperNew = false; // and is laid when the reader rests: it would end a scroll on its way
  let stuck = 0; // of the screen, where a day's head stays
  let above_px = 0; // what the paper above and below stands for
  let below_px = 0;
  let density = "list";
  let lastY = 0;
  let painting = 0;
  let awaited = 0; // the frame whose row had the focus when it went out of sight
  /** @type {ReturnType<typeof setTimeout> | undefined} */ let resting;

  element.addEventListener("click", (event) => {
    const link = /** @type {HTMLElement} */ (event.target).closest("a");
    if (!link || !listener || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    listener.onOpen(Number(link.dataset.id));
  });
  element.addEventListener("error", ({ target }) => target instanceof HTMLImageElement && (target.dataset.broken = ""), true);
  element.addEventListener("load", ({ target }) => target instanceof HTMLImageElement && delete target.dataset.broken, true);
  element.addEventListener("animationend", ({ target }) => target instanceof HTMLElement && delete target.dataset.arriving);
  element.addEventListener("focusin", () => sight && paint());
  window.addEventListener("scroll", () => (painting ||= requestAnimationFrame(paint)), { passive: true });
  new ResizeObserver(remeasure).observe(document.body);
  window.addEventListener("resize", remeasure);

  return {
    /** @param {Listener} to */
    listen: (to) => void (listener = to),
    draw,
    paper,
    goTo,
    focus,
    mend,
    set density(/** @type {string} */ to) {
      density = element.dataset.density = to;
      remeasure();
    },
    get density() {
      return density;
    },
    get measures() {
      return measures;
    },
    /** @returns {Place | null} */
    get place() {
      return sight ? placeAt(window.scrollY) : null;
    },
  };

  /**
   * Show this. What stays is not touched, so nothing flickers, loses focus or loads twice; and it stays where it is.
   * @param {Sight} next
   * @param {"held" | "top" | "start" | "end"} [how] keep in place what is seen; or the top; or show one end of the stretch
   */
  function draw(next, how = "held") {
    const anchor = how === "held" && sight?.frames.length ? anchorNow() : null;
    if (!sight) begin();
    sight = next;
    settle(anchor, how === "start" || how === "end" ? how : undefined);
  }

  /** What lies above and below the stretch, in pixels. @param {number} above @param {number} below @param {boolean} isNew of a list that has just begun */
  function paper(above, below, isNew) {
    above_px = above;
    below_px = below;
    isPaperNew ||= isNew;
    if (sight) settle(anchorNow());
  }

  /** Let the row of frame *id* be the first that is seen. @param {number} id */
  function goTo(id) {
    const at = sight.frames.findIndex((frame) => frame.id === id);
    if (at < 0) return;
    // The day's head goes over what is above a row; a day's first frame is seen with the head before it.
    window.scrollTo(0, Math.max(0, origin + top + layout.topOf(at) - measures.head_px - stuck));
    paint();
  }

  /** Put the focus on frame *id*, if it is here. @param {number} id @param {FocusOptions} [how] */
  function focus(id, how) {
    if (!rowOf(id)) {
      const at = sight.frames.findIndex((frame) => frame.id === id);
      if (at < 0) return;
      window.scrollTo(0, origin + top + layout.topOf(at) - window.innerHeight / 2);
      paint();
    }
    rowOf(id)?.element.querySelector("a")?.focus(how);
  }

  /** Ask again for the pictures that did not load. */
  function mend() {
    for (const image of element.querySelectorAll("img")) if ("broken" in image.dataset) image.src = image.src;
  }

  // -- where things stand

  function begin() {
    const { activeElement } = document;
    if (activeElement instanceof HTMLElement && element.contains(activeElement)) awaited = Number(activeElement.dataset.id);
    element.replaceChildren(); // what the page came with: for the first moment, and for those who read without JavaScript
    element.dataset.drawn = "";
    measure();
  }

  /** How high a head and a row are, and how many stand in one, as the style sheet has it now. */
  function measure() {
    const section = copy(templates.day);
    const list = /** @type {HTMLElement} */ (section.querySelector("ol"));
    const row = copy(templates.frame);
    list.append(row);
    section.dataset.measured = "";
    element.append(section);
    const style = getComputedStyle(list);
    const sectionBox = section.getBoundingClientRect();
    const rowBox = row.getBoundingClientRect();
    measures = {
      head_px: rowBox.top - sectionBox.top,
      row_px: rowBox.height + (parseFloat(style.rowGap) || 0),
      columns: style.gridTemplateColumns.split(" ").length,
    };
    stuck = parseFloat(getComputedStyle(/** @type {Element} */ (section.firstElementChild)).top) || 0;
    origin = element.getBoundingClientRect().top + window.scrollY;
    element.style.setProperty("--row", `${measures.row_px}px`);
    section.remove();
  }

  function remeasure() {
    if (!sight) return;
    const anchor = anchorNow();
    const before = measures;
    const originBefore = origin;
    measure();
    const isSame = before.head_px === measures.head_px && before.row_px === measures.row_px && before.columns === measures.columns;
    if (isSame && origin === originBefore && chapters.size) return void (painting ||= requestAnimationFrame(paint));
    for (const { section } of chapters.values()) section.remove();
    chapters.clear();
    settle(anchor);
  }

  /** Where the first frame that is seen whole stands on the screen; at the very top and on bare paper, nothing is held. */
  function anchorNow() {
    const y = window.scrollY - origin - top;
    if (y + window.innerHeight < 0 || y > layout.height) return null;
    const at = firstWhole(y);
    if (at < 0 || (window.scrollY <= 0 && !sight.hasNewer)) return null;
    return { id: sight.frames[at].id, at, down: origin + top + layout.topOf(at) - window.scrollY };
  }

  /**
   * Lay out anew, with the anchor where it was on the screen.
   * @param {ReturnType<typeof anchorNow>} anchor
   * @param {"start" | "end" | "paper"} [how] show an end of the stretch instead; or reckon the paper above it anew
   */
  function settle(anchor, how) {
    layout = new Layout(sight.frames, dayOf, measures);
    const scrollY = window.scrollY;
    const found = anchor ? sight.frames.findIndex(({ id }) => id === anchor.id) : -1;
    const at = found >= 0 ? found : Math.min(anchor?.at ?? 0, sight.frames.length - 1);
    // Where the stretch would have to begin for the anchor to stay without scrolling.
    const held = anchor && at >= 0 ? scrollY + anchor.down - origin - layout.topOf(at) : top;
    const isLost = how !== undefined || held < RESERVE_PX / 4 || held > PAPER_MAX_PX;
    const wanted = !sight.hasNewer ? 0 : isLost ? Math.min(PAPER_MAX_PX / 2, Math.max(RESERVE_PX, above_px)) : held;
    top = wanted && held + Math.round(wanted - held); // by whole pixels, or the screen would round and the rows shift
    bottom = sight.hasOlder ? Math.min(PAPER_MAX_PX, below_px) : 0;
    element.style.blockSize = `${top + layout.height + bottom}px`;
    if (how === "start") window.scrollTo(0, sight.hasNewer ? origin + top - stuck : 0);
    else if (how === "end") window.scrollTo(0, origin + top + layout.height - window.innerHeight);
    else if (anchor && Math.abs(top - held) > 0.01) window.scrollTo(0, scrollY + top - held);
    lastY = window.scrollY;
    paint();
  }

  /** The first frame that no day's head covers, when *y* of the stretch is the top of the screen. @param {number} y */
  function firstWhole(y) {
    return layout.indexAt(y + stuck + measures.head_px + measures.row_px - 2); // a pixel may be lost in rounding
  }

  /** @param {number} scrollY @returns {Place} */
  function placeAt(scrollY) {
    const y = scrollY - origin - top;
    const seen = window.innerHeight;
    const at = firstWhole(y);
    return {
      frame: sight.frames[at] ?? null,
      above_px: y,
      below_px: layout.height - y - seen,
      over: sight.hasNewer && y + seen < 0 ? Math.min(1, -y / top) : 0,
      under: sight.hasOlder && y > layout.height ? Math.min(1, (y - layout.height) / Math.max(1, bottom - seen)) : 0,
      days: layout.between(y, y + seen).map(({ day }) => day),
    };
  }

  // -- what is in sight

  function paint() {
    cancelAnimationFrame(painting);
    painting = 0;
    const scrollY = window.scrollY;
    const focused = focusedAt(scrollY); // the next row must be there before the next Tab
    const from = Math.min(scrollY - origin - top - OVERSCAN_PX, focused - measures.row_px);
    const to = Math.max(scrollY - origin - top + window.innerHeight + OVERSCAN_PX, focused + 2 * measures.row_px);
    const isFlying = Math.abs(scrollY - lastY) > window.innerHeight * FLYING;
    lastY = scrollY;

    const inSight = layout.between(from, to);
    const days = new Set(inSight.map(({ day }) => day));
    for (const [day, { section, rows }] of chapters) {
      if (days.has(day)) continue;
      for (const [id, row] of rows) drop(id, row);
      section.remove();
      chapters.delete(day);
    }
    let here = element.firstElementChild;
    for (const chapter of inSight) {
      const { section } = chapterOf(chapter.day);
      if (section === here) here = section.nextElementSibling;
      else element.insertBefore(section, here);
      paintChapter(chapter, from, to, isFlying);
    }
    if (!listener) return;
    listener.onMove(placeAt(scrollY)); // asking where it is now would lay everything out once more
    clearTimeout(resting);
    resting = setTimeout(rest, REST_MS);
  }

  /** Where the row that has the focus stands; the top of the screen when it is not near. @param {number} scrollY */
  function focusedAt(scrollY) {
    const y = scrollY - origin - top;
    const { activeElement } = document;
    if (!(activeElement instanceof HTMLElement) || !element.contains(activeElement)) return y;
    const at = sight.frames.findIndex(({ id }) => id === Number(activeElement.dataset.id));
    const focused = at < 0 ? y : layout.topOf(at);
    return Math.abs(focused - y) < 2 * window.innerHeight ? focused : y;
  }

  function rest() {
    if (isPaperNew) settle(anchorNow(), "paper");
    isPaperNew = false;
    clearTimeout(resting);
    for (const { rows } of chapters.values()) for (const row of rows.values()) load(row);
    listener?.onRest(placeAt(window.scrollY));
  }

  /** @param {import("./layout.js").Chapter} chapter @param {number} from @param {number} to @param {boolean} isFlying */
  function paintChapter(chapter, from, to, isFlying) {
    const { day, first, count } = chapter;
    const { section, list, rows } = chapterOf(day);
    const { columns, row_px } = measures;
    section.style.insetBlockStart = `${top + chapter.top}px`;
    section.style.blockSize = `${chapter.height}px`;
    head(section, day);

    const seen = layout.rows(chapter, from, to);
    const frames = sight.frames.slice(first + seen.first * columns, first + Math.min(seen.end * columns, count));
    list.style.setProperty("--skipped", `${seen.first * row_px}px`);
    const ids = new Set(frames.map(({ id }) => id));
    for (const [id, row] of rows) {
      if (ids.has(id)) continue;
      drop(id, row);
      rows.delete(id);
    }
    let here = list.firstElementChild;
    for (const frame of frames) {
      const row = rows.get(frame.id) ?? newRow(frame);
      rows.set(frame.id, row);
      const isStruck = sight.struck?.has(frame.id) ?? false;
      if (row.frame !== frame || row.isStruck !== isStruck) write(row, frame, isStruck);
      if (!isFlying) load(row);
      if (row.element === here) here = row.element.nextElementSibling;
      else list.insertBefore(row.element, here);
      if (awaited === frame.id) {
        awaited = 0;
        if (document.activeElement === document.body) row.element.querySelector("a")?.focus({ preventScroll: true });
      }
    }
  }

  /** @param {string} day */
  function chapterOf(day) {
    const known = chapters.get(day);
    if (known) return known;
    const section = copy(templates.day);
    const heading = /** @type {HTMLElement} */ (section.querySelector("h2"));
    heading.id = `day-${day}`;
    section.setAttribute("aria-labelledby", heading.id);
    section.querySelector("time")?.setAttribute("datetime", day);
    const chapter = { section, list: /** @type {HTMLElement} */ (section.querySelector("ol")), rows: new Map() };
    chapters.set(day, chapter);
    return chapter;
  }

  /** @param {HTMLElement} section @param {string} day */
  function head(section, day) {
    const count = sight.counts?.get(day);
    put(section.querySelector("h2 time"), sight.calendar.heading(day, sight.calendar.day(new Date())));
    put(section.querySelector(".count"), count === undefined ? "" : words.frames(count));
    const quarters = sight.quarters?.get(day);
    const line = quarters ? strokes(quarters) : "";
    const path = section.querySelector("path");
    if (!path || path.getAttribute("d") === line) return;
    path.setAttribute("d", line);
    const figure = /** @type {HTMLElement} */ (section.querySelector("figure"));
    if (quarters) figure.setAttribute("aria-label", words.activity(quarters));
    figure.toggleAttribute("data-known", Boolean(quarters));
  }

  // -- one row

  /** @typedef {{ element: HTMLElement, frame: Frame | null, isStruck: boolean, picture: HTMLImageElement }} Row */

  /** @param {Frame} frame @returns {Row} */
  function newRow(frame) {
    const row = copy(templates.frame);
    if (density === "sheet") row.querySelector(".said")?.remove(); // as few elements as possible: there are many rows
    if (sight.arriving?.has(frame.id) && motion.matches) row.dataset.arriving = "";
    return { element: row, frame: null, isStruck: false, picture: /** @type {HTMLImageElement} */ (row.querySelector("img")) };
  }

  /** @param {Row} row @param {Frame} frame @param {boolean} isStruck */
  function write(row, frame, isStruck) {
    row.frame = frame;
    row.isStruck = isStruck;
    /** @param {string} selector */
    const part = (selector) => row.element.querySelector(selector);
    const time = sight.calendar.time(frame.taken_at);

    const link = /** @type {HTMLAnchorElement} */ (part(".no"));
    link.textContent = no(frame.id);
    link.href = address.ofFrame(frame.id);
    link.dataset.id = String(frame.id);
    link.setAttribute("aria-label", `${no(frame.id)}, ${frame.camera}, ${time}`);

    put(part(".camera"), frame.camera);
    put(part(".time"), time);
    part(".time")?.setAttribute("datetime", frame.taken_at);
    const boot = frame.name.indexOf("-") + 1; // where a long name may break: before the boot
    part(".file")?.replaceChildren(frame.name.slice(0, boot), document.createElement("wbr"), frame.name.slice(boot));
    put(part(".size"), words.bytes(frame.size_bytes));
    const said = isStruck ? words.struck : frame.verdict === "whole" ? "" : frame.verdict;
    if (said && !part(".verdict")) link.after(templates.frame.content.querySelector(".verdict")?.cloneNode() ?? "");
    put(part(".verdict"), said);

    const { picture } = row;
    picture.alt = `${frame.camera}, ${sight.calendar.date(frame.taken_at)}, ${time}`;
    picture.style.setProperty("--ratio", String(frame.width && frame.height ? frame.width / frame.height : 4 / 3));
    picture.style.backgroundColor = /^#[0-9a-f]{6}$/i.test(frame.colour ?? "") ? String(frame.colour) : "";
  }

  /** Ask for its picture. @param {Row} row */
  function load({ picture, frame }) {
    if (frame && picture.getAttribute("src") !== frame.thumbnail_url) picture.src = frame.thumbnail_url;
  }

  /** @param {number} id @param {Row} row */
  function drop(id, { element: row, picture }) {
    if (row.contains(document.activeElement)) awaited = id;
    if (!picture.complete) picture.removeAttribute("src"); // stop a download nobody waits for
    row.remove();
  }

  /** @param {number} id */
  function rowOf(id) {
    for (const { rows } of chapters.values()) if (rows.has(id)) return rows.get(id);
    return undefined;
  }

  /** @param {Frame} frame */
  function dayOf(frame) {
    let day = dayOfFrame.get(frame);
    if (day === undefined) dayOfFrame.set(frame, (day = sight.calendar.day(frame.taken_at)));
    return day;
  }
}

/** A day's activity: one stroke for each quarter of an hour that has frames. @param {number[]} quarters */
function strokes(quarters) {
  const most = Math.max(1, ...quarters);
  return quarters.map((n, at) => (n ? `M${at + 0.5} 32v-${(3 + (25 * n) / most).toFixed(1)}` : "")).join("");
}

/** @param {Element | null} element @param {string} text */
function put(element, text) {
  if (element && element.textContent !== text) element.textContent = text;
}

/** @param {HTMLTemplateElement} template @returns {HTMLElement} */
const copy = (template) =>
  /** @type {HTMLElement} */ (/** @type {Element} */ (template.content.firstElementChild).cloneNode(true));
