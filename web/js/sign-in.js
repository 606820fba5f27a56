// @ts-check
/** Signing in: by a link's secret, which stands behind the # and so is in no log and no referrer, or by the password. */

import * as api from "./api.js";
import * as words from "./words.js";

const form = /** @type {HTMLFormElement} */ (document.querySelector("form"));
const problem = /** @type {HTMLElement} */ (document.querySelector(".problem span"));

form.addEventListener("submit", (event) => {
  event.preventDefault();
  enter({ password: String(new FormData(form).get("password")) });
});
const secret = location.hash.slice(1);
if (secret) {
  history.replaceState(null, "", location.pathname + location.search); // a secret does not stay in the address bar
  enter({ secret });
}

/** @param {{ secret: string } | { password: string }} shown */
async function enter(shown) {
  problem.textContent = "";
  try {
    await api.signIn(shown);
    if (location.pathname === "/sign-in") location.replace("/");
    else location.reload();
  } catch (error) {
    problem.textContent = words.notSignedIn(error);
  }
}
