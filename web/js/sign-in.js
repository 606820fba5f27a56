// @ts-check
/** Signing in: by a link's secret, which stands behind the # and so is in no log and no referrer, or by the password. */

import * as api from "./api.js";
import * as owner from "./owner.js";
import { problem as problemIn } from "./problem.js";
import * as words from "./owner-words.js";

/** @template {HTMLElement} T @param {string} selector @returns {T} */
const find = (selector) => /** @type {T} */ (document.querySelector(selector));

const HERE = "/sign-in"; // where links lead to; elsewhere this page stands in place of one that may not be seen
const TICK_MS = 1000;

const form = /** @type {HTMLFormElement} */ (find("form"));
const password = /** @type {HTMLInputElement} */ (find("#password"));
const button = find("form button");
const wrong = find(".wrong");
const trying = find(".trying");
const problem = problemIn(find(".problem"));

/** @type {ReturnType<typeof setTimeout> | undefined} */ let waiting;

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (button.ariaDisabled !== "true") tryPassword();
});
password.addEventListener("input", () => say(""));
window.addEventListener("hashchange", begin); // a link that was followed from this very page
begin();

function begin() {
  const secret = location.hash.slice(1);
  if (!secret) return standing();
  history.replaceState(null, "", location.pathname + location.search); // a secret does not stay in the address bar
  tryLink(secret);
}

/** Without a link: who comes here, and what for. */
async function standing() {
  problem.clear();
  try {
    const { right, share } = await api.session();
    if (location.pathname === HERE && right === "run") return location.replace("/"); // signed in already
    if (location.pathname === HERE || right === "none") show("private", true);
    else show(share === null ? "owners" : "unshared", share === null);
  } catch (error) {
    problem.say(words.notSignedIn(error), standing);
  }
}

/** @param {string} secret */
async function tryLink(secret) {
  problem.clear();
  show("", false);
  trying.textContent = words.signingIn;
  trying.hidden = false;
  try {
    await owner.signIn({ secret });
    location.replace(location.pathname === HERE ? "/" : location.href);
  } catch (error) {
    trying.hidden = true;
    const status = error instanceof api.Problem ? error.status : 0;
    if (status !== 401) return problem.say(words.notSignedIn(error), () => tryLink(secret));
    const isShare = secret.startsWith("see_");
    show(isShare ? "over" : "used", !isShare);
  }
}

async function tryPassword() {
  button.ariaDisabled = "true";
  say("");
  try {
    await owner.signIn({ password: password.value });
    if (location.pathname === HERE) location.replace("/");
    else location.reload();
  } catch (error) {
    button.ariaDisabled = null;
    const { status, retry_s } = error instanceof api.Problem ? error : { status: 0, retry_s: 0 };
    say(status === 401 ? words.wrongPassword : words.notSignedIn(error));
    password.ariaInvalid = status === 401 ? "true" : null;
    if (status === 429) wait(Date.now() + retry_s * 1000);
    password.focus();
    password.select();
  }
}

/** Too many tries: the button counts the seconds until the next. @param {number} until */
function wait(until) {
  const left_s = Math.ceil((until - Date.now()) / TICK_MS);
  button.ariaDisabled = left_s > 0 ? "true" : null;
  button.textContent = left_s > 0 ? words.signInAfter(left_s) : words.signIn;
  clearTimeout(waiting);
  if (left_s > 0) waiting = setTimeout(() => wait(until), TICK_MS);
  else say("");
}

/** @param {string} text */
function say(text) {
  wrong.textContent = text;
  if (!text) password.ariaInvalid = null;
}

/** @param {string} state the section to be seen @param {boolean} mayEnter with the ways in */
function show(state, mayEnter) {
  for (const section of document.querySelectorAll("[data-state]"))
    /** @type {HTMLElement} */ (section).hidden = /** @type {HTMLElement} */ (section).dataset.state !== state;
  form.hidden = !mayEnter;
  if (state === "used" || state === "over") find(`#${state}`).focus(); // heard at once: nobody waits for it
}
