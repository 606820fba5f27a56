// @ts-check
/** What is read aloud of what happens by itself: one sentence at a time, however fast things happen. */

import * as words from "./words.js";

const PAUSE_MS = 3_000;

/** Says at most one sentence each three seconds. @param {HTMLElement} element */
export function status(element) {
  let sentence = "";
  let arrived = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ let pause;

  function speak() {
    pause = undefined;
    const text = sentence || (arrived ? words.newFrames(arrived) : "");
    if (!text) return;
    if (sentence) sentence = "";
    else arrived = 0;
    element.textContent = text;
    pause = setTimeout(speak, PAUSE_MS);
  }

  return {
    /** Of sentences that come too fast only the last is said. @param {string} text */
    say(text) {
      sentence = text;
      if (pause === undefined) speak();
    },

    /** Frames that come too fast are counted and said together. */
    frameArrived() {
      arrived += 1;
      if (pause === undefined) speak();
    },
  };
}
