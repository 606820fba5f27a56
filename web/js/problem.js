// @ts-check
/** The one sentence that says what went wrong, and the button that tries again. */

/** @param {HTMLElement} element */
export function problem(element) {
  const sentence = /** @type {HTMLElement} */ (element.querySelector("span"));
  const button = /** @type {HTMLButtonElement} */ (element.querySelector("button"));
  /** @type {(() => void) | undefined} */ let again;
  button.addEventListener("click", () => again?.());
  return {
    /** @param {string} text @param {() => void} [tryAgain] what the button does; without it there is none */
    say(text, tryAgain) {
      sentence.textContent = text;
      again = tryAgain;
      button.hidden = !tryAgain;
    },
    clear() {
      sentence.textContent = "";
      button.hidden = true;
    },
  };
}
