// @ts-check
/** Something that is shown once, a link or a key: to be copied, or handed on. */

import { copied } from "./copying.js";
import { clone } from "./template.js";
import * as words from "./owner-words.js";

/** @param {HTMLElement} place where it is shown @param {HTMLTemplateElement} template */
export function once(place, template) {
  return {
    /** @param {string} text @param {{ said: string, hint?: string, mayShare?: boolean }} how */
    show(text, { said, hint = "", mayShare = false }) {
      const { element, part } = clone(template);
      part(".sentence").textContent = said;
      part("code").textContent = text;
      part(".hint").textContent = hint;
      element.setAttribute("aria-label", said);
      const share = part(".share");
      share.hidden = !(mayShare && navigator.share);
      share.addEventListener("click", () => navigator.share({ url: text }).catch(() => {})); // who changes his mind shares nothing
      part(".copy").addEventListener("click", async () => {
        part(".copied").textContent = (await copied(text, element)) ? words.isCopied : words.copyByHand;
      });
      part(".close").addEventListener("click", () => {
        element.remove();
        /** @type {HTMLElement | null} */ (place.closest("section")?.querySelector("h3"))?.focus();
      });
      place.replaceChildren(element);
      part(".copy").focus();
      element.scrollIntoView({ block: "nearest" });
    },
    clear: () => place.replaceChildren(),
  };
}
