// @ts-check
/** A button that asks once more, in its place, before it does what cannot be taken back. */

import { clone } from "./template.js";
import * as words from "./owner-words.js";

/** @param {HTMLTemplateElement} template
 * @param {{ label: string, of: string, really: string, yes: string, act: () => Promise<unknown> }} what `of` says what it is about */
export function sure(template, { label, of, really, yes, act }) {
  const { element, part } = clone(template);
  const [ask, group, no] = [part(".ask"), part(".really"), part(".no")];
  ask.textContent = label;
  ask.setAttribute("aria-label", `${label}: ${of}`);
  part(".really span").textContent = really;
  group.setAttribute("aria-label", really);
  part(".yes").textContent = yes;
  ask.addEventListener("click", () => turn(true));
  no.addEventListener("click", () => turn(false));
  group.addEventListener("keydown", (event) => event.key === "Escape" && turn(false));
  part(".yes").addEventListener("click", async () => {
    part(".wrong").textContent = "";
    try {
      await act();
    } catch (error) {
      turn(false);
      part(".wrong").textContent = words.notDone(error);
    }
  });
  return element;

  /** @param {boolean} isAsking */
  function turn(isAsking) {
    ask.hidden = isAsking;
    group.hidden = !isAsking;
    (isAsking ? no : ask).focus(); // the harmless one
  }
}
