// @ts-check
/** A value over time as one stroke of one pixel. Time of which nothing is known stays empty. */

/** @typedef {{ at: number, value: number }} Point a moment in Unix milliseconds, and what was measured then */
/** @typedef {{ from: number, to: number }} Span in Unix milliseconds */

const WIDTH = 1000;
const HEIGHT = 100;
const DOT = 2;

/** Draw *points* into the path of *svg*, whose box is 1000 by 100.
 * @param {SVGElement} svg @param {Point[]} points oldest first
 * @param {{ span: Span, silence_ms: number, range: number, floor?: number }} how two points further apart than *silence_ms* are not joined;
 *   *range* is the least that the height stands for, so that a tremble does not look like an earthquake; its foot is
 *   *floor* where that is given */
export function draw(svg, points, { span, silence_ms, range, floor }) {
  const { low, high } = bounds(points, range, floor);
  const x = (/** @type {number} */ at) => round(((at - span.from) / (span.to - span.from)) * WIDTH);
  const y = (/** @type {number} */ value) => round(HEIGHT - ((value - low) / (high - low)) * HEIGHT);
  const strokes = unbroken(points, silence_ms).map((stretch) => {
    const [first, ...others] = stretch.map(({ at, value }) => `${x(at)} ${y(value)}`);
    return others.length > 0 ? `M${first}L${others.join(" ")}` : `M${first}h${DOT}`;
  });
  /** @type {SVGPathElement} */ (svg.querySelector("path")).setAttribute("d", strokes.join(""));
}

/** The stretches without silence. @template {{ at: number }} T @param {T[]} points oldest first @param {number} silence_ms @returns {T[][]} */
export function unbroken(points, silence_ms) {
  /** @type {T[][]} */ const stretches = [];
  for (const point of points) {
    const last = stretches.at(-1);
    if (last && point.at - /** @type {T} */ (last.at(-1)).at <= silence_ms) last.push(point);
    else stretches.push([point]);
  }
  return stretches;
}

/** What the height stands for: from *floor* up, or with the values in its middle. @param {Point[]} points @param {number} range @param {number} [floor] */
function bounds(points, range, floor) {
  const values = points.map(({ value }) => value);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  if (floor !== undefined) return { low: floor, high: Math.max(most, floor + range) };
  const more = Math.max(0, range - (most - least)) / 2;
  return { low: least - more, high: most + more };
}

/** @param {number} n */
const round = (n) => Math.round(n * 10) / 10;
