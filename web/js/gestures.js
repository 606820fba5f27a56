// @ts-check
/** What fingers, a mouse and its wheel do to a picture, told in words. Double taps are told too: phones do not. */

/** @typedef {import("./zoom.js").Point} Point */
/**
 * @typedef {object} Listener
 * @property {(point: Point) => "divide" | "push" | "swipe"} onTake what a drag that begins at *point* does
 * @property {(point: Point) => void} onDivide
 * @property {(dx: number, dy: number) => void} onPush
 * @property {(direction: "earlier" | "later") => void} onSwipe
 * @property {(from: [Point, Point], to: [Point, Point]) => void} onPinch
 * @property {(point: Point) => void} onDouble
 * @property {(factor: number, point: Point) => boolean} onWheel whether anything came of it
 */

const SWIPE_PX = 48;
const STILL_PX = 10; // a finger that rests moves as much
const DOUBLE_MS = 350;
const DOUBLE_PX = 32;
const WHEEL = 0.0015; // for each pixel of scrolling, in powers of e
const LINE_PX = 16; // some wheels count lines

/** @param {HTMLElement} element @param {Listener} listener */
export function gestures(element, listener) {
  /** Those that are down, in the order they came. @type {Map<number, Point>} */ const down = new Map();
  /** @type {"divide" | "push" | "swipe" | "pinch" | ""} */ let doing = "";
  /** @type {Point} */ let began = { x: 0, y: 0 };
  let hasMoved = false;
  let tapped = { x: 0, y: 0, at: -DOUBLE_MS };

  element.addEventListener("pointerdown", (event) => {
    if (event.button || down.size === 2) return;
    const point = pointOf(event);
    down.set(event.pointerId, point);
    element.setPointerCapture(event.pointerId);
    if (down.size === 2) return void (doing = "pinch");
    began = point;
    hasMoved = false;
    doing = listener.onTake(point);
    if (doing === "divide") listener.onDivide(point);
  });

  element.addEventListener("pointermove", (event) => {
    const before = down.get(event.pointerId);
    if (!before) return;
    const point = pointOf(event);
    const from = [...down.values()];
    down.set(event.pointerId, point);
    hasMoved ||= Math.hypot(point.x - began.x, point.y - began.y) > STILL_PX || doing === "pinch";
    if (doing === "pinch" && down.size === 2) listener.onPinch(pair(from), pair([...down.values()]));
    else if (doing === "push") listener.onPush(point.x - before.x, point.y - before.y);
    else if (doing === "divide") listener.onDivide(point);
  });

  element.addEventListener("pointerup", (event) => {
    if (!down.has(event.pointerId)) return;
    const point = pointOf(event);
    const [dx, dy] = [point.x - began.x, point.y - began.y];
    if (doing === "swipe" && Math.abs(dx) > SWIPE_PX && Math.abs(dx) > 2 * Math.abs(dy)) listener.onSwipe(dx > 0 ? "earlier" : "later");
    else if (!hasMoved && doing !== "pinch") tap(point, event.timeStamp);
    lift(event);
  });
  element.addEventListener("pointercancel", lift);

  // Where the page may scroll under one finger, two would scroll it as well.
  element.addEventListener("touchmove", (event) => event.cancelable && event.touches.length > 1 && event.preventDefault(), { passive: false });
  element.addEventListener(
    "wheel",
    (event) => {
      const px = event.deltaY * (event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? 1 : LINE_PX);
      const pinch = event.ctrlKey ? 5 : 1; // two fingers on a trackpad are told as a slow wheel with Ctrl
      if (listener.onWheel(Math.exp(-px * WHEEL * pinch), pointOf(event)) || event.ctrlKey) event.preventDefault();
    },
    { passive: false },
  );

  /** @param {Point} point @param {number} at */
  function tap(point, at) {
    const isDouble = at - tapped.at < DOUBLE_MS && Math.hypot(point.x - tapped.x, point.y - tapped.y) < DOUBLE_PX;
    tapped = isDouble ? { ...point, at: -DOUBLE_MS } : { ...point, at };
    if (isDouble) listener.onDouble(point);
  }

  /** @param {PointerEvent} event */
  function lift(event) {
    if (!down.delete(event.pointerId)) return;
    doing = doing === "pinch" && down.size === 1 ? listener.onTake([...down.values()][0]) : "";
    if (doing === "swipe") doing = ""; // a pinch that ends is no swipe
  }

  /** @param {MouseEvent} event @returns {Point} */
  function pointOf(event) {
    const box = element.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }
}

/** @param {Point[]} points @returns {[Point, Point]} */
const pair = (points) => [points[0], points[1]];
