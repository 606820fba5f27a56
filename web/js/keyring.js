// @ts-check
/** The keys of the cameras: which there are, when each was last used, one more, and one less. */

import * as owner from "./owner.js";
import { once as onceIn } from "./once.js";
import { sure } from "./sure.js";
import { clone } from "./template.js";
import * as words from "./owner-words.js";

/** @typedef {import("./format.js").Calendar} Calendar */

const KEYS_MAX = 2; // that are good at once

/** @param {HTMLElement} section
 * @param {{ calendar: () => Calendar, templates: Record<"row" | "sure" | "once" | "keys", HTMLTemplateElement> }} desk */
export function keyring(section, { calendar, templates }) {
  /** @param {string} selector */
  const part = (selector) => /** @type {HTMLElement} */ (section.querySelector(selector));
  /** @type {Map<string, { learn: () => Promise<void> }>} */ const rings = new Map();

  return {
    /** The cameras there are; their keys are asked for when they are looked at. @param {string[]} ids */
    cameras(ids) {
      for (const id of ids) if (!rings.has(id)) rings.set(id, ring(id));
      part(".nobody").hidden = rings.size > 0;
    },

    /** Those that are looked at, again. */
    learn: () => Promise.all([...rings.values()].map((ring) => ring.learn())),
  };

  /** @param {string} camera */
  function ring(camera) {
    const { element, part: of } = clone(templates.keys);
    const details = /** @type {HTMLDetailsElement} */ (element);
    const once = onceIn(of(".made"), templates.once);
    let allowed = 0; // keys
    of("summary").textContent = camera;
    of(".rows").setAttribute("aria-label", words.keysOf(camera));
    details.addEventListener("toggle", () => attempt(learn));
    of("button.more").addEventListener("click", () =>
      attempt(async () => {
        const { key } = await owner.makeKey(camera);
        once.show(key, { said: words.keyMade(camera), hint: words.keyHint(allowed) });
        await learn();
      }),
    );
    part(".cameras").append(element);
    return { learn };

    async function learn() {
      if (!details.open) return;
      const { keys } = await owner.keys(camera);
      const good = keys.filter(({ revoked_at }) => revoked_at === null);
      of(".rows").replaceChildren(...[...good, ...keys.filter((key) => !good.includes(key))].map(row));
      allowed = good.length;
      of("button.more").textContent = words.makeKey(allowed);
      of("button.more").hidden = allowed >= KEYS_MAX;
      of(".rows + p .hint").textContent = allowed >= KEYS_MAX ? words.keysEnough : "";
    }

    /** @param {owner.Key} key */
    function row(key) {
      const { element, part: of } = clone(templates.row);
      of(".what").textContent = words.keyName(key.key);
      of(".more").textContent = key.revoked_at === null ? words.keyUsed(key.used_at, Date.now()) : "";
      of(".when").textContent = words.keyStanding(key, calendar());
      element.toggleAttribute("data-past", key.revoked_at !== null);
      if (key.revoked_at === null)
        of(".ways-out").append(
          sure(templates.sure, {
            label: words.revoke,
            of: words.keyName(key.key),
            really: words.reallyRevokeKey(camera),
            yes: words.revoke,
            act: () => owner.revokeKey(camera, key.key).then(learn).then(() => /** @type {HTMLElement} */ (details.querySelector("summary")).focus()),
          }),
        );
      return element;
    }

    /** @param {() => Promise<unknown>} act */
    async function attempt(act) {
      /** @type {HTMLElement} */ const wrong = of(":scope > .wrong");
      wrong.textContent = "";
      try {
        await act();
      } catch (error) {
        wrong.textContent = words.notDone(error);
      }
    }
  }
}
