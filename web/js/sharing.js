// @ts-check
/** Share links: making one, what each of them shows and until when, and taking it back. */

import * as owner from "./owner.js";
import { once as onceIn } from "./once.js";
import { sure } from "./sure.js";
import { clone } from "./template.js";
import { dayAfter } from "./timeline.js";
import * as words from "./owner-words.js";

/** @typedef {import("./format.js").Calendar} Calendar */

const DAY_MS = 86_400_000;

/** @param {HTMLElement} section
 * @param {{ calendar: () => Calendar, linkTo: (secret: string) => string, isOnlyHere: () => boolean, templates: Record<"row" | "sure" | "once", HTMLTemplateElement> }} desk */
export function sharing(section, { calendar, linkTo, isOnlyHere, templates }) {
  /** @param {string} selector */
  const part = (selector) => /** @type {HTMLElement} */ (section.querySelector(selector));
  const form = /** @type {HTMLFormElement} */ (part("form"));
  const camera = /** @type {HTMLSelectElement} */ (part("[name=camera]"));
  const once = onceIn(part(".made"), templates.once);

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    make();
  });

  return {
    learn,

    /** The cameras there are. @param {string[]} ids */
    cameras(ids) {
      const known = new Set([...camera.options].map(({ value }) => value));
      for (const id of ids) if (!known.has(id)) camera.add(new Option(id, id));
    },
  };

  async function learn() {
    const { shares } = await owner.shares();
    const [good, past] = [shares.filter(({ is_good }) => is_good), shares.filter(({ is_good }) => !is_good)];
    part(":scope > div > .links").replaceChildren(...good.map(row));
    part(".past .links").replaceChildren(...past.map(row));
    part(".past").hidden = past.length === 0;
    part(".past summary").textContent = words.pastLinks(past.length);
  }

  async function make() {
    part(".wrong").textContent = "";
    const asked = new FormData(form);
    const [label, from, to, lasts] = ["label", "from", "to", "lasts"].map((name) => String(asked.get(name)).trim());
    try {
      const { share, secret } = await owner.share({
        label,
        camera: camera.value || null,
        after: from ? calendar().startOf(from).toISOString() : null,
        before: to ? calendar().startOf(dayAfter(to, 1)).toISOString() : null,
        expires_at: lasts ? new Date(Date.now() + Number(lasts) * DAY_MS).toISOString() : null,
      });
      form.reset();
      once.show(linkTo(secret), { said: words.shareMade(share, calendar()), hint: isOnlyHere() ? words.onlyHere : "", mayShare: true });
      await learn();
    } catch (error) {
      part(".wrong").textContent = words.notDone(error);
    }
  }

  /** @param {owner.Share} share */
  function row(share) {
    const { element, part: of } = clone(templates.row);
    const label = share.label || words.nameless(share.no);
    of(".what").textContent = label;
    of(".more").textContent = words.scope(share, calendar());
    of(".when").textContent = words.standing(share, calendar());
    if (share.is_good)
      of(".ways-out").append(
        sure(templates.sure, {
          label: words.revoke,
          of: label,
          really: words.reallyRevokeShare,
          yes: words.revoke,
          act: () => owner.revokeShare(share.no).then(learn).then(() => part("h3").focus()),
        }),
      );
    return element;
  }
}
