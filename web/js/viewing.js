// @ts-check
/** Which frames the viewer shows: the one in the address, those beside it, a film of what follows, another to compare. */

import * as address from "./address.js";
import * as api from "./api.js";
import { time } from "./catalog.js";
import { no } from "./format.js";
import { projector as projectorOn } from "./projector.js";
import { viewer as viewerIn } from "./viewer.js";
import * as words from "./words.js";

/** @typedef {api.Frame} Frame */
/** @typedef {import("./catalog.js").Catalog} Catalog */
/** @typedef {import("./format.js").Calendar} Calendar */
/** @typedef {"earlier" | "later"} Direction */
/**
 * @typedef {object} List What the viewer stands over.
 * @property {() => Catalog} catalog
 * @property {() => Calendar} calendar
 * @property {(end: "newer" | "older") => Promise<void>} fetchMore
 * @property {() => void} draw
 * @property {(id: number) => void} focus
 * @property {ReturnType<typeof import("./problem.js").problem>} problem
 * @property {(day: string) => boolean} seesAllOf
 */

const REST_MS = 150; // a reader who steps fast asks for no more than pictures
const BESIDE_FRAMES = 10;
const FILM_FRAMES = 200;
const PAGES_MAX = 20; // of answers that may be empty, where a choice matches little

/** @param {HTMLTemplateElement} template @param {List} list */
export function viewing(template, { catalog, calendar, fetchMore, draw, focus, problem, seesAllOf }) {
  const viewer = viewerIn(template, { onStep: step, onClose: closed, onAsk: askForShot, onPlay: togglePlay, onPace, onSeek: seek, onCompare: toggleCompare, seesAllOf });
  const projector = projectorOn(viewer.film, { onFrame: (frame) => viewer.run(frame, calendar()), onEnd: filmEnded });
  /** Compared with the open one. @type {Frame | null} */ let other = null;
  /** Those beside the one that moves, where the list does not know them. @type {Partial<Record<Direction, Frame | null>>} */ let beside = {};
  let seeking = 0; // what an earlier one asked for comes too late
  let opened = 0; // the row it was opened from
  /** @type {ReturnType<typeof setTimeout> | undefined} */ let resting;

  return {
    /** The id of the frame that is open; null when none is. */
    get frame() {
      return viewer.shown?.id ?? null;
    },

    open,
    follow,
    ways,
    /** @param {api.Change} change */
    hear({ type, data }) {
      if (type === "frame") viewer.asked(data.camera, ""); // it has been in contact
      if (!viewer.shown || data?.id !== viewer.shown.id || projector.isPlaying) return;
      if (type === "frame-changed") viewer.show(data, calendar());
      if (type === "frame-deleted") viewer.note(words.deleted);
    },
  };

  // -- the frame in the address

  /** @param {number} id */
  function open(id) {
    opened = id;
    history.pushState({ over: "list" }, "", address.ofFrame(id));
    follow();
  }

  /** Show what the address says. @param {Frame[]} known frames it may be */
  async function follow(...known) {
    const id = address.frame();
    if (id === null) return viewer.shown !== null && viewer.close();
    if (id !== viewer.shown?.id || projector.isPlaying) {
      try {
        const frame = known.find((one) => one.id === id) ?? catalog().find(id) ?? (await api.frame(id));
        if (address.frame() !== id) return; // the reader has gone on meanwhile
        stop();
        show(frame);
      } catch (error) {
        history.replaceState(null, "", address.ofFrame(null));
        return problem.say(words.frameFailed(no(id), error));
      }
    }
    await followComparison(...known);
  }

  /** @param {Frame} frame */
  function show(frame) {
    viewer.health(null);
    viewer.show(frame, calendar());
    beside = {};
    draw();
    clearTimeout(resting);
    resting = setTimeout(() => (askHealth(frame), lookBeside()), REST_MS);
  }

  /** @param {Frame} frame */
  async function askHealth(frame) {
    try {
      const { status } = await api.frame(frame.id);
      if (viewer.shown?.id === frame.id && !projector.isPlaying) viewer.health(status ?? {});
    } catch {
      // the other facts stand without it
    }
  }

  /** Find out what is beside the one that moves, and have it here before it is asked for. */
  async function lookBeside() {
    const moving = other ?? viewer.shown;
    if (!moving || projector.isPlaying) return;
    for (const direction of /** @type {const} */ (["earlier", "later"])) {
      if (other || !inList(moving)) await askBeside(moving, direction);
      if (moving !== (other ?? viewer.shown)) return;
    }
    viewer.preload([knownBeside(moving, "earlier"), knownBeside(moving, "later")]);
  }

  /** @param {number} id the frame that was open */
  function closed(id) {
    stop();
    other = null;
    if (address.frame() !== null) {
      if (history.state?.over === "list") history.back();
      else history.replaceState(null, "", address.ofFrame(null));
    }
    draw();
    focus(catalog().find(id) ? id : opened);
  }

  // -- the frames beside it

  /** @param {Direction} direction */
  async function step(direction) {
    const open = viewer.shown;
    if (!open) return;
    if (projector.isPlaying) return halt();
    const moving = other ?? open;
    const to = await next(moving, direction);
    if (viewer.shown !== open || moving !== (other ?? open)) return;
    if (!to) return ways();
    goTo(to);
  }

  /** Let the one that moves be *to*. @param {Frame} to */
  function goTo(to) {
    const open = viewer.shown;
    history.replaceState(history.state, "", other && open ? address.ofFrame(open.id, to.id) : address.ofFrame(to.id));
    follow(to);
  }

  /** Go to a moment of the day. @param {Date} moment @param {import("./slits.js").Towards} towards */
  async function seek(moment, towards) {
    const open = viewer.shown;
    if (!open) return;
    if (projector.isPlaying) halt();
    const mine = ++seeking;
    const at = { taken_at: moment.toISOString(), id: -1 };
    try {
      const [earlier, later] = await Promise.all([
        towards === "later" ? null : nearest(at, "earlier", open.camera),
        towards === "earlier" ? null : nearest(at, "later", open.camera),
      ]);
      if (mine !== seeking || viewer.shown === null) return;
      const to = [earlier, later].filter((found) => found !== null).sort((a, b) => Math.abs(time(a) - moment.getTime()) - Math.abs(time(b) - moment.getTime()))[0];
      if (to && (other || to.id !== open.id)) goTo(to);
      else viewer.show(open, calendar()); // the mark goes back to it
    } catch (error) {
      viewer.note(words.listFailed(error));
    }
  }

  /** @param {Frame} frame @param {Direction} direction */
  async function next(frame, direction) {
    if (other || !inList(frame)) return (await askBeside(frame, direction)) ?? undefined;
    const end = direction === "earlier" ? "older" : "newer";
    if (!knownBeside(frame, direction) && catalog()[end] !== null) await fetchMore(end);
    return knownBeside(frame, direction) ?? (await askBeside(frame, direction)) ?? undefined;
  }

  /** @param {Frame} frame @param {Direction} direction */
  function knownBeside(frame, direction) {
    return (!other && inList(frame) ? catalog().beside(frame.id)[direction] : undefined) ?? beside[direction] ?? undefined;
  }

  /** @param {Frame} frame */
  function inList({ id }) {
    return catalog().find(id) !== undefined;
  }

  /** Ask the archive; in a comparison only for frames of the same camera. @param {Frame} frame @param {Direction} direction */
  async function askBeside(frame, direction) {
    const known = beside[direction];
    if (known !== undefined) return known;
    const among = other ? frame.camera : null;
    const except = other ? viewer.shown?.id : undefined;
    const open = viewer.shown;
    try {
      const found = await nearest(frame, direction, among, except);
      if (viewer.shown !== open || frame !== (other ?? open)) return found;
      beside[direction] = found;
      ways();
      return found;
    } catch (error) {
      viewer.note(words.listFailed(error));
      return null;
    }
  }

  /** The frame next to *frame* in time; null when there is none.
   * @param {{ taken_at: string, id: number }} frame @param {Direction} direction @param {string | null} camera @param {number} [except] */
  async function nearest(frame, direction, camera, except) {
    const pages = direction === "earlier" ? before(frame, camera) : after(frame, camera);
    for (let turn = 0; turn < PAGES_MAX; turn += 1) {
      const frames = await pages(BESIDE_FRAMES);
      if (frames === null) return null;
      const found = frames.find(({ id }) => id !== except);
      if (found) return found;
    }
    return null;
  }

  /** Tell which ways there is something to see. */
  function ways() {
    const open = viewer.shown;
    if (!open) return;
    if (projector.isPlaying) return viewer.ways({ earlier: true, later: true }); // both stop the film
    const { newer, older, waitingCount } = catalog();
    const isListed = !other && inList(open);
    const moving = other ?? open;
    viewer.ways({
      earlier: isListed ? older !== null || knownBeside(moving, "earlier") !== undefined : beside.earlier !== null,
      later: isListed ? newer !== null || waitingCount > 0 || knownBeside(moving, "later") !== undefined : beside.later !== null,
    });
  }

  // -- film

  async function togglePlay() {
    if (projector.isPlaying) return halt();
    const from = viewer.shown;
    if (!from) return;
    let pages = after(from, from.camera, film());
    try {
      let first = await pages(FILM_FRAMES);
      if (first === null) {
        // Nothing follows on the newest: its day, from the beginning until it.
        const midnight = calendar().startOf(calendar().day(from.taken_at)).toISOString();
        pages = after({ taken_at: midnight, id: -1 }, from.camera, { ...film(), before: afterIt(from) });
        first = await pages(FILM_FRAMES);
        if (first === null || first.every(({ id }) => id === from.id)) return viewer.note(words.noFilm);
      }
      if (viewer.shown !== from || projector.isPlaying) return;
      clearTimeout(resting);
      viewer.playing(true);
      projector.play(from, viewer.pace, async () => {
        const given = first;
        first = null;
        return given ?? pages(FILM_FRAMES);
      });
      ways();
    } catch (error) {
      viewer.note(words.listFailed(error));
    }
  }

  /** What of the list is in a film. @returns {Record<string, string>} */
  function film() {
    const chosen = new URLSearchParams(address.choice()).get("verdict");
    return viewer.isWholeOnly && !chosen ? { verdict: "whole" } : {};
  }

  /** @param {number} pace */
  function onPace(pace) {
    projector.pace = pace;
  }

  /** @param {unknown} [error] */
  function filmEnded(error) {
    halt();
    viewer.note(error ? words.listFailed(error) : words.filmEnded);
  }

  /** Stop the film at the frame it has come to. */
  function halt() {
    const frame = viewer.shown;
    stop();
    if (!frame) return;
    history.replaceState(history.state, "", address.ofFrame(frame.id));
    show(frame);
  }

  function stop() {
    projector.stop();
    viewer.playing(false);
  }

  // -- comparison

  async function toggleCompare() {
    const open = viewer.shown;
    if (!open) return;
    if (projector.isPlaying) halt();
    if (other) {
      history.replaceState(history.state, "", address.ofFrame(open.id));
      return follow();
    }
    try {
      const before = await nearest(open, "earlier", open.camera);
      const frame = before ?? (await nearest(open, "later", open.camera));
      if (viewer.shown !== open || other) return;
      if (!frame) return viewer.note(words.noOther(open.camera));
      history.replaceState(history.state, "", address.ofFrame(open.id, frame.id));
      follow(frame);
    } catch (error) {
      viewer.note(words.listFailed(error));
    }
  }

  /** @param {Frame[]} known */
  async function followComparison(...known) {
    const id = address.compared();
    if (id === (other?.id ?? null)) return;
    try {
      const frame = id === null ? null : known.find((one) => one.id === id) ?? catalog().find(id) ?? (await api.frame(id));
      if (address.compared() !== id) return;
      other = frame;
      beside = {};
      viewer.compare(frame, calendar());
      ways();
      lookBeside();
    } catch (error) {
      viewer.note(words.frameFailed(no(Number(id)), error));
    }
  }

  // -- asking

  /** @param {string} camera */
  async function askForShot(camera) {
    try {
      const { is_new } = await api.shot(camera);
      viewer.asked(camera, words.shotAsked(camera, is_new));
    } catch (error) {
      viewer.asked(camera, words.shotFailed(camera, error));
    }
  }

  /** Pages of what comes after *frame* in this list, of *camera* only. @param {{ taken_at: string, id: number }} frame @param {string | null} camera @param {Record<string, string>} [more] */
  function after(frame, camera, more) {
    return pagesOf({ ...only(camera), ...more, order: "oldest", after: frame.taken_at }, (one) => time(one) - Date.parse(frame.taken_at) || one.id - frame.id);
  }

  /** @param {{ taken_at: string, id: number }} frame @param {string | null} camera */
  function before(frame, camera) {
    return pagesOf({ ...only(camera), before: afterIt(frame) }, (one) => Date.parse(frame.taken_at) - time(one) || frame.id - one.id);
  }
}

/** A moment later than *frame*, so that others of its moment are among what was before. @param {{ taken_at: string }} frame */
const afterIt = (frame) => new Date(Date.parse(frame.taken_at) + 1).toISOString();

/** @param {string | null} camera @returns {Record<string, string>} */
const only = (camera) => (camera === null ? {} : { camera });

/** The pages of a question, each in its turn; null after the last. @param {Record<string, string>} asked @param {(frame: Frame) => number} isBeyond above 0: it is in them */
function pagesOf(asked, isBeyond) {
  /** @type {string | null} */ let next = `?${new URLSearchParams({ ...Object.fromEntries(new URLSearchParams(address.choice())), ...asked })}`;
  /** @param {number} limit @returns {Promise<Frame[] | null>} */
  return async (limit) => {
    for (let turn = 0; next !== null && turn < PAGES_MAX; turn += 1) {
      const page = await api.frames(next, limit);
      next = page.next && new URL(page.next, location.origin).search;
      const frames = page.frames.filter((frame) => isBeyond(frame) > 0);
      if (frames.length > 0) return frames;
    }
    return next === null ? null : [];
  };
}
