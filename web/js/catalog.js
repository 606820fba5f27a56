// @ts-check
/** What the page knows: the frames it shows, those that wait, and how many there are. Pure. */

/** @typedef {import("./api.js").Frame} Frame */
/** @typedef {import("./api.js").Page} Page */
/** @typedef {import("./api.js").Days} Days */
/** @typedef {import("./api.js").Change} Change */

export const MAX_FRAMES = 300; // a page that stays open for a year must not grow for a year

export class Catalog {
  /** Shown, newest first. @type {Frame[]} */ frames = [];
  /** Arrived, not shown yet, newest first; of very many, the newest. @type {Frame[]} */ waiting = [];
  /** How many wait. */ waitingCount = 0;
  /** The address that answers what is older than `frames`; null when nothing is. @type {string | null} */ next = null;
  /** Frames in the whole archive. */ total = 0;
  /** Frames of each day. @type {Map<string, number>} */ days = new Map();
  /** The last change that is in all this. */ lastSeq = 0;
  /** A change came whose effect on `total` and `days` only the archive can tell. */ countsAreStale = false;

  #totalSeq = 0; // the change up to which `total` is known to count
  #daysSeq = 0; // and `days`
  /** @type {Set<number>} */ #deleted = new Set(); // an older page may have been answered before the deletion
  #dayOf;

  /** @param {(moment: string) => string} dayOf the archive's day of a moment */
  constructor(dayOf) {
    this.#dayOf = dayOf;
  }

  /** Begin anew with *page*, the first this list shows. @param {Page} page */
  fill(page) {
    this.frames = page.frames.slice().sort(newestFirst);
    this.next = page.next;
    this.waiting = [];
    this.waitingCount = 0;
    this.lastSeq = page.last_seq;
    this.countFrames(page.total, page.last_seq);
  }

  /** Add *page*, which `next` answered, at the end. @param {Page} page */
  append(page) {
    this.next = page.next;
    const known = new Set([...this.frames, ...this.waiting].map((frame) => frame.id));
    const older = page.frames.filter((frame) => !known.has(frame.id) && !this.#deleted.has(frame.id));
    this.frames = [...this.frames, ...older].sort(newestFirst);
  }

  /** There is room for another page. */
  get hasRoom() {
    return this.frames.length < MAX_FRAMES;
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

  /** Take in *change*; with *hold*, what is new waits. A change known already changes nothing.
   * @param {Change} change @param {{ hold: boolean }} how */
  hear({ seq, type, data }, { hold }) {
    if (seq <= this.lastSeq) return;
    this.lastSeq = seq;
    if (type === "frame") this.#arrive(data, seq, hold);
    if (type === "frame-changed") this.#alter(data, seq, hold);
    if (type === "frame-deleted") this.#remove(data.id, seq);
  }

  /** Let those that wait into the list. @returns {Frame[]} those */
  show() {
    const shown = this.waiting;
    this.frames = [...this.frames, ...this.waiting].sort(newestFirst);
    this.waiting = [];
    this.waitingCount = 0;
    this.#trim();
    return shown;
  }

  /** The frame, if the list shows it. @param {number} id */
  find(id) {
    return this.frames.find((frame) => frame.id === id);
  }

  /** Its neighbours in time, in the list. @param {number} id @returns {{ earlier?: Frame, later?: Frame }} */
  beside(id) {
    const at = this.frames.findIndex((frame) => frame.id === id);
    return at < 0 ? {} : { earlier: this.frames[at + 1], later: this.frames[at - 1] };
  }

  /** @param {Frame} frame @param {number} seq @param {boolean} hold */
  #arrive(frame, seq, hold) {
    if (this.#known(frame.id)) return this.#alter(frame, seq, hold);
    if (seq > this.#totalSeq) this.total += 1;
    if (seq > this.#daysSeq) this.#addToDay(frame, 1);
    this.#place(frame, hold);
  }

  /** @param {Frame} frame @param {number} seq @param {boolean} hold */
  #alter(frame, seq, hold) {
    const before = this.#known(frame.id);
    if (!before) {
      this.countsAreStale = true; // it may have come from another day
      return this.#place(frame, hold);
    }
    if (seq > this.#daysSeq) {
      this.#addToDay(before, -1);
      this.#addToDay(frame, 1);
    }
    /** @param {Frame[]} list */
    const replaced = (list) => list.map((other) => (other.id === frame.id ? frame : other)).sort(newestFirst);
    this.frames = replaced(this.frames);
    this.waiting = replaced(this.waiting);
  }

  /** @param {number} id @param {number} seq */
  #remove(id, seq) {
    if (this.#deleted.has(id)) return; // each change of a frame that is gone is told as its deletion
    this.#deleted.add(id);
    const frame = this.#known(id);
    if (!frame) {
      this.countsAreStale = true; // it may never have been counted here
      return;
    }
    if (seq > this.#totalSeq) this.total -= 1;
    if (seq > this.#daysSeq) this.#addToDay(frame, -1);
    if (this.waiting.includes(frame)) this.waitingCount -= 1;
    this.frames = this.frames.filter((other) => other !== frame);
    this.waiting = this.waiting.filter((other) => other !== frame);
  }

  /** @param {Frame} frame @param {boolean} hold */
  #place(frame, hold) {
    const last = this.frames.at(-1);
    if (this.next !== null && last && newestFirst(last, frame) < 0) return; // on a page not fetched yet
    if (hold) {
      this.waiting = [...this.waiting, frame].sort(newestFirst).slice(0, MAX_FRAMES);
      this.waitingCount += 1;
    } else {
      this.frames = [...this.frames, frame].sort(newestFirst);
      this.#trim();
    }
  }

  #trim() {
    if (this.frames.length <= MAX_FRAMES) return;
    this.frames = this.frames.slice(0, MAX_FRAMES);
    const last = Date.parse(this.frames[MAX_FRAMES - 1].taken_at);
    // One millisecond on, so that others of the same moment are among the answers; `append` skips those it knows.
    this.next = `/api/frames?before=${encodeURIComponent(new Date(last + 1).toISOString())}`;
  }

  /** @param {number} id */
  #known(id) {
    return this.find(id) ?? this.waiting.find((frame) => frame.id === id);
  }

  /** @param {Frame} frame @param {number} change */
  #addToDay(frame, change) {
    const day = this.#dayOf(frame.taken_at);
    this.days.set(day, (this.days.get(day) ?? 0) + change);
  }
}

/** @param {Frame} a @param {Frame} b */
const newestFirst = (a, b) => Date.parse(b.taken_at) - Date.parse(a.taken_at) || b.id - a.id;
