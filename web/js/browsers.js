// @ts-check
/** The browsers in which the owner is signed in, a link for one more, and the password. */

import * as api from "./api.js";
import * as owner from "./owner.js";
import { once as onceIn } from "./once.js";
import { sure } from "./sure.js";
import { clone } from "./template.js";
import * as words from "./owner-words.js";

/** @typedef {import("./format.js").Calendar} Calendar */

/** @param {HTMLElement} section
 * @param {{ calendar: () => Calendar, linkTo: (secret: string) => string, isOnlyHere: () => boolean, templates: Record<"row" | "sure" | "once", HTMLTemplateElement> }} desk */
export function browsers(section, { calendar, linkTo, isOnlyHere, templates }) {
  /** @param {string} selector */
  const part = (selector) => /** @type {HTMLElement} */ (section.querySelector(selector));
  const form = /** @type {HTMLFormElement} */ (part("form"));
  const field = /** @type {HTMLInputElement} */ (part("[name=password]"));
  const opener = part("button.password");
  const wrong = part(":scope > div > .wrong");
  const done = part(":scope > div > .done");
  const once = onceIn(part(".made"), templates.once);

  part(".invite").addEventListener("click", () =>
    attempt(async () => {
      const { secret } = await owner.invite();
      once.show(linkTo(secret), { said: words.invitation, hint: isOnlyHere() ? words.onlyHere : "", mayShare: true });
    }),
  );
  opener.addEventListener("click", () => open(form.hidden));
  form.addEventListener("keydown", (event) => event.key === "Escape" && open(false));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(() => setPassword(field.value));
  });

  return { learn };

  async function learn() {
    const { sessions, has_password } = await owner.sessions();
    part(".rows").replaceChildren(...sessions.map(row));
    opener.textContent = has_password ? words.changePassword : words.choosePassword;
    part(".unset").replaceChildren(
      ...(has_password
        ? [sure(templates.sure, { label: words.removePassword, of: words.password, really: words.reallyRemove, yes: words.remove, act: () => setPassword(null) })]
        : []),
    );
  }

  /** @param {owner.Session} session */
  function row(session) {
    const { element, part: of } = clone(templates.row);
    const browser = words.browser(session.browser);
    of(".what").textContent = browser;
    of(".more").textContent = session.is_this ? words.thisBrowser : words.used(session.used_at, Date.now());
    of(".when").textContent = words.signedInOn(session.created_at, calendar());
    of(".ways-out").append(
      session.is_this
        ? signOutHere()
        : sure(templates.sure, {
            label: words.signOut,
            of: browser,
            really: words.reallySignOut,
            yes: words.signOut,
            act: () => owner.endSession(session.id).then(learn).then(() => part("h3").focus()),
          }),
    );
    return element;
  }

  function signOutHere() {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "act";
    button.textContent = words.signOutHere;
    button.addEventListener("click", () => attempt(async () => (await api.leave(), location.assign("/"))));
    return button;
  }

  /** @param {string | null} password */
  async function setPassword(password) {
    const { is_set, ended } = await owner.setPassword(password);
    open(false);
    await learn();
    done.textContent = words.passwordSet(is_set, ended);
  }

  /** @param {boolean} isOpen */
  function open(isOpen) {
    form.reset();
    form.hidden = !isOpen;
    opener.ariaExpanded = String(isOpen);
    (isOpen ? field : opener).focus();
  }

  /** @param {() => Promise<unknown>} act */
  async function attempt(act) {
    wrong.textContent = done.textContent = "";
    try {
      await act();
    } catch (error) {
      wrong.textContent = words.notDone(error);
    }
  }
}
