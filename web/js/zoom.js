// @ts-check
/** Where a picture lies in its frame when it is looked at closely. Pure. */

/** @typedef {{ scale: number, x: number, y: number }} View times as large as when it is whole, and where its corner is, in pixels of the screen */
/** @typedef {{ width: number, height: number }} Size */
/** @typedef {{ x: number, y: number }} Point from the frame's corner */

const PIXEL_PX = 8; // how large a pixel of the picture may become

/** All of it. @type {View} */
export const WHOLE = { scale: 1, x: 0, y: 0 };

/** How much closer one can look, until pixels are large. @param {Size} picture @param {Size} frame */
export const closest = (picture, frame) => Math.max(1, PIXEL_PX / fitted(picture, frame));

/** As close that a pixel of the picture is one of the screen, or at least twice as close. @param {Size} picture @param {Size} frame */
export const near = (picture, frame) => Math.min(closest(picture, frame), Math.max(2, 1 / fitted(picture, frame)));

/** Pixels of the screen for each of the picture, when it is whole. @param {Size} picture @param {Size} frame */
export const fitted = (picture, frame) =>
  picture.width && picture.height ? Math.min(frame.width / picture.width, frame.height / picture.height) : 1;

/** Closer by *factor*, with what is at *point* staying there.
 * @param {View} view @param {number} factor @param {Point} point @param {Size} frame @param {number} most @returns {View} */
export function zoomed(view, factor, point, frame, most) {
  const scale = Math.min(most, Math.max(1, view.scale * factor));
  const by = scale / view.scale;
  return held({ scale, x: point.x - (point.x - view.x) * by, y: point.y - (point.y - view.y) * by }, frame);
}

/** Pushed aside, as far as there is picture. @param {View} view @param {number} dx @param {number} dy @param {Size} frame @returns {View} */
export const pushed = (view, dx, dy, frame) => held({ ...view, x: view.x + dx, y: view.y + dy }, frame);

/** What two fingers do that were at *from* and are at *to*: each holds what is under it.
 * @param {View} view @param {[Point, Point]} from @param {[Point, Point]} to @param {Size} frame @param {number} most @returns {View} */
export function pinched(view, from, to, frame, most) {
  const [before, after] = [middle(from), middle(to)];
  const moved = { ...view, x: view.x + after.x - before.x, y: view.y + after.y - before.y };
  return zoomed(moved, apart(to) / Math.max(1, apart(from)), after, frame, most);
}

/** The frame is full of picture. @param {View} view @param {Size} frame @returns {View} */
const held = ({ scale, x, y }, frame) => ({
  scale,
  x: Math.min(0, Math.max(frame.width * (1 - scale), x)),
  y: Math.min(0, Math.max(frame.height * (1 - scale), y)),
});

/** @param {[Point, Point]} points @returns {Point} */
const middle = ([a, b]) => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 });

/** @param {[Point, Point]} points */
const apart = ([a, b]) => Math.hypot(a.x - b.x, a.y - b.y);
