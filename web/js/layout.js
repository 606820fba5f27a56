// @ts-check
/** Where days and frames stand on the sheet, in pixels from the first of them. Rows are alike, so this is arithmetic. Pure. */

/** @typedef {import("./api.js").Frame} Frame */
/**
 * @typedef {object} Measures
 * @property {number} head_px a day's head, and what is between it and the first row
 * @property {number} row_px a row, and what is between it and the next
 * @property {number} columns frames in a row
 */
/** @typedef {{ day: string, first: number, count: number, top: number, height: number }} Chapter */

export class Layout {
  /** The days of the frames, in order. @type {Chapter[]} */ chapters = [];
  /** Of all of it. */ height = 0;
  measures;

  /** @param {Frame[]} frames newest first @param {(frame: Frame) => string} dayOf @param {Measures} measures */
  constructor(frames, dayOf, measures) {
    this.measures = measures;
    for (let first = 0; first < frames.length; ) {
      const day = dayOf(frames[first]);
      let end = first + 1;
      while (end < frames.length && dayOf(frames[end]) === day) end += 1;
      const height = measures.head_px + Math.ceil((end - first) / measures.columns) * measures.row_px;
      this.chapters.push({ day, first, count: end - first, top: this.height, height });
      this.height += height;
      first = end;
    }
  }

  /** The chapters that have something between *from* and *to*. @param {number} from @param {number} to */
  between(from, to) {
    const first = firstWhere(this.chapters, ({ top, height }) => top + height > from);
    const end = firstWhere(this.chapters, ({ top }) => top >= to);
    return this.chapters.slice(first, Math.max(first, end));
  }

  /** Which of a chapter's rows have something between *from* and *to*. @param {Chapter} chapter @param {number} from @param {number} to */
  rows(chapter, from, to) {
    const { head_px, row_px, columns } = this.measures;
    const last = Math.ceil(chapter.count / columns);
    const top = chapter.top + head_px;
    const first = Math.min(last, Math.max(0, Math.floor((from - top) / row_px)));
    return { first, end: Math.min(last, Math.max(first, Math.ceil((to - top) / row_px))) };
  }

  /** Where the row of the frame at *index* begins. @param {number} index */
  topOf(index) {
    const chapter = this.chapters[firstWhere(this.chapters, ({ first, count }) => first + count > index)];
    if (!chapter) return this.height;
    const { head_px, row_px, columns } = this.measures;
    return chapter.top + head_px + Math.floor((index - chapter.first) / columns) * row_px;
  }

  /** The frame whose row is at *y*: of a day's head the day's first, beyond the end the last. @param {number} y */
  indexAt(y) {
    const { head_px, row_px, columns } = this.measures;
    const at = firstWhere(this.chapters, ({ top, height }) => top + height > y);
    const chapter = this.chapters[Math.min(at, this.chapters.length - 1)];
    if (!chapter) return -1;
    const row = Math.max(0, Math.floor((y - chapter.top - head_px) / row_px));
    return chapter.first + Math.min(row * columns, chapter.count - 1);
  }
}

/** The index of the first that is so, all after it being so too; the length when none is.
 * @template T @param {T[]} items @param {(item: T) => boolean} isSo */
export function firstWhere(items, isSo) {
  let from = 0;
  let to = items.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (isSo(items[middle])) to = middle;
    else from = middle + 1;
  }
  return from;
}
