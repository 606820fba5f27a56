// @ts-check
/** The whole archive as one length, from the counts of its days: which moment lies where. An estimate within a day. Pure. */

import { firstWhere } from "./layout.js";

/** @typedef {import("./format.js").Calendar} Calendar */
/** @typedef {import("./layout.js").Measures} Measures */

export class Timeline {
  /** All of it, in pixels. */ height = 0;
  /** Newest first. @type {{ day: string, top: number, height: number }[]} */ #days = [];
  #calendar;
  #measures;
  #now;

  /**
   * @param {Map<string, number>} counts frames of each day
   * @param {Calendar} calendar
   * @param {Measures} measures
   * @param {number} share how many of them the list shows: 1 for all
   * @param {Date} now today's frames were all taken by now
   */
  constructor(counts, calendar, measures, share, now) {
    this.#now = now;
    this.#calendar = calendar;
    this.#measures = measures;
    const { head_px, row_px, columns } = measures;
    for (const day of [...counts.keys()].sort().reverse()) {
      const frames = Math.round((counts.get(day) ?? 0) * share);
      const height = frames ? head_px + Math.ceil(frames / columns) * row_px : 0;
      this.#days.push({ day, top: this.height, height });
      this.height += height;
    }
  }

  /** How far down *moment* lies. @param {string | Date} moment */
  topOf(moment) {
    const day = this.#calendar.day(moment);
    const at = firstWhere(this.#days, (other) => other.day <= day);
    const found = this.#days[at];
    if (!found) return this.height;
    if (found.day < day) return found.top;
    const { from, to } = this.#span(day);
    return found.top + found.height * Math.min(1, Math.max(0, (to - new Date(moment).getTime()) / (to - from)));
  }

  /** How much lies above a day, and above *frames* of it. @param {string} day @param {number} frames */
  above(day, frames) {
    return (this.#find(day)?.top ?? this.height) + this.#rows(frames);
  }

  /** How much lies below a day, with *frames* of it. @param {string} day @param {number} frames */
  below(day, frames) {
    const found = this.#find(day);
    return this.#rows(frames) + (found ? this.height - found.top - found.height : 0);
  }

  /** Which moment lies at *y*. @param {number} y @returns {Date | null} null of an archive without days */
  momentAt(y) {
    const at = firstWhere(this.#days, ({ top, height }) => top + height > y);
    const found = this.#days[Math.min(at, this.#days.length - 1)];
    if (!found) return null;
    const { from, to } = this.#span(found.day);
    const down = found.height ? Math.min(1, Math.max(0, (y - found.top) / found.height)) : 0;
    return new Date(to - down * (to - from));
  }

  /** @param {string} day */
  #find(day) {
    return this.#days[firstWhere(this.#days, (other) => other.day <= day)];
  }

  /** @param {number} frames */
  #rows(frames) {
    return Math.ceil(Math.max(0, frames) / this.#measures.columns) * this.#measures.row_px;
  }

  /** @param {string} day */
  #span(day) {
    const from = this.#calendar.startOf(day).getTime();
    const to = this.#calendar.startOf(dayAfter(day, 1)).getTime();
    return { from, to: this.#calendar.day(this.#now) === day ? Math.max(from + 1, this.#now.getTime()) : to };
  }
}

/** The day *days* after *day*. @param {string} day @param {number} days */
export const dayAfter = (day, days) => new Date(Date.parse(`${day}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);

/** How many days *day* is after 1 January 1970. @param {string} day */
export const dayNumber = (day) => Date.parse(`${day}T00:00:00Z`) / 86_400_000;
