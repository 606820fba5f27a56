// @ts-check
/** One frame, large, with what is known of it. A native dialog over the list. */

import { digest, no } from "./format.js";
import * as words from "./words.js";

/** @typedef {import("./api.js").Frame} Frame */
/** @typedef {import("./format.js").Calendar} Calendar */

/**
 * @param {HTMLTemplateElement} template
 * @param {{ onStep: (direction: "earlier" | "later") => void, onClose: (id: number) => void, onAsk: (camera: string) => void }} listener
 */
export function viewer(template, { onStep, onClose, onAsk }) {
  const dialog = /** @type {HTMLDialogElement} */ (/** @type {Element} */ (template.content.firstElementChild).cloneNode(true));
  /** @template {HTMLElement} T @param {string} selector @returns {T} */
  const part = (selector) => /** @type {T} */ (dialog.querySelector(selector));
  const earlier = part(".earlier");
  const later = part(".later");
  const thumbnail = /** @type {HTMLImageElement} */ (part(".thumbnail"));
  const original = /** @type {HTMLImageElement} */ (part(".original"));
  /** @type {Frame | null} */ let shown = null;

  /** @param {"earlier" | "later"} direction */
  const step = (direction) => {
    if (part(`.${direction}`).getAttribute("aria-disabled") !== "true") onStep(direction);
  };
  earlier.addEventListener("click", () => step("earlier"));
  later.addEventListener("click", () => step("later"));
  part(".ask button").addEventListener("click", () => shown && onAsk(shown.camera));
  part(".close").addEventListener("click", () => dialog.close());
  window.addEventListener("keydown", (event) => {
    if (!dialog.open || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (event.key === "ArrowLeft") step("earlier");
    else if (event.key === "ArrowRight") step("later");
    else return;
    event.preventDefault();
  });
  original.addEventListener("load", () => (original.dataset.loaded = ""));
  original.addEventListener("error", () => (part(".note").textContent = words.unshown));
  for (const image of [thumbnail, original]) {
    image.addEventListener("error", () => (image.dataset.broken = ""));
    image.addEventListener("load", () => delete image.dataset.broken);
  }
  dialog.addEventListener("close", () => {
    const id = shown?.id;
    shown = null;
    original.removeAttribute("src"); // stop a download nobody waits for
    if (id !== undefined) onClose(id);
  });

  return {
    /** The id of the frame that is open; null when the viewer is closed. */
    get frame() {
      return shown?.id ?? null;
    },

    /** Open *frame*, or put it in the place of the one that is open. @param {Frame} frame @param {Calendar} calendar */
    show(frame, calendar) {
      if (shown?.id !== frame.id) picture(frame, calendar);
      shown = frame;
      caption(frame, calendar);
      facts(frame, calendar);
      if (!dialog.isConnected) template.after(dialog); // at the first sight of a frame: most pages show none
      if (!dialog.open) dialog.showModal();
    },

    /** Which ways there is something to see. @param {{ earlier: boolean, later: boolean }} ways */
    ways(ways) {
      earlier.setAttribute("aria-disabled", String(!ways.earlier));
      later.setAttribute("aria-disabled", String(!ways.later));
    },

    /** @param {string} text */
    note: (text) => void (part(".note").textContent = text),

    /** Whether readers may ask the camera for a frame. @param {boolean} may */
    mayAsk: (may) => void (part(".ask").hidden = !may),

    /** What became of asking *camera*; nothing when another's frame is open by now.
     * @param {string} camera @param {string} text */
    asked(camera, text) {
      if (camera !== shown?.camera) return;
      part(".ask [role=status]").textContent = text;
      if (text) part(".ask").scrollIntoView({ block: "nearest" }); // on a phone it is the last line
    },

    close: () => dialog.close(),
  };

  /** The thumbnail at once, the original over it when it is here. @param {Frame} frame @param {Calendar} calendar */
  function picture(frame, calendar) {
    part(".note").textContent = "";
    part(".ask [role=status]").textContent = "";
    part(".ask button").textContent = words.askForShot(frame.camera);
    dialog.style.setProperty("--ratio", String(frame.width && frame.height ? frame.width / frame.height : 4 / 3));
    delete original.dataset.loaded;
    thumbnail.src = frame.thumbnail_url;
    original.src = frame.url;
    original.alt = `${frame.camera}, ${calendar.date(frame.taken_at)}, ${calendar.time(frame.taken_at)}`;
    /** @type {HTMLAnchorElement} */ (part(".download")).href = `${frame.url}?download=1`;
    dialog.scrollTop = 0;
  }

  /** @param {Frame} frame @param {Calendar} calendar */
  function caption(frame, calendar) {
    part("h2").textContent = no(frame.id);
    part(".head .camera").textContent = frame.camera;
    part(".taken").textContent = `${calendar.date(frame.taken_at)}, ${calendar.time(frame.taken_at)}`;
    part(".taken").setAttribute("datetime", frame.taken_at);
  }

  /** @param {Frame} frame @param {Calendar} calendar */
  function facts(frame, calendar) {
    const sameDay = calendar.day(frame.taken_at) === calendar.day(frame.received_at);
    const received = calendar.exactTime(frame.received_at);
    const said = {
      taken: calendar.exactTime(frame.taken_at),
      source: words.source(frame),
      received: sameDay ? received : `${calendar.date(frame.received_at)}, ${received}`,
      delay: words.delay(frame),
      pixels: words.pixels(frame),
      bytes: words.bytes(frame.size_bytes),
      verdict: frame.verdict,
      digest: digest(frame.sha256),
      boot: frame.boot,
      number: words.numberInBoot(frame),
      name: frame.name,
    };
    for (const [fact, text] of Object.entries(said)) part(`[data-fact="${fact}"]`).textContent = text;
  }
}
