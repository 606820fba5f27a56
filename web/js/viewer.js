// @ts-check
/** One frame, large, with what is known of it and what can be done with it. A native dialog over the list. */

import { comparison as comparisonIn } from "./comparison.js";
import { copied } from "./copying.js";
import { facts as factsIn } from "./facts.js";
import { PACES } from "./film.js";
import { no } from "./format.js";
import { actOf } from "./keys.js";
import { slits as slitsIn } from "./slits.js";
import { stage as stageIn } from "./stage.js";
import * as words from "./words.js";

/** @typedef {import("./api.js").Frame} Frame */
/** @typedef {import("./format.js").Calendar} Calendar */
/** @typedef {import("./keys.js").Act} Act */
/**
 * @typedef {object} Listener
 * @property {(direction: "earlier" | "later") => void} onStep
 * @property {(id: number) => void} onClose
 * @property {(camera: string) => void} onAsk
 * @property {() => void} onPlay play, or stop
 * @property {(pace: number) => void} onPace
 * @property {(moment: Date, towards: import("./slits.js").Towards) => void} onSeek
 * @property {(day: string) => boolean} seesAllOf whether the reader may see all frames of a day
 * @property {() => void} onCompare begin to, or end
 */

const CLOSER = 1.5; // with each press of a key
const PUSH = 0.2; // of what is seen
const LINE = 0.05;

/** The viewer's own style sheet, which the first sight does not wait for; there when this is done. @type {() => Promise<unknown>} */
const dressed = (() => {
  /** @type {Promise<unknown> | undefined} */ let coming;
  return () => (coming ??= new Promise((done) => {
    const sheet = document.createElement("link");
    sheet.rel = "stylesheet";
    sheet.href = "/css/viewer.css";
    sheet.onload = sheet.onerror = done; // without it the viewer is plain, and works
    document.head.append(sheet);
  }));
})();

/** @param {HTMLTemplateElement} template @param {Listener} listener */
export function viewer(template, listener) {
  const dialog = /** @type {HTMLDialogElement} */ (/** @type {Element} */ (template.content.firstElementChild).cloneNode(true));
  /** @template {HTMLElement} T @param {string} selector @returns {T} */
  const part = (selector) => /** @type {T} */ (dialog.querySelector(selector));
  const room = part(".room");
  const ways = { earlier: part(".earlier"), later: part(".later") };
  const pace = /** @type {HTMLInputElement} */ (part(".pace input"));
  const wholeOnly = /** @type {HTMLInputElement} */ (part(".whole input"));
  const download = /** @type {HTMLAnchorElement} */ (part(".download"));
  const keys = part(".keys");
  const facts = factsIn(part(".facts"));
  const stage = stageIn(part(".stage"), {
    onSwipe: step,
    onDivide: (share) => comparison.divide(share),
    onBroken: () => note(words.unshown),
    mayZoom: () => dialog.scrollTop === 0,
  });
  const comparison = comparisonIn(part(".sides"), {
    onDivide: (share) => (stage.divide = share),
    onAlone: (side) => (stage.alone = side),
  });
  const slits = slitsIn(part(".slits"), listener.onSeek, listener.seesAllOf);
  /** @type {HTMLImageElement[]} */ const ahead = [new Image(), new Image()];
  /** @type {Frame | null} */ let shown = null;
  /** @type {Frame | null} */ let other = null;
  let isPlaying = false;
  for (const sign of ["pointerover", "focusin"]) addEventListener(sign, dressed, { once: true }); // soon it may be wanted

  /** @type {Record<Act, () => void>} */
  const acts = {
    earlier: () => step("earlier"),
    later: () => step("later"),
    play: () => other || listener.onPlay(),
    less: () => (other ? comparison.move(-LINE) : setPace(Number(pace.value) - 1)),
    more: () => (other ? comparison.move(LINE) : setPace(Number(pace.value) + 1)),
    compare: listener.onCompare,
    blink: () => (other ? blink(!comparison.isBlinking) : undefined),
    closer: () => stage.zoom(CLOSER),
    wider: () => stage.zoom(1 / CLOSER),
    whole: stage.whole,
    left: () => stage.push(PUSH, 0),
    right: () => stage.push(-PUSH, 0),
    up: () => stage.push(0, PUSH),
    down: () => stage.push(0, -PUSH),
    fill: fillScreen,
    facts: revealFacts,
    download: () => download.click(),
    copy: copyLink,
    keys: () => keys.togglePopover(),
    leave: () => (other ? listener.onCompare() : dialog.close()),
  };
  for (const button of dialog.querySelectorAll("[data-act]"))
    button.addEventListener("click", () => acts[/** @type {Act} */ (/** @type {HTMLElement} */ (button).dataset.act)]());
  window.addEventListener("keydown", (event) => {
    const act = dialog.open ? actOf(event) : null;
    if (!act || (act === "leave" && (keys.matches(":popover-open") || document.fullscreenElement))) return; // closed by the browser
    event.preventDefault();
    acts[act]();
  });
  // A button that was clicked has not the focus, and so not the next key.
  dialog.addEventListener("mousedown", (event) => /** @type {Element} */ (event.target).closest("[data-act], a") && event.preventDefault());
  pace.addEventListener("input", () => setPace(Number(pace.value)));
  part(".ask button").addEventListener("click", () => shown && listener.onAsk(shown.camera));
  part(".share").addEventListener("click", share);
  part(".share").hidden = !navigator.share;
  part(".fill").hidden = !document.fullscreenEnabled;
  document.addEventListener("fullscreenchange", () => (part(".fill span").textContent = words.fullScreen(Boolean(document.fullscreenElement))));
  dialog.addEventListener("close", () => {
    const id = shown?.id;
    shown = null;
    other = null;
    stage.clear();
    slits.clear();
    comparison.blink(false);
    for (const image of ahead) image.removeAttribute("src");
    if (document.fullscreenElement) document.exitFullscreen();
    if (id !== undefined) listener.onClose(id);
  });
  part(".keys dl").append(...words.keys.map(keyLine));
  sayPace(PACES.usual);

  return {
    /** The frame that is open; null when the viewer is closed. */
    get shown() {
      return shown;
    },
    get film() {
      return stage.film;
    },
    get pace() {
      return Number(pace.value);
    },
    get isWholeOnly() {
      return wholeOnly.checked;
    },

    /** Open *frame*, or put it in the place of the one that is open. @param {Frame} frame @param {Calendar} calendar */
    show(frame, calendar) {
      if (shown?.id !== frame.id) begin(frame);
      shown = frame;
      caption(frame, calendar);
      facts.show(frame, calendar);
      stage.show(frame, alt(frame, calendar));
      if (!other) slits.show(frame, calendar);
      if (!dialog.isConnected) template.after(dialog); // at the first sight of a frame: most pages show none
      if (!dialog.open) dressed().then(() => shown && !dialog.open && dialog.showModal());
    },

    /** What the camera said of itself with the frame; null while that is not known. @param {Record<string, unknown> | null} status */
    health: (status) => facts.health(status),

    /** Which ways there is something to see. @param {{ earlier: boolean, later: boolean }} there */
    ways(there) {
      for (const way of /** @type {const} */ (["earlier", "later"])) ways[way].setAttribute("aria-disabled", String(!there[way]));
    },

    /** Have the originals here before they are asked for. @param {(Frame | undefined)[]} frames */
    preload(frames) {
      frames.forEach((frame, at) => frame && ahead[at].getAttribute("src") !== frame.url && (ahead[at].src = frame.url));
    },

    /** Show *frame* beside the open one; null ends that. @param {Frame | null} frame @param {Calendar} calendar */
    compare(frame, calendar) {
      if (!shown) return;
      const hadFocus = part(".blink") === document.activeElement;
      other = frame;
      stage.compare(frame, frame ? alt(frame, calendar) : "");
      comparison.show(shown, frame, calendar);
      slits.show(frame ?? shown, calendar); // it is of the one that moves
      room.toggleAttribute("data-comparing", frame !== null);
      part(".compare span").textContent = words.compare(frame !== null);
      blink(comparison.isBlinking);
      if (!frame && hadFocus) part(".compare").focus();
    },

    /** A film runs, or has stopped. @param {boolean} isRunning */
    playing(isRunning) {
      isPlaying = isRunning;
      room.toggleAttribute("data-playing", isRunning);
      part(".caption").setAttribute("aria-live", isRunning ? "off" : "polite"); // nobody can listen that fast
      part(".play span").textContent = words.play(isRunning);
      if (isRunning) note("");
    },

    /** The film has come to *frame*. @param {Frame} frame @param {Calendar} calendar */
    run(frame, calendar) {
      shown = frame;
      caption(frame, calendar);
      slits.mark(frame);
    },

    /** What became of asking *camera*; nothing when another's frame is open by now.
     * @param {string} camera @param {string} text */
    asked(camera, text) {
      if (camera !== shown?.camera) return;
      part(".ask [role=status]").textContent = text;
      if (text) part(".ask").scrollIntoView({ block: "nearest" }); // on a phone it is the last line
    },

    note,
    close: () => (dialog.open ? dialog.close() : (shown = null)),
  };

  /** @param {Frame} frame */
  function begin(frame) {
    note("");
    part(".ask [role=status]").textContent = "";
    part(".ask button").textContent = words.askForShot(frame.camera);
    download.href = `${frame.url}?download=1`;
    if (!isPlaying) dialog.scrollTop = 0;
  }

  /** @param {Frame} frame @param {Calendar} calendar */
  function caption(frame, calendar) {
    part("h2").textContent = no(frame.id);
    part(".caption .camera").textContent = frame.camera;
    part(".taken").textContent = `${calendar.date(frame.taken_at)}, ${calendar.time(frame.taken_at)}`;
    part(".taken").setAttribute("datetime", frame.taken_at);
  }

  /** @param {Frame} frame @param {Calendar} calendar */
  function alt(frame, calendar) {
    return `${frame.camera}, ${calendar.date(frame.taken_at)}, ${calendar.time(frame.taken_at)}`;
  }

  /** @param {string} text */
  function note(text) {
    part(".note").textContent = text;
  }

  // -- what the reader does

  /** @param {"earlier" | "later"} direction */
  function step(direction) {
    if (ways[direction].getAttribute("aria-disabled") !== "true") listener.onStep(direction);
  }

  /** @param {number} to */
  function setPace(to) {
    sayPace(to);
    listener.onPace(Number(pace.value));
  }

  /** @param {number} to */
  function sayPace(to) {
    pace.value = String(to); // which keeps it between its ends
    const said = words.pace(Number(pace.value));
    part(".pace span").textContent = said;
    pace.setAttribute("aria-valuetext", said);
  }

  /** @param {boolean} isOn */
  function blink(isOn) {
    comparison.blink(isOn);
    part(".blink").setAttribute("aria-pressed", String(isOn));
  }

  function fillScreen() {
    if (document.fullscreenElement) document.exitFullscreen();
    else if (document.fullscreenEnabled) room.requestFullscreen().catch(() => note(words.noFullScreen));
  }

  function revealFacts() {
    const isHidden = room.toggleAttribute("data-plain");
    part(".reveal").setAttribute("aria-expanded", String(!isHidden));
  }

  async function copyLink() {
    note((await copied(location.href, room)) ? words.copied : words.notCopied(location.href));
  }

  function share() {
    navigator.share({ title: document.title, url: location.href }).catch(() => {}); // the reader thought better of it
  }
}

/** @param {[string[], string]} line @returns {HTMLElement} */
function keyLine([names, meaning]) {
  const line = document.createElement("div");
  const [keys, text] = [document.createElement("dt"), document.createElement("dd")];
  keys.append(...names.map((name) => Object.assign(document.createElement("kbd"), { textContent: name })));
  text.textContent = meaning;
  line.append(keys, text);
  return line;
}
