// @ts-check
/** The head of the page: whose archive this is, how the page stands to it, today's date and the number of frames. */

/** @param {HTMLElement} element */
export function masthead(element) {
  /** @param {string} selector */
  const part = (selector) => /** @type {HTMLElement} */ (element.querySelector(selector));
  const [title, state, today, total] = ["h1", ".state", ".today", ".total"].map(part);
  return {
    /** @param {string} text */
    title: (text) => put(title, text),
    /** @param {string} text */
    state: (text) => put(state, text),
    /** @param {string} text @param {string} day */
    today: (text, day) => (put(today, text), today.setAttribute("datetime", day)),
    /** @param {string} text */
    total: (text) => put(total, text),
  };
}

/** @param {HTMLElement} element @param {string} text */
function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
