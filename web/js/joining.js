// @ts-check
/** The cameras that ask to join: who they say they are, by what their owner knows them, and letting them in. */

import * as owner from "./owner.js";
import { clone } from "./template.js";
import * as words from "./owner-words.js";

/** @typedef {import("./format.js").Calendar} Calendar */
/** @typedef {{ element: HTMLElement, draw: (asking: owner.Asking) => void }} Asker */

/** @param {HTMLElement} section @param {HTMLTemplateElement} template
 * @param {{ calendar: () => Calendar, cameras: () => string[], onLetIn: () => void }} desk */
export function joining(section, template, desk) {
  /** @param {string} selector */
  const part = (selector) => /** @type {HTMLElement} */ (section.querySelector(selector));
  /** By the public part of its key. @type {Map<string, Asker>} */ const askers = new Map();
  let turn = 0; // of the list: an earlier one comes too late

  return { learn };

  async function learn() {
    const mine = ++turn;
    const { cameras } = await owner.joining();
    if (mine === turn) show(cameras);
  }

  /** @param {owner.Asking[]} cameras */
  function show(cameras) {
    const keys = new Set(cameras.map(({ key }) => key));
    for (const [key, { element }] of askers) if (!keys.has(key)) (element.remove(), askers.delete(key));
    for (const asking of cameras) {
      const asker = askers.get(asking.key) ?? askerFor(asking);
      asker.draw(asking);
    }
    part(".nobody").hidden = cameras.length > 0;
  }

  /** @param {owner.Asking} asking @returns {Asker} */
  function askerFor({ key, ending, camera }) {
    const { element, part: of } = clone(template);
    const form = /** @type {HTMLFormElement} */ (of("form"));
    const id = /** @type {HTMLInputElement} */ (of("[name=id]"));
    of("h4").textContent = camera;
    of("h4").id = `asker-${key}`;
    element.setAttribute("aria-labelledby", `asker-${key}`);
    of(".ending [aria-hidden]").textContent = ending;
    of(".ending .unseen").textContent = words.spelled(ending);
    id.value = camera;
    id.addEventListener("input", hint);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      decide(() => owner.letIn(key, id.value.trim()).then((let_in) => (desk.onLetIn(), words.letIn(let_in.camera))));
    });
    of(".refuse").addEventListener("click", () => decide(() => owner.refuse(key).then(() => words.refused(camera))));
    hint();

    const asker = {
      element,
      /** @param {owner.Asking} asking */
      draw(asking) {
        of(".whence").textContent = words.whence(asking);
        of(".since").textContent = words.askingSince(asking.since, desk.calendar());
        hint();
      },
    };
    askers.set(key, asker);
    part(".askers").append(element);
    return asker;

    /** What a name means that there is already. */
    function hint() {
      const name = id.value.trim();
      of(".hint").textContent = desk.cameras().includes(name) ? words.secondKey(name) : "";
    }

    /** @param {() => Promise<string>} act */
    async function decide(act) {
      of(".wrong").textContent = "";
      try {
        const said = await act();
        element.remove();
        askers.delete(key);
        part(".done").textContent = said;
        part("h3").focus(); // not the next camera's button: nobody shall let in two by pressing twice
        await learn();
      } catch (error) {
        of(".wrong").textContent = words.notDone(error);
      }
    }
  }
}
