// @ts-check
/** Connects the parts: the archive's answers and changes to what is known, that to what is seen, and both to the reader. */

import * as address from "./address.js";
import { almanac as almanacIn } from "./almanac.js";
import * as api from "./api.js";
import { Catalog } from "./catalog.js";
import { Choice } from "./choice.js";
import { filters as filtersIn } from "./filters.js";
import { calendar as calendarOf, no } from "./format.js";
import { masthead as mastheadIn } from "./masthead.js";
import { problem as problemIn } from "./problem.js";
import { scrubber as scrubberIn } from "./scrubber.js";
import { status as statusIn } from "./status.js";
import { Tabs } from "./tabs.js";
import { Timeline, dayAfter } from "./timeline.js";
import { viewing as viewingIn } from "./viewing.js";
import { visit as visitOf } from "./visit.js";
import * as words from "./words.js";

/** @typedef {ReturnType<typeof import("./gallery.js").gallery>} Gallery */
/** @typedef {import("./gallery.js").Place} Place */

const TOP_PX = 8; // a reader this near to the top is at the top
const NEAR_PX = 3000; // to an end of the stretch: time to fetch what follows
const HIDDEN_MS = 60_000;
const RECOUNT_MS = 10_000;
const TODAY_MS = 30_000;
const DAYS_KEPT = 60; // with their quarters

/** @template {HTMLElement} T @param {string} selector @returns {T} */
const find = (selector) => /** @type {T} */ (document.querySelector(selector));

/** @param {{ gallery: Gallery, seen: { page: api.Page } | { error: unknown }, remember: (density: string) => void }} given */
export function reader({ gallery, seen, remember }) {
  const masthead = mastheadIn(find(".masthead"));
  const status = statusIn(find("[role=status]"));
  const problem = problemIn(find(".problem"));
  const visit = visitOf();
  const viewing = viewingIn(find("#viewer"), {
    catalog: () => catalog,
    calendar: () => calendar,
    fetchMore,
    draw: () => draw(),
    focus: gallery.focus,
    problem,
    seesAllOf: (day) => visit.seesAllOf(day, calendar.startOf(day), calendar.startOf(dayAfter(day, 1))),
  });
  const live = new Tabs({ onChange: changed, onHello: greeted, onReset: () => begin(), onState: stated, onJoining: visit.joining, onBeat: visit.beat });
  const scrubber = scrubberIn(find(".scrubber"), (moment, isDone) => jump(moment, isDone));
  const almanac = almanacIn(find("#almanac"), (day) => jump(calendar.startOf(dayAfter(day, 1)), true));
  const filters = filtersIn(find(".tools"), {
    onChoose: choose,
    onDensity: setDensity,
    onPause: togglePause,
    onAlmanac: () => almanac.draw(catalog.days, today(), dayOf(gallery.place?.frame)),
    camerasWanted: async () => (await api.cameras()).cameras.map(({ id }) => id).sort(),
  });
  const fresh = /** @type {HTMLButtonElement} */ (find(".fresh button"));

  let calendar = calendarOf("UTC");
  let choice = new Choice(address.choice());
  let catalog = catalogOf(choice);
  let title = document.title;
  let isBegun = false;
  let isBroken = false;
  let isPaused = false;
  let drawing = 0;
  let turn = 0; // of lists: what an earlier one asked for comes too late
  /** The list that the address says, as it is shown. */ let shown = address.list();
  /** Frames that may be seen coming in when the list is drawn next. @type {Set<number>} */ const arriving = new Set();
  /** Which ends of the stretch are being fetched. @type {Map<"newer" | "older", Promise<void>>} */ const onTheirWay = new Map();
  /** @type {Map<string, number[]>} */ const quarters = new Map();
  /** @type {Set<string>} */ const quartersAsked = new Set();
  /** @type {ReturnType<typeof setTimeout> | undefined} */ let hiding;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ let recounting;

  gallery.listen({ onOpen: viewing.open, onMove: moved, onRest: rested });
  fresh.addEventListener("click", showNew);
  find(".none a").addEventListener("click", (event) => (event.preventDefault(), showAll()));
  find(".all").addEventListener("click", (event) => (event.preventDefault(), showAll()));
  window.addEventListener("popstate", followAddress);
  document.addEventListener("visibilitychange", minded);
  window.addEventListener("pagehide", () => live.pause());
  window.addEventListener("pageshow", (event) => event.persisted && isBegun && !isPaused && live.resume());
  window.addEventListener("offline", () => isBegun && live.retry());
  window.addEventListener("online", () => isBegun && !isPaused && live.resume());
  setInterval(() => isBegun && drawSoon(), TODAY_MS); // midnight comes without an event

  find(".curl").textContent = words.curl(location.origin);
  masthead.state(words.state.connecting);
  filters.density(gallery.density);
  filters.draw(choice);
  if ("error" in seen) failed(seen.error);
  else begin(seen.page);

  // -- beginning

  /** Fetch what is missing and go on from there: at first, after a failure, and whenever changes were missed for good.
   * @param {api.Page} [seen] the list's first page, if it is here already */
  async function begin(seen) {
    problem.clear();
    const mine = ++turn;
    try {
      const [archive, page] = await Promise.all([api.archive(), seen ?? api.firstFrames(address.list())]);
      if (mine === turn) start(archive, page);
    } catch (error) {
      if (mine === turn) failed(error);
    }
  }

  /** @param {unknown} error */
  function failed(error) {
    problem.say(words.listFailed(error), () => begin());
    if (isBegun) live.retry();
    else masthead.state(words.state.unanswered);
  }

  /** @param {api.Archive} archive @param {api.Page} page */
  function start(archive, page) {
    title = archive.title;
    calendar = calendarOf(archive.timezone);
    catalog = catalogOf(choice);
    catalog.countFrames(archive.total, archive.last_seq);
    catalog.fill(page, address.choice(), address.place());
    catalog.lastSeq = page.last_seq;
    shown = address.list();
    visit.greet(calendar);
    masthead.title(title);
    draw(isBegun ? "start" : "held");
    countDays();
    if (!isBegun) followAddress();
    isBegun = true;
    if (!isPaused) live.start(catalog.lastSeq);
    minded();
  }

  /** @param {Choice} choice */
  function catalogOf(choice) {
    return new Catalog(
      (moment) => calendar.day(moment),
      (frame) => choice.shows(frame, calendar),
      (frame) => choice.counts(frame),
    );
  }

  /** Show the list that the address says now. @param {"push" | "replace" | "keep"} how @param {string} [to] @param {boolean} [isEnd] its oldest */
  async function turnTo(how, to, isEnd = false) {
    if (how === "push") history.pushState(null, "", to);
    if (how === "replace") history.replaceState(history.state, "", to);
    const before = choice;
    choice = new Choice(address.choice());
    shown = address.list();
    filters.draw(choice);
    const mine = ++turn;
    problem.clear();
    try {
      const page = await (isEnd ? api.oldestFrames(address.choice()) : api.firstFrames(address.list()));
      if (mine !== turn) return false;
      const { total, lastSeq, days } = catalog;
      const next = catalogOf(choice);
      next.countFrames(total, lastSeq);
      next.lastSeq = lastSeq;
      next.days = days;
      if (isEnd) next.fillFromOldest(page, address.choice());
      else next.fill(page, address.choice(), address.place());
      catalog = next;
      if (before.camera !== choice.camera) countDays();
      draw(isEnd ? "end" : "start");
      return true;
    } catch (error) {
      if (mine === turn) problem.say(words.listFailed(error), () => turnTo("keep"));
      return false;
    }
  }

  // -- seeing what is known

  /** Once for all changes of this moment: a camera that comes back may bring a thousand frames at once. */
  function drawSoon() {
    drawing ||= requestAnimationFrame(() => draw());
  }

  /** @param {"held" | "top" | "start" | "end"} [how] */
  function draw(how) {
    cancelAnimationFrame(drawing);
    drawing = 0;
    if (!isReading()) catalog.forgetStruck();
    const { frames, newer, older, struck } = catalog;
    masthead.today(calendar.date(new Date()), today());
    masthead.total(words.frames(catalog.total));
    const counts = choice.isCounted ? catalog.days : null;
    gallery.draw(
      { frames, calendar, hasNewer: newer !== null, hasOlder: older !== null, counts, quarters, struck, arriving },
      how,
    );
    arriving.clear();
    const isNothing = isBegun && frames.length === 0 && newer === null && older === null && catalog.waitingCount === 0;
    find(".empty").hidden = !isNothing || !choice.isAll;
    find(".none").hidden = !isNothing || choice.isAll;
    find(".older").hidden = true; // for those who read without JavaScript: here what is older comes by itself
    find(".searched").textContent = !choice.isCounted && catalog.searchedTo ? words.searched(calendar.date(catalog.searchedTo)) : "";
    fresh.hidden = catalog.waitingCount === 0;
    fresh.textContent = words.showNew(catalog.waitingCount);
    document.title = title;
    if (viewing.frame === null) return;
    document.title = `${no(viewing.frame)} · ${title}`;
    viewing.ways();
  }

  /** The list stays as it is while someone reads it. */
  function isReading() {
    return (
      (catalog.frames.length > 0 || catalog.newer !== null) &&
      (window.scrollY > TOP_PX || viewing.frame !== null || catalog.waitingCount > 0 || catalog.newer !== null)
    );
  }

  function today() {
    return calendar.day(new Date());
  }

  /** @param {api.Frame | null | undefined} frame */
  function dayOf(frame) {
    return frame ? calendar.day(frame.taken_at) : "";
  }

  async function countDays() {
    const { camera } = choice;
    quarters.clear();
    quartersAsked.clear();
    try {
      const days = await api.days(camera);
      if (camera !== choice.camera) return;
      catalog.countDays(days);
      scrubber.draw(catalog.days, calendar);
      draw();
      layPaper();
      if (gallery.place) rested(gallery.place);
    } catch {
      // The list stands without its counts until a later change asks again; the status line tells of the connection.
    }
  }

  /** Reckon how much paper there is above and below what the list holds. @param {boolean} [isNew] of a list that has just begun */
  function layPaper(isNew = true) {
    const { frames, newer, older, days } = catalog;
    const [first, last] = [frames[0], frames.at(-1)];
    if (!first || !last || days.size === 0) return;
    const timeline = timelineNow();
    const [firstDay, lastDay] = [dayOf(first), dayOf(last)];
    const isSure = choice.isCounted && firstDay !== lastDay; // which of a day's frames are outside the stretch
    /** @param {string} day */
    const outside = (day) => (days.get(day) ?? 0) - frames.filter((frame) => dayOf(frame) === day).length;
    gallery.paper(
      isSure || (choice.isCounted && older === null) ? timeline.above(firstDay, outside(firstDay)) : timeline.topOf(first.taken_at),
      isSure || (choice.isCounted && newer === null) ? timeline.below(lastDay, outside(lastDay)) : timeline.height - timeline.topOf(last.taken_at),
      isNew,
    );
  }

  function timelineNow() {
    return new Timeline(catalog.days, calendar, gallery.measures, share(), new Date());
  }

  /** How many of the frames counted the list shows, judged by the stretch it holds. */
  function share() {
    const [first, last] = [catalog.frames[0], catalog.frames.at(-1)];
    if (choice.isCounted || !first || !last) return 1;
    let counted = 0;
    for (const [day, frames] of catalog.days) if (day <= dayOf(first) && day >= dayOf(last)) counted += frames;
    return Math.min(1, catalog.frames.length / Math.max(1, counted));
  }

  // -- where the reader is

  /** @param {Place} place */
  function moved(place) {
    if (place.frame) scrubber.mark(new Date(place.frame.taken_at));
    if (place.over || place.under) return; // on bare paper: `rested` looks what belongs there
    if (catalog.older !== null && place.below_px < NEAR_PX) fetchMore("older");
    if (catalog.newer !== null && place.above_px < NEAR_PX) fetchMore("newer");
  }

  /** @param {Place} place */
  function rested(place) {
    if (!isBegun) return;
    if (place.over || place.under) return findPlace(place);
    const isTop = catalog.newer === null && window.scrollY <= TOP_PX;
    const before = isTop || !place.frame ? null : new Date(Date.parse(place.frame.taken_at) + 1).toISOString();
    if (address.place() !== before && viewing.frame === null) {
      history.replaceState(history.state, "", address.ofPlace(before));
      shown = address.list();
    }
    for (const day of place.days) askQuarters(day);
  }

  /** The reader scrolled past what is known: show what belongs there. @param {Place} place */
  function findPlace({ over, under }) {
    const [first, last] = [catalog.frames[0], catalog.frames.at(-1)];
    if (!first || !last) return;
    if (under >= 1) return showOldest();
    const timeline = timelineNow();
    const [above, below] = [timeline.topOf(first.taken_at), timeline.topOf(last.taken_at)];
    const y = over ? above * (1 - over) : below + (timeline.height - below) * under;
    const moment = timeline.momentAt(y);
    if (moment) jump(over >= 1 ? null : moment, false);
  }

  async function showOldest() {
    if (await turnTo("replace", address.ofPlace(catalog.frames.at(-1)?.taken_at ?? null), true)) layPaper();
  }

  /** Show the frames before *moment*, or the newest. @param {Date | null} moment @param {boolean} isDone a place to come back to */
  async function jump(moment, isDone) {
    const known = moment && catalog.firstBefore(moment);
    if (known) return gallery.goTo(known.id);
    const to = address.ofPlace(moment && moment.toISOString());
    if (!(await turnTo(isDone && to !== location.search ? "push" : "replace", to))) return;
    layPaper();
    if (catalog.frames.length === 0 && catalog.newer !== null) await fetchMore("newer");
  }

  /** Fetch what follows at one end of the stretch. @param {"newer" | "older"} end */
  function fetchMore(end) {
    const known = onTheirWay.get(end);
    if (known) return known;
    const fetching = take(end).then((isTaken) => {
      onTheirWay.delete(end);
      if (isTaken && gallery.place) moved(gallery.place); // it may not have been enough
    });
    onTheirWay.set(end, fetching);
    return fetching;
  }

  /** @param {"newer" | "older"} end */
  async function take(end) {
    const of = catalog;
    const next = of[end];
    if (next === null) return false;
    try {
      const page = await api.frames(new URL(next, location.origin).search);
      if (of !== catalog || of[end] !== next) return false;
      if (gallery.place?.over || gallery.place?.under) return false; // gone far beyond: `rested` looks what belongs there
      if (end === "older") of.append(page);
      else of.prepend(page);
      draw();
      layPaper(false);
      return true;
    } catch (error) {
      problem.say(words.listFailed(error), () => (problem.clear(), fetchMore(end)));
      return false;
    }
  }

  /** @param {string} day */
  async function askQuarters(day) {
    if (quartersAsked.has(day) || !choice.isCounted) return;
    if (quarters.size > DAYS_KEPT) (quarters.clear(), quartersAsked.clear());
    quartersAsked.add(day);
    const { camera } = choice;
    try {
      const found = await api.day(day, camera);
      const isCut = !found.quarters.some(Boolean); // of a day that is shared in part nothing is counted
      if (camera === choice.camera && !isCut) quarters.set(day, found.quarters);
      drawSoon();
    } catch {
      quartersAsked.delete(day); // asked again when the reader comes to rest again
    }
  }

  // -- what happens in the archive

  /** @param {api.Change} change */
  function changed(change) {
    catalog.hear(change, { hold: isReading() });
    drawSoon();
    if (change.type === "frame") {
      const { data } = change;
      const ofDay = choice.counts(data) ? quarters.get(dayOf(data)) : undefined;
      if (ofDay) ofDay[calendar.quarter(data.taken_at)] += 1;
      if (choice.shows(data, calendar)) {
        arriving.add(data.id);
        status.frameArrived();
      }
    }
    viewing.hear(change);
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
    visit.stated(state);
    if (isBroken !== (state === "reconnecting")) status.say(words.state[state]);
    isBroken = state === "reconnecting";
  }

  async function recount() {
    recounting = undefined;
    catalog.countsAreStale = false;
    try {
      const archive = await api.archive();
      catalog.countFrames(archive.total, archive.last_seq);
    } catch {
      return; // the counts stay as they were until a later change asks again
    }
    await countDays();
  }

  // -- what the reader does

  async function showNew() {
    if (catalog.canShow) {
      for (const frame of catalog.show()) arriving.add(frame.id);
      catalog.forgetStruck();
      window.scrollTo(0, 0);
      draw("top");
    } else if (!(await turnTo("push", address.ofPlace(null)))) return;
    window.scrollTo(0, 0);
    const first = catalog.frames[0];
    if (first) gallery.focus(first.id, { preventScroll: true });
  }

  /** @param {string} name @param {string | null} value */
  async function choose(name, value) {
    if (await turnTo("push", address.ofChoice(name, value))) layPaper();
  }

  function showAll() {
    return turnTo("push", "/");
  }

  /** @param {string} density */
  function setDensity(density) {
    remember(density);
    gallery.density = density;
    filters.density(density);
    layPaper();
  }

  function togglePause() {
    isPaused = !isPaused;
    filters.paused(isPaused);
    if (isPaused) live.pause();
    else live.resume();
  }

  /** Show the list, and open or close the viewer, as the address says. */
  async function followAddress() {
    if (address.list() !== shown && (await turnTo("keep"))) layPaper();
    await viewing.follow();
  }

  // -- what happens to the page

  function minded() {
    clearTimeout(hiding);
    // A hidden page's stream takes one of the six connections the browser has for this archive.
    if (document.hidden) hiding = setTimeout(() => live.pause(), HIDDEN_MS);
    else if (isBegun && !isPaused) live.resume();
  }
}
