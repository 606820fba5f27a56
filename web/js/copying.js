// @ts-check
/** Puts a text on the clipboard. */

/** Whether it is there. Browsers have a clipboard for pages that came safely; the others are asked the old way.
 * @param {string} text @param {HTMLElement} near an element that is not inert */
export async function copied(text, near) {
  if (!navigator.clipboard) return copiedBySelection(text, near);
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copiedBySelection(text, near);
  }
}

/** @param {string} text @param {HTMLElement} near */
function copiedBySelection(text, near) {
  const focused = /** @type {HTMLElement | null} */ (document.activeElement);
  const field = document.createElement("textarea");
  field.value = text;
  near.append(field);
  field.select();
  const isCopied = document.execCommand("copy");
  field.remove();
  focused?.focus({ preventScroll: true });
  return isCopied;
}
