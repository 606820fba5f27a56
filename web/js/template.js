// @ts-check
/** A template's element, ready to be filled. */

/** @param {HTMLTemplateElement} template */
export function clone(template) {
  const element = /** @type {HTMLElement} */ (/** @type {Element} */ (template.content.firstElementChild).cloneNode(true));
  return {
    element,
    /** @template {HTMLElement} T @param {string} selector @returns {T} */
    part: (selector) => /** @type {T} */ (element.querySelector(selector)),
  };
}
