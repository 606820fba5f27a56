// @ts-check
/** What the reader chose to see, of all frames: by camera, hour, verdict and difference. Read from a query. Pure. */

/** @typedef {import("./api.js").Frame} Frame */
/** @typedef {import("./format.js").Calendar} Calendar */

export class Choice {
  /** @type {string | null} */ camera;
  /** From this hour until that one; it may be past midnight. @type {{ from: number, to: number } | null} */ hour;
  /** @type {string[]} */ verdicts;
  /** At least so different from the frame before, 0 to 1. */ difference;

  /** @param {string} query */
  constructor(query) {
    const asked = new URLSearchParams(query);
    this.camera = asked.get("camera") || null;
    const hour = /^(\d{1,2})-(\d{1,2})$/.exec(asked.get("hour") ?? "");
    this.hour = hour && { from: Number(hour[1]), to: Number(hour[2]) };
    this.verdicts = (asked.get("verdict") ?? "").split(",").filter(Boolean);
    this.difference = Number(asked.get("difference")) || 0;
  }

  /** All frames of all cameras. */
  get isAll() {
    return this.camera === null && this.isCounted;
  }

  /** The archive's counts of days are the counts of this list. */
  get isCounted() {
    return this.hour === null && this.verdicts.length === 0 && this.difference === 0;
  }

  /** The counts count *frame*. @param {{ camera: string }} frame */
  counts(frame) {
    return this.camera === null || frame.camera === this.camera;
  }

  /** The list shows *frame*. @param {Frame} frame @param {Calendar} calendar */
  shows(frame, calendar) {
    return (
      this.counts(frame) &&
      (this.hour === null || isBetween(calendar.quarter(frame.taken_at) / 4, this.hour)) &&
      (this.verdicts.length === 0 || this.verdicts.includes(frame.verdict)) &&
      (this.difference === 0 || (frame.difference ?? -1) >= this.difference)
    );
  }
}

/** @param {number} hour @param {{ from: number, to: number }} span */
const isBetween = (hour, { from, to }) => (from < to ? hour >= from && hour < to : hour >= from || hour < to);
