// @ts-check
/** Shows a film on a canvas: fetches its pictures, draws each in its turn, and lets it go at once. */

import { Film } from "./film.js";

/** @typedef {import("./api.js").Frame} Frame */
/** @typedef {import("./film.js").Take} Take */

/**
 * @param {HTMLCanvasElement} canvas
 * @param {{ onFrame: (frame: Frame) => void, onEnd: (error?: unknown) => void }} listener
 */
export function projector(canvas, { onFrame, onEnd }) {
  const screen = /** @type {ImageBitmapRenderingContext} */ (canvas.getContext("bitmaprenderer"));
  /** @type {Film | null} */ let film = null;
  /** @type {() => Promise<Frame[] | null>} */ let more;
  /** @type {Map<Take, ImageBitmap>} */ const here = new Map();
  /** @type {Map<Take, AbortController>} */ const onTheirWay = new Map();
  let isFetching = false;
  let last_ms = 0;

  return {
    get isPlaying() {
      return film !== null;
    },

    /** Play what follows on *first*. @param {Frame} first @param {number} pace frames a second
     * @param {() => Promise<Frame[] | null>} then the next page, oldest first; null after the last */
    play(first, pace, then) {
      stop();
      film = new Film(first, pace);
      more = then;
      last_ms = performance.now();
      step(film);
    },

    /** @param {number} to */
    set pace(to) {
      if (film) film.pace = to;
    },

    stop,
  };

  /** Stop where it is. */
  function stop() {
    film = null;
    for (const asked of onTheirWay.values()) asked.abort();
    for (const picture of here.values()) picture.close();
    onTheirWay.clear();
    here.clear();
  }

  /** As often as the screen is drawn. @param {Film} mine */
  function step(mine) {
    if (film !== mine) return;
    const now_ms = performance.now();
    const { show, passed } = mine.pass(now_ms - last_ms);
    last_ms = now_ms;
    for (const take of passed) drop(take);
    if (show) {
      project(here.get(show));
      here.delete(show);
      onFrame(show.frame);
    }
    if (mine.isOver) return end();
    if (mine.isShort && !isFetching) fetchMore(mine);
    for (const take of mine.wanted()) load(mine, take);
    requestAnimationFrame(() => step(mine));
  }

  /** @param {ImageBitmap | undefined} picture it is given away, and with it its memory */
  function project(picture) {
    if (!picture) return;
    if (canvas.width !== picture.width) canvas.width = picture.width; // which forgets what is on it
    if (canvas.height !== picture.height) canvas.height = picture.height;
    screen.transferFromImageBitmap(picture);
    canvas.hidden = false;
  }

  /** @param {unknown} [error] */
  function end(error) {
    stop();
    onEnd(error);
  }

  /** @param {Film} mine */
  async function fetchMore(mine) {
    isFetching = true;
    try {
      const frames = await more();
      if (film !== mine) return;
      if (frames === null) mine.isComplete = true;
      else mine.add(frames);
    } catch (error) {
      if (film === mine) end(error);
    } finally {
      isFetching = false;
    }
  }

  /** @param {Film} mine @param {Take} take */
  async function load(mine, take) {
    const asked = new AbortController();
    onTheirWay.set(take, asked);
    take.state = "loading";
    const from_ms = performance.now();
    try {
      const answer = await fetch(take.frame.url, { signal: asked.signal });
      if (!answer.ok) throw new Error(answer.statusText);
      const picture = await createImageBitmap(await answer.blob()).catch(() => asFarAsItGoes(take.frame.url));
      if (!onTheirWay.delete(take)) return picture.close(); // passed by meanwhile
      here.set(take, picture);
      mine.came(take, performance.now() - from_ms);
    } catch {
      if (onTheirWay.delete(take)) mine.failed(take);
    }
  }

  /** @param {Take} take */
  function drop(take) {
    onTheirWay.get(take)?.abort();
    onTheirWay.delete(take);
    here.get(take)?.close();
    here.delete(take);
  }
}

/** A picture whose end is missing: an image shows what there is of it, a bitmap is not made of it. @param {string} url */
async function asFarAsItGoes(url) {
  const image = new Image();
  await new Promise((resolve, reject) => {
    image.onload = resolve;
    image.onerror = reject;
    image.src = url;
  });
  const paper = Object.assign(document.createElement("canvas"), { width: image.naturalWidth, height: image.naturalHeight });
  paper.getContext("2d")?.drawImage(image, 0, 0);
  return createImageBitmap(paper);
}
