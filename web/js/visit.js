// @ts-check
/** Who looks at the page, and what that makes of it: the owner's way to the desk, a guest's way out, the end of either. */

import * as api from "./api.js";
import * as words from "./owner-words.js";

/** @typedef {import("./format.js").Calendar} Calendar */

const ASK_MS = 20_000;

/** @template {HTMLElement} T @param {string} selector @returns {T} */
const find = (selector) => /** @type {T} */ (document.querySelector(selector));

/** What needs a right is marked in the page (`data-needs`), and hidden by the style sheet from who has it not. */
export function visit() {
  const root = document.documentElement;
  const desk = document.querySelector("a.desk"); // the owner's desk has none of these two
  const guest = /** @type {HTMLElement | null} */ (document.querySelector(".guest"));
  const ended = find(".ended");
  /** The page may come with it. */
  const printed = root.dataset.visit ? /** @type {api.Visit} */ (JSON.parse(root.dataset.visit)) : null;
  const known = printed ? Promise.resolve(printed) : api.session().catch(() => null);
  /** @type {api.Visit | null} */ let visit = null;
  /** @type {Calendar} */ let calendar;
  let isEnded = false;
  let isAsking = false; // instead of being told
  let asked = 0;

  window.addEventListener(api.SIGNED_OUT, end);
  ended.querySelector("button")?.addEventListener("click", () => location.reload());
  guest?.querySelector("button")?.addEventListener("click", leave);

  return {
    /** Draw what is known of who looks; times are those of *of*. @param {Calendar} of */
    async greet(of) {
      calendar = of;
      if (visit === null) take(await known);
    },

    /** When the page is connected anew, who looks may be another by now, and other cameras may ask.
     * @param {import("./live.js").LiveState} state */
    stated(state) {
      isAsking = state === "asking";
      if (state === "live" || state === "asking") ask();
    },

    /** The connection lives. Who has to ask for changes is not told who asks to join, and asks for that too. */
    beat: () => void (isAsking && Date.now() - asked > ASK_MS && ask()),

    /** How many cameras ask to join. @param {number} cameras */
    joining(cameras) {
      if (visit) take({ ...visit, joining: cameras });
    },

    /** Whether all frames may be seen, and how cameras fare. */
    get seesAll() {
      return visit !== null && (visit.right === "see_all" || visit.right === "run");
    },

    /** Whether a day is not cut short by what is shared. @param {string} day @param {Date} begin @param {Date} end */
    seesAllOf(day, begin, end) {
      const { after = null, before = null } = visit ?? {};
      return (after === null || Date.parse(after) <= begin.getTime()) && (before === null || Date.parse(before) >= end.getTime());
    },
  };

  async function ask() {
    if (visit?.right !== "run" && !isEnded) return; // nobody else becomes less without being turned out
    asked = Date.now();
    try {
      take(await api.session());
    } catch {
      // what was known stands until the next time
    }
  }

  /** @param {api.Visit | null} now */
  function take(now) {
    if (now === null) return;
    const before = visit;
    visit = now;
    root.dataset.right = now.right;
    if (desk) name(desk, now.joining);
    if (guest) guest.hidden = now.share === null;
    if (guest && now.share !== null) put(guest, words.sharedWithYou(now, calendar));
    if (now.right === "none" || (before?.right === "run" && now.right !== "run")) end();
    else show(false);
  }

  function end() {
    put(ended, (visit ?? printed)?.share == null ? words.signedOut : words.shareEnded); // it may end before all is there
    show(true);
  }

  /** Over everything, the viewer too. @param {boolean} is */
  function show(is) {
    isEnded = is;
    ended.togglePopover(is);
  }

  async function leave() {
    try {
      await api.leave();
      location.assign("/");
    } catch (error) {
      if (guest) put(guest, words.notLeft(error));
    }
  }
}

/** @param {Element} desk @param {number} joining */
function name(desk, joining) {
  if (desk.ariaLabel === words.desk(joining)) return;
  desk.ariaLabel = words.desk(joining);
  desk.toggleAttribute("data-asks", joining > 0);
  desk.textContent = words.desk(joining);
  if (joining === 0) return;
  const [number, noun, rest] = words.askers(joining);
  const wide = document.createElement("span");
  wide.textContent = `${noun} `;
  desk.replaceChildren(`${number} `, wide, rest);
}

/** @param {HTMLElement} element @param {string} text */
function put(element, text) {
  const span = /** @type {HTMLElement} */ (element.querySelector("span"));
  if (span.textContent !== text) span.textContent = text;
}
