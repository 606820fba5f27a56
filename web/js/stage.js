// @ts-check
/** The picture itself: its thumbnail at once, the original over it; looked at closely; and another beside it under one line. */

import { gestures } from "./gestures.js";
import { WHOLE, closest, fitted, near, pinched, pushed, zoomed } from "./zoom.js";

/** @typedef {import("./api.js").Frame} Frame */
/** @typedef {import("./zoom.js").Point} Point */
/** @typedef {import("./zoom.js").View} View */
/** @typedef {"" | "open" | "other"} Side which one is seen alone */

const LINE_PX = 24; // this near to the line a drag takes hold of it
const GRAIN = 2; // from here on a pixel of the picture is seen as one

/**
 * @param {HTMLElement} element
 * @param {{
 *   onSwipe: (direction: "earlier" | "later") => void,
 *   onDivide: (share: number) => void,
 *   onBroken: () => void,
 *   mayZoom: () => boolean,
 * }} listener `mayZoom`: whether the wheel on a whole picture is for looking closely, and not for scrolling
 */
export function stage(element, { onSwipe, onDivide, onBroken, mayZoom }) {
  const [open, other] = [...element.querySelectorAll(".layer")].map((layer) => layerIn(/** @type {HTMLElement} */ (layer)));
  const film = /** @type {HTMLCanvasElement} */ (element.querySelector("canvas"));
  /** @type {View} */ let view = WHOLE;
  let picture = { width: 0, height: 0 };
  let divide = 0.5;

  open.original.addEventListener("error", onBroken);
  for (const event of ["load", "error"]) open.original.addEventListener(event, () => (film.hidden = true));
  new ResizeObserver(() => put(zoomed(view, 1, { x: 0, y: 0 }, box(), most()))).observe(element);
  gestures(element, {
    onTake: (point) =>
      isTwo() && (view === WHOLE || Math.abs(point.x - divide * box().width) < LINE_PX) ? "divide" : view === WHOLE ? "swipe" : "push",
    onDivide: ({ x }) => onDivide(Math.min(1, Math.max(0, x / box().width))),
    onPush: (dx, dy) => put(pushed(view, dx, dy, box())),
    onSwipe,
    onPinch: (from, to) => put(pinched(view, from, to, box(), most())),
    onDouble: (point) => put(view === WHOLE ? zoomed(WHOLE, near(picture, box()), point, box(), most()) : WHOLE),
    onWheel(factor, point) {
      if (view === WHOLE && (factor < 1 || !mayZoom())) return false;
      put(zoomed(view, factor, point, box(), most()));
      return true;
    },
  });

  return {
    film,

    /** Put *frame* here, which *alt* describes. @param {Frame} frame @param {string} alt */
    show(frame, alt) {
      if (frame.width !== picture.width || frame.height !== picture.height) put(WHOLE); // else the same corner is looked at
      picture = frame;
      element.style.setProperty("--ratio", String(frame.width && frame.height ? frame.width / frame.height : 4 / 3));
      fill(open, frame, alt);
    },

    /** Put *frame* beside it; null takes it away. @param {Frame | null} frame @param {string} alt */
    compare(frame, alt) {
      other.layer.hidden = frame === null;
      if (frame) fill(other, frame, alt);
      else clear(other);
    },

    /** Where the line is, 0 to 1. @param {number} share */
    set divide(share) {
      divide = share;
      element.style.setProperty("--divide", `${(share * 100).toFixed(2)}%`);
    },

    /** See one of the two alone. @param {Side} side */
    set alone(side) {
      element.dataset.alone = side;
    },

    /** @param {number} factor */
    zoom: (factor) => put(zoomed(view, factor, { x: box().width / 2, y: box().height / 2 }, box(), most())),
    whole: () => put(WHOLE),
    /** In parts of what is seen. @param {number} across @param {number} down */
    push: (across, down) => put(pushed(view, across * box().width, down * box().height, box())),

    /** Stop downloads nobody waits for. */
    clear() {
      put(WHOLE);
      clear(open);
      clear(other);
      film.hidden = true;
    },
  };

  /** @param {View} to */
  function put(to) {
    view = to.scale <= 1.001 ? WHOLE : to;
    element.style.setProperty("--scale", view.scale.toFixed(4));
    element.style.setProperty("--x", `${view.x.toFixed(2)}px`);
    element.style.setProperty("--y", `${view.y.toFixed(2)}px`);
    element.toggleAttribute("data-close", view !== WHOLE);
    element.toggleAttribute("data-grain", view.scale * fitted(picture, box()) * devicePixelRatio >= GRAIN);
  }

  function box() {
    return { width: element.clientWidth, height: element.clientHeight };
  }

  function most() {
    return closest(picture, box());
  }

  function isTwo() {
    return !other.layer.hidden;
  }
}

/** @typedef {{ layer: HTMLElement, thumbnail: HTMLImageElement, original: HTMLImageElement }} Layer */

/** @param {HTMLElement} layer @returns {Layer} */
function layerIn(layer) {
  const [thumbnail, original] = layer.querySelectorAll("img");
  original.addEventListener("load", () => (original.dataset.loaded = ""));
  for (const image of [thumbnail, original]) {
    image.draggable = false;
    image.addEventListener("error", () => (image.dataset.broken = ""));
    image.addEventListener("load", () => delete image.dataset.broken);
  }
  return { layer, thumbnail, original };
}

/** @param {Layer} layer @param {Frame} frame @param {string} alt */
function fill({ thumbnail, original }, frame, alt) {
  original.alt = alt;
  if (original.getAttribute("src") === frame.url) return;
  delete original.dataset.loaded;
  thumbnail.src = frame.thumbnail_url;
  original.src = frame.url;
}

/** @param {Layer} layer */
function clear({ thumbnail, original }) {
  for (const image of [thumbnail, original]) image.removeAttribute("src");
  delete original.dataset.loaded;
}
