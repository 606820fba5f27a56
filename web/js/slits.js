// @ts-check
/** A camera's day under the picture: its light from midnight to midnight, and a mark where the frame is. Drag to any moment. */

/** @typedef {import("./api.js").Frame} Frame */
/** @typedef {import("./format.js").Calendar} Calendar */
/** @typedef {"earlier" | "later" | "nearest"} Towards which frame is meant: the last until the moment, the first from it, or the nearest */

const MINUTES = 1440;
const LAST = MINUTES - 0.001;
const REST_MS = 120; // a finger that rests asks for the frame there
const STEPS = { ArrowRight: 15, ArrowUp: 15, ArrowLeft: -15, ArrowDown: -15, PageUp: 120, PageDown: -120 }; // minutes

/**
 * @param {HTMLElement} element
 * @param {(moment: Date, towards: Towards) => void} onSeek
 * @param {(day: string) => boolean} [seesAllOf] of a day that is shared in part there is no picture
 */
export function slits(element, onSeek, seesAllOf = () => true) {
  const slider = /** @type {HTMLElement} */ (element.querySelector("[role=slider]"));
  const picture = /** @type {HTMLImageElement} */ (element.querySelector("img"));
  const mark = /** @type {HTMLElement} */ (element.querySelector(".mark"));
  const label = /** @type {HTMLElement} */ (element.querySelector(".mark span"));
  /** @type {Calendar} */ let calendar;
  let day = "";
  let minute = 0;
  let isDragging = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ let resting;

  picture.addEventListener("load", () => (picture.dataset.loaded = ""));
  slider.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    isDragging = true;
    element.dataset.dragging = "";
    slider.setPointerCapture(event.pointerId);
    follow(event);
  });
  slider.addEventListener("pointermove", (event) => isDragging && follow(event));
  slider.addEventListener("pointerup", () => {
    clearTimeout(resting);
    if (isDragging) onSeek(momentOf(minute), "nearest");
  });
  slider.addEventListener("lostpointercapture", () => {
    isDragging = false;
    delete element.dataset.dragging;
  });
  slider.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
    const step = STEPS[/** @type {keyof STEPS} */ (event.key)];
    const end = { Home: 0, End: MINUTES }[event.key];
    if (step === undefined && end === undefined) return;
    event.preventDefault();
    const to = Math.min(MINUTES, Math.max(0, end ?? minute + (step ?? 0)));
    onSeek(momentOf(to), to === 0 || (to < MINUTES && (step ?? 0) > 0) ? "later" : "earlier");
  });

  return {
    /** Show the day of *frame*. @param {Frame} frame @param {Calendar} of */
    show(frame, of) {
      calendar = of;
      day = calendar.day(frame.taken_at);
      const url = `/api/cameras/${encodeURIComponent(frame.camera)}/slits/${day}`;
      if (picture.getAttribute("src") !== url) {
        delete picture.dataset.loaded;
        if (seesAllOf(day)) picture.src = url;
        else picture.removeAttribute("src");
      }
      put(frame);
    },

    /** The frame is another, perhaps of another day. @param {Frame} frame */
    mark: put,

    /** Stop a download nobody waits for. */
    clear: () => picture.removeAttribute("src"),
  };

  /** @param {Frame} frame */
  function put(frame) {
    if (isDragging) return;
    mark.hidden = calendar.day(frame.taken_at) !== day;
    const [hours, minutes, seconds] = calendar.time(frame.taken_at).split(":").map(Number);
    minute = hours * 60 + minutes + seconds / 60;
    say(calendar.time(frame.taken_at));
  }

  /** @param {PointerEvent} event */
  function follow(event) {
    const box = slider.getBoundingClientRect();
    minute = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) * MINUTES;
    mark.hidden = false;
    say(calendar.time(momentOf(minute)).slice(0, 5));
    clearTimeout(resting);
    resting = setTimeout(() => onSeek(momentOf(minute), "nearest"), REST_MS);
  }

  /** @param {string} text */
  function say(text) {
    mark.style.insetInlineStart = `${((minute / MINUTES) * 100).toFixed(3)}%`;
    label.textContent = text;
    slider.setAttribute("aria-valuenow", String(Math.floor(minute)));
    slider.setAttribute("aria-valuetext", text);
  }

  /** When the clocks of this day stand at *minute*. @param {number} minute */
  function momentOf(minute) {
    const guess = calendar.startOf(day).getTime() + Math.min(minute, LAST) * 60_000;
    const [hours, minutes] = calendar.time(new Date(guess)).split(":").map(Number);
    const ahead = hours * 60 + minutes - Math.floor(Math.min(minute, LAST)); // where the clocks were changed since midnight
    return new Date(guess - (((ahead + 1.5 * MINUTES) % MINUTES) - MINUTES / 2) * 60_000);
  }
}
