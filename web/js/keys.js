// @ts-check
/** What each key does in the viewer. Pure. */

/** @typedef {"earlier" | "later" | "play" | "less" | "more" | "compare" | "blink" | "closer" | "wider" | "whole" | "left" | "right" | "up" | "down" | "fill" | "facts" | "download" | "copy" | "keys" | "leave"} Act */

/** @type {Record<string, Act>} */
const PLAIN = {
  ArrowLeft: "earlier", ArrowRight: "later", " ": "play",
  "<": "less", ",": "less", ">": "more", ".": "more", // on some keyboards the second of each needs no Shift
  s: "compare", b: "blink",
  "+": "closer", "=": "closer", "-": "wider", 0: "whole",
  f: "fill", i: "facts", d: "download", c: "copy", "?": "keys", Escape: "leave",
};

/** @type {Record<string, Act>} */
const SHIFTED = { ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down" };

const ENTERED = "input, select, textarea, [role=slider]"; // these have a use for arrows of their own
const PRESSED = "button, a, summary, input"; // and these for the space bar

/** @param {KeyboardEvent} event @returns {Act | null} */
export function actOf(event) {
  if (event.altKey || event.ctrlKey || event.metaKey) return null;
  const target = /** @type {Element | null} */ (event.target instanceof Element ? event.target : null);
  if (target?.matches(ENTERED) && event.key.startsWith("Arrow")) return null;
  if (target?.matches(PRESSED) && event.key === " ") return null;
  return (event.shiftKey && SHIFTED[event.key]) || PLAIN[event.key] || PLAIN[event.key.toLowerCase()] || null;
}
