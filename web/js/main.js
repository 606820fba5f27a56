// @ts-check
/** Connects the parts: the archive's answers and changes to what is known, and what is known to what is seen. */

import * as address from "./address.js";
import * as api from "./api.js";
import { Catalog } from "./catalog.js";
import { calendar as calendarOf, no } from "./format.js";
import { gallery as galleryIn } from "./gallery.js";
import { Live } from "./live.js";
import { masthead as mastheadIn } from "./masthead.js";
import { problem as problemIn } from "./problem.js";
import { status as statusIn } from "./status.js";
import { viewer as viewerIn } from "./viewer.js";
import * as words from "./words.js";

const TOP_PX = 8; // a reader this near to the top is at the top
const HIDDEN_MS = 60_000;
const RECOUNT_MS = 10_000;
const TODAY_MS = 30_000;

/** @template {HTMLElement} T @param {string} selector @returns {T} */
const find = (selector) => /** @type {T} */ (document.querySelector(selector));

const masthead = mastheadIn(find(".masthead"));
const status = statusIn(find("[role=status]"));
const problem = problemIn(find(".problem"));
const gallery = galleryIn(find(".days"), { day: find("#day"), frame: find("#frame") }, open);
const viewer = viewerIn(find(".viewer"), { onStep: step, onClose: closed, onAsk: askForShot });
const live = new Live({ onChange: changed, onHello: greeted, onReset: begin, onState: stated });
const fresh = /** @type {HTMLButtonElement} */ (find(".fresh button"));
const older = /** @type {HTMLAnchorElement} */ (find(".older a"));

let calendar = calendarOf("UTC");
let catalog = new Catalog((moment) => calendar.day(moment));
let title = document.title;
let isBegun = false;
let isBroken = false;
let drawing = 0;
/** Frames that may be seen coming in when the list is drawn next. @type {Set<number>} */ const arriving = new Set();
/** @type {Promise<void> | null} */ let olderOnItsWay = null;
/** @type {ReturnType<typeof setTimeout> | undefined} */ let hiding;
/** @type {ReturnType<typeof setTimeout> | undefined} */ let recounting;

// -- beginning

/** Fetch the list and go on from there: at the start, and whenever changes were missed for good. */
async function begin() {
  problem.clear();
  try {
    const [archive, page] = await Promise.all([api.archive(), api.frames(address.list())]);
    const days = await api.days(); // after the page: what it counts twice, `last_seq` tells
    title = archive.title;
    calendar = calendarOf(archive.timezone);
    viewer.mayAsk(archive.shots_from_page);
    catalog.fill(page);
    catalog.countDays(days);
  } catch (error) {
    problem.say(words.listFailed(error), begin);
    if (isBegun) live.retry();
    else masthead.state(words.state.unanswered);
    return;
  }
  masthead.title(title);
  draw();
  if (!isBegun) await followAddress();
  isBegun = true;
  live.start(catalog.lastSeq);
}

// -- seeing what is known

/** Once for all changes of this moment: a camera that comes back may bring a thousand frames at once. */
function drawSoon() {
  drawing ||= requestAnimationFrame(draw);
}

function draw() {
  cancelAnimationFrame(drawing);
  drawing = 0;
  const isOlder = address.list() !== "";
  masthead.today(calendar.date(new Date()), calendar.day(new Date()));
  masthead.total(words.frames(catalog.total));
  gallery.draw(catalog.frames, catalog.days, calendar, arriving);
  arriving.clear();
  find(".empty").hidden = catalog.frames.length > 0 || catalog.waitingCount > 0 || isOlder;
  find(".newest").hidden = !isOlder;
  find(".older").hidden = catalog.next === null;
  if (catalog.next !== null) older.href = address.ofList(catalog.next);
  fresh.hidden = catalog.waitingCount === 0;
  fresh.textContent = words.showNew(catalog.waitingCount);
  document.title = title;
  if (viewer.frame === null) return;
  document.title = `${no(viewer.frame)} · ${title}`;
  const { earlier, later } = catalog.beside(viewer.frame);
  const isLast = catalog.frames.at(-1)?.id === viewer.frame;
  viewer.ways({ earlier: Boolean(earlier) || (isLast && catalog.next !== null && catalog.hasRoom), later: Boolean(later) });
}

/** The list stays as it is while someone reads it. */
const isReading = () =>
  catalog.frames.length > 0 &&
  (window.scrollY > TOP_PX || viewer.frame !== null || catalog.waitingCount > 0 || address.list() !== "");

// -- what happens in the archive

/** @param {api.Change} change */
function changed(change) {
  catalog.hear(change, { hold: isReading() });
  drawSoon();

  if (change.type === "frame") {
    arriving.add(change.data.id);
    status.frameArrived();
    viewer.asked(change.data.camera, ""); // it has been in contact
  }
  if (change.data?.id === viewer.frame && viewer.frame !== null) {
    if (change.type === "frame-changed") viewer.show(change.data, calendar);
    if (change.type === "frame-deleted") viewer.note(words.deleted);
  }
  if (catalog.countsAreStale) recounting ??= setTimeout(recount, RECOUNT_MS);
}

/** @param {{ total: number, last_seq: number }} hello */
function greeted({ total, last_seq }) {
  catalog.countFrames(total, last_seq);
  draw();
  gallery.mend();
}

/** @param {import("./live.js").LiveState} state */
function stated(state) {
  masthead.state(words.state[state]);
  if (isBroken !== (state === "reconnecting")) status.say(words.state[state]);
  isBroken = state === "reconnecting";
}

async function recount() {
  recounting = undefined;
  catalog.countsAreStale = false;
  try {
    const [archive, days] = await Promise.all([api.archive(), api.days()]);
    catalog.countFrames(archive.total, archive.last_seq);
    catalog.countDays(days);
    draw();
  } catch {
    // The counts stay as they were until a later change asks again; the status line tells of the connection.
  }
}

// -- what the reader does

fresh.addEventListener("click", () => {
  if (address.list() !== "") return location.assign("/");
  for (const frame of catalog.show()) arriving.add(frame.id);
  draw();
  window.scrollTo(0, 0);
  const first = catalog.frames[0];
  if (first) gallery.focus(first.id, { preventScroll: true });
});

older.addEventListener("click", (event) => {
  if (event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  if (!catalog.hasRoom) return; // a full list does not grow: the link leads to a page of its own
  event.preventDefault();
  fetchOlder();
});

/** Append the next older page. */
function fetchOlder() {
  olderOnItsWay ??= append().finally(() => (olderOnItsWay = null));
  return olderOnItsWay;
}

async function append() {
  const next = catalog.next;
  if (next === null) return;
  problem.clear();
  try {
    const page = await api.frames(new URL(next, location.origin).search);
    if (catalog.next === next) catalog.append(page);
  } catch (error) {
    problem.say(words.listFailed(error), fetchOlder);
  }
  draw();
}

// -- the viewer, which is in the address

/** @param {number} id */
function open(id) {
  history.pushState({ over: "list" }, "", address.ofFrame(id));
  followAddress();
}

/** @param {"earlier" | "later"} direction */
async function step(direction) {
  const from = viewer.frame;
  if (from === null) return;
  if (direction === "earlier" && !catalog.beside(from).earlier) await fetchOlder();
  const to = catalog.beside(from)[direction];
  if (!to || viewer.frame !== from) return;
  history.replaceState(history.state, "", address.ofFrame(to.id));
  followAddress();
}

/** @param {string} camera */
async function askForShot(camera) {
  try {
    const { is_new } = await api.shot(camera);
    viewer.asked(camera, words.shotAsked(camera, is_new));
  } catch (error) {
    viewer.asked(camera, words.shotFailed(camera, error));
  }
}

/** @param {number} id the frame that was open */
function closed(id) {
  if (address.frame() !== null) {
    if (history.state?.over === "list") history.back();
    else history.replaceState(null, "", address.ofFrame(null));
  }
  draw();
  gallery.focus(id);
}

/** Open or close the viewer, as the address says. */
async function followAddress() {
  const id = address.frame();
  if (id === null) return viewer.frame !== null && viewer.close();
  if (id === viewer.frame) return;
  try {
    const frame = catalog.find(id) ?? (await api.frame(id));
    if (address.frame() !== id) return; // the reader has gone on meanwhile
    viewer.show(frame, calendar);
    draw();
  } catch (error) {
    history.replaceState(null, "", address.ofFrame(null));
    problem.say(words.frameFailed(no(id), error));
  }
}

window.addEventListener("popstate", followAddress);

// -- what happens to the page

document.addEventListener("visibilitychange", () => {
  clearTimeout(hiding);
  // A hidden page's stream takes one of the six connections the browser has for this archive.
  if (document.hidden) hiding = setTimeout(() => live.pause(), HIDDEN_MS);
  else if (isBegun) live.resume();
});
window.addEventListener("pagehide", () => live.pause());
window.addEventListener("pageshow", (event) => event.persisted && isBegun && live.resume());
window.addEventListener("offline", () => isBegun && live.retry());
window.addEventListener("online", () => isBegun && live.resume());
setInterval(() => isBegun && drawSoon(), TODAY_MS); // midnight comes without an event

find(".curl").textContent = words.curl(location.origin);
masthead.state(words.state.connecting);
begin();
