// @ts-check
/** What the page knows: the stretch of frames around the reader, those that wait, and how many there are. Pure. */

/** @typedef {import("./api.js").Frame} Frame */
/** @typedef {import("./api.js").Page} Page */
/** @typedef {import("./api.js").Days} Days */
/** @typedef {import("./api.js").Change} Change */

export const MAX_FRAMES = 400; // a page that stays open for a year must not grow for a year
const MAX_RECENT = 300;
const MAX_DELETED = 1000;

export class Catalog {
  /** A stretch without holes, newest first. @type {Frame[]} */ frames = [];
  /** The query that answers what is newer than `frames`, oldest first; null when nothing is. @type {string | null} */ newer = null;
  /** The query that answers what is older; null when nothing is. @type {string | null} */ older = null;
  /** How far back the archive has looked for what is older, while there is more to look at. @type {string | null} */ searchedTo = null;
  /** Arrived, not shown yet, newest first; of very many, the newest. @type {Frame[]} */ waiting = [];
  /** How many wait. */ waitingCount = 0;
  /** Gone from the archive while their rows were being looked at. @type {Set<number>} */ struck = new Set();
  /** Frames in the whole archive. */ total = 0;
  /** Frames of each day, of the chosen camera. @type {Map<string, number>} */ days = new Map();
  /** The last change heard. */ lastSeq = 0;
  /** A change came whose effect on `total` and `days` only the archive can tell. */ countsAreStale = false;

  #totalSeq = 0; // the change up to which `total` is known to count
  #daysSeq = 0; // and `days`
  /** @type {Set<number>} */ #deleted = new Set(); // each change of a frame that is gone is told as its deletion
  /** Heard, and perhaps not in a page that is on its way. @type {Change[]} */ #recent = [];
  #query = "";
  #dayOf;
  #shows;
  #counts;

  /**
   * @param {(moment: string) => string} dayOf the archive's day of a moment
   * @param {(frame: Frame) => boolean} [shows] the list shows this frame, by what the reader chose
   * @param {(frame: Frame) => boolean} [counts] `days` counts this frame
   */
  constructor(dayOf, shows = () => true, counts = () => true) {
    this.#dayOf = dayOf;
    this.#shows = shows;
    this.#counts = counts;
  }

  /** Show *page* and no other, which begins the list of *query*, before a moment or at the newest.
   * @param {Page} page @param {string} [query] @param {string | null} [before] */
  fill(page, query = "", before = null) {
    this.#query = query;
    this.frames = page.frames.slice().sort(newestFirst);
    this.older = page.next;
    this.searchedTo = page.next === null ? null : page.searched_to ?? null;
    this.newer = before === null ? null : this.#since(this.frames[0]?.taken_at ?? before);
    this.struck.clear();
    if (before === null) this.#waitNoMore();
    if (this.lastSeq === 0) this.lastSeq = page.last_seq;
    this.#hearAgain(page);
  }

  /** Show *page* and no other: the oldest of the list of *query*. @param {Page} page @param {string} query */
  fillFromOldest(page, query) {
    this.fill({ ...page, next: null }, query, page.frames[0]?.taken_at ?? null);
    this.newer = page.next;
  }

  /** Add *page*, which `older` answered, at the end; of a long stretch its beginning is let go. @param {Page} page */
  append(page) {
    this.older = page.next;
    this.searchedTo = page.next === null ? null : page.searched_to ?? null;
    this.#take(page);
    const excess = this.frames.length - MAX_FRAMES;
    if (excess <= 0) return;
    this.frames.splice(0, excess);
    this.newer = this.#since(this.frames[0].taken_at);
  }

  /** Add *page*, which `newer` answered, at the beginning; of a long stretch its end is let go. @param {Page} page */
  prepend(page) {
    this.newer = page.next;
    this.#take(page);
    this.#trim();
    if (this.newer === null) this.waitingCount = this.waiting.length; // those let go of have come with the pages
  }

  /** @param {number} total @param {number} seq the last change it counts */
  countFrames(total, seq) {
    this.total = total;
    this.#totalSeq = seq;
  }

  /** @param {Days} days */
  countDays(days) {
    this.days = new Map(days.days.map(({ day, frames }) => [day, frames]));
    this.#daysSeq = days.last_seq ?? this.lastSeq;
  }

  /** Take in *change*; with *hold*, nothing that is shown moves: what is new waits, what is gone is struck.
   * A change known already changes nothing. @param {Change} change @param {{ hold: boolean }} how */
  hear(change, { hold }) {
    if (change.seq <= this.lastSeq) return;
    this.lastSeq = change.seq;
    if (!change.type.startsWith("frame")) return;
    this.#recent.push(change);
    if (this.#recent.length > MAX_RECENT) this.#recent.splice(0, MAX_RECENT / 2);
    this.#count(change);
    this.#list(change, hold);
  }

  /** Let those that wait into the list. @returns {Frame[]} those */
  show() {
    const shown = this.waiting;
    for (const frame of shown) this.#insert(frame);
    this.#waitNoMore();
    this.#trim();
    return shown;
  }

  /** Let those go that are gone. */
  forgetStruck() {
    if (this.struck.size === 0) return;
    this.frames = this.frames.filter(({ id }) => !this.struck.has(id));
    this.struck.clear();
  }

  /** Everything that waits can be shown from here: the stretch begins at the newest, and none of them was let go. */
  get canShow() {
    return this.newer === null && this.waiting.length === this.waitingCount;
  }

  /** The frame, if the list has it. @param {number} id */
  find(id) {
    return this.frames.find((frame) => frame.id === id);
  }

  /** Its neighbours in time, in the list. @param {number} id @returns {{ earlier?: Frame, later?: Frame }} */
  beside(id) {
    const at = this.frames.findIndex((frame) => frame.id === id);
    return at < 0 ? {} : { earlier: this.frames[at + 1], later: this.frames[at - 1] };
  }

  /** The first frame before *moment*, if the list is sure to know it. @param {Date} moment */
  firstBefore(moment) {
    const at = this.frames.findIndex((frame) => time(frame) < moment.getTime());
    return at > 0 || (at === 0 && this.newer === null) ? this.frames[at] : undefined;
  }

  /** @param {Change} change */
  #count({ seq, type, data }) {
    const before = this.#known(data.id);
    if (type === "frame-deleted") {
      if (this.#deleted.has(data.id)) return;
      if (!before) this.countsAreStale = true; // it may never have been counted here
      else this.#countOne(before, seq, -1);
    } else if (type === "frame-changed") {
      if (!before) this.countsAreStale = true; // it may have come from another day
      else if (seq > this.#daysSeq) {
        this.#addToDay(before, -1);
        this.#addToDay(data, 1);
      }
    } else if (!before) this.#countOne(data, seq, 1);
  }

  /** @param {Frame} frame @param {number} seq @param {number} change */
  #countOne(frame, seq, change) {
    if (seq > this.#totalSeq) this.total += change;
    if (seq > this.#daysSeq) this.#addToDay(frame, change);
  }

  /** @param {Frame} frame @param {number} change */
  #addToDay(frame, change) {
    if (!this.#counts(frame)) return;
    const day = this.#dayOf(frame.taken_at);
    this.days.set(day, (this.days.get(day) ?? 0) + change);
  }

  /** What *change* does to the list. Doing it again changes nothing. @param {Change} change @param {boolean} hold */
  #list({ type, data }, hold) {
    if (type === "frame-deleted") return this.#remove(data.id, hold);
    const shown = this.frames.findIndex(({ id }) => id === data.id);
    const isAlike = shown >= 0 && newestFirst(this.frames[shown], data) === 0 && this.#shows(data);
    if (shown >= 0 && (hold || isAlike)) return void (this.frames[shown] = data); // in its place, while someone looks
    this.frames = this.frames.filter(({ id }) => id !== data.id);
    const waited = this.waiting.length;
    this.waiting = this.waiting.filter(({ id }) => id !== data.id);
    this.waitingCount -= waited - this.waiting.length;
    if (this.#shows(data)) this.#place(data, hold);
  }

  /** @param {number} id @param {boolean} hold */
  #remove(id, hold) {
    if (this.#deleted.size >= MAX_DELETED) this.#deleted.clear();
    this.#deleted.add(id);
    if (this.waiting.some((frame) => frame.id === id)) this.waitingCount -= 1;
    this.waiting = this.waiting.filter((frame) => frame.id !== id);
    if (hold && this.find(id)) this.struck.add(id);
    else this.frames = this.frames.filter((frame) => frame.id !== id);
  }

  /** @param {Frame} frame @param {boolean} hold */
  #place(frame, hold) {
    const last = this.frames.at(-1);
    if (this.older !== null && last && newestFirst(last, frame) < 0) return; // on a page not fetched yet
    if (hold || this.newer !== null) {
      insert(this.waiting, frame);
      this.waiting.length = Math.min(this.waiting.length, MAX_FRAMES);
      this.waitingCount += 1;
    } else {
      this.#insert(frame);
      this.#trim();
    }
  }

  /** @param {Frame} frame */
  #insert(frame) {
    if (!this.find(frame.id)) insert(this.frames, frame);
  }

  /** What comes with *page* waits no more. @param {Page} page */
  #take(page) {
    const known = new Set(this.frames.map(({ id }) => id));
    const fresh = page.frames.filter(({ id }) => !known.has(id) && !this.#deleted.has(id));
    this.frames = [...this.frames, ...fresh].sort(newestFirst);
    const came = new Set(page.frames.map(({ id }) => id));
    const waited = this.waiting.length;
    this.waiting = this.waiting.filter(({ id }) => !came.has(id));
    this.waitingCount -= waited - this.waiting.length;
    this.#hearAgain(page);
  }

  /** What was heard while *page* was on its way, and is newer than it. @param {Page} page */
  #hearAgain(page) {
    for (const change of this.#recent) if (change.seq > page.last_seq) this.#list(change, false);
  }

  #trim() {
    if (this.frames.length <= MAX_FRAMES) return;
    this.frames.length = MAX_FRAMES;
    // One millisecond on, so that others of the same moment are among the answers; `append` skips those it knows.
    const before = new Date(time(this.frames[MAX_FRAMES - 1]) + 1).toISOString();
    this.older = query(this.#query, { before });
  }

  #waitNoMore() {
    this.waiting = [];
    this.waitingCount = 0;
  }

  /** @param {string} moment */
  #since(moment) {
    return query(this.#query, { order: "oldest", after: moment });
  }

  /** @param {number} id */
  #known(id) {
    return this.find(id) ?? this.waiting.find((frame) => frame.id === id);
  }
}

/** @type {WeakMap<Frame, number>} */
const times = new WeakMap(); // compared many times each

/** @param {Frame} frame */
export function time(frame) {
  let known = times.get(frame);
  if (known === undefined) times.set(frame, (known = Date.parse(frame.taken_at)));
  return known;
}

/** @param {Frame} a @param {Frame} b */
const newestFirst = (a, b) => time(b) - time(a) || b.id - a.id;

/** @param {Frame[]} frames newest first @param {Frame} frame */
function insert(frames, frame) {
  let at = 0;
  while (at < frames.length && newestFirst(frames[at], frame) < 0) at += 1;
  frames.splice(at, 0, frame);
}

/** @param {string} begun @param {Record<string, string>} and */
const query = (begun, and) => `?${new URLSearchParams([...new URLSearchParams(begun), ...Object.entries(and)])}`;
