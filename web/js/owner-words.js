// @ts-check
/** Every word about who may come in, and of the owner's desk, that is not already in the pages. Pure. */

import { count, minute, shortDay } from "./format.js";
import { duration, moment, reason } from "./words.js";

const HOUR_MS = 3_600_000;
const NEAR_MS = 48 * HOUR_MS;

// -- of who may come in

export const signingIn = "Signing in";

export const signIn = "Sign in";

/** @param {number} s */
export const signInAfter = (s) => `Wait ${s}\u00a0s`;

export const wrongPassword = "This is not the password.";

/** Why nobody could sign in just now. @param {unknown} error */
export function notSignedIn(error) {
  const { status, retry_s } = /** @type {any} */ (error) ?? {};
  return status === 429 ? `Too many tries. The next one counts in ${duration(retry_s * 1000)}.` : capital(`${reason(error)}.`);
}

/** @param {string} text */
const capital = (text) => text && `${text[0].toUpperCase()}${text.slice(1)}`;

/** The owner's way to the desk. @param {number} joining how many cameras ask to join */
export const desk = (joining) => (joining === 0 ? "Desk" : askers(joining).join(" "));

/** In three parts, of which a phone has no room for the second. @param {number} n */
export const askers = (n) => (n === 1 ? ["1", "camera", "asks to join"] : [count(n), "cameras", "ask to join"]);

export const signedOut = "This browser is not signed in any more.";

export const shareEnded = "What was shared with you has ended.";

/** @param {unknown} error */
export const notLeft = (error) => `This could not be left: ${reason(error)}.`;

/** What a guest sees, and for how long. @param {import("./api.js").Visit} visit @param {import("./format.js").Calendar} calendar */
export const sharedWithYou = (visit, calendar) =>
  `Shared with you${visit.ends_at === null ? "" : ` until ${ending(calendar, visit.ends_at)}`}: ${scope(visit, calendar)}`;

/** “3 Dec”; of an end that is near, with its time. @param {import("./format.js").Calendar} calendar @param {string} at */
export const ending = (calendar, at) =>
  Date.parse(at) - Date.now() < NEAR_MS ? dateOf(calendar, at) : dateOf(calendar, calendar.startOf(calendar.day(at)).getTime());

/** What a share link shows. @param {import("./owner.js").Scope} scope @param {import("./format.js").Calendar} calendar */
export function scope({ camera, after, before }, calendar) {
  const from = after && dateOf(calendar, after);
  const to = before && lastOf(calendar, before);
  const span = from && to ? (from === to ? `, ${from}` : `, ${from} to ${to}`) : from ? `, since ${from}` : to ? `, up to ${to}` : "";
  return `${camera ?? "all cameras"}${span}`;
}

/** “22 Nov” for the day's beginning, “22 Nov, 14:03” for any other moment; of another year, with that.
 * @param {import("./format.js").Calendar} calendar @param {string | number} at */
function dateOf(calendar, at) {
  const day = calendar.day(new Date(at));
  const isMidnight = calendar.startOf(day).getTime() === new Date(at).getTime();
  const date = day.slice(0, 4) === calendar.day(new Date()).slice(0, 4) ? shortDay(day) : `${shortDay(day)} ${day.slice(0, 4)}`;
  return isMidnight ? date : `${date}, ${minute(calendar, new Date(at))}`;
}

/** The end of a span: of one that ends at midnight, its last day. @param {import("./format.js").Calendar} calendar @param {string} before */
const lastOf = (calendar, before) => {
  const last = calendar.startOf(calendar.day(new Date(Date.parse(before) - 1)));
  const next = calendar.startOf(calendar.day(new Date(before)));
  return next.getTime() === Date.parse(before) ? dateOf(calendar, last.getTime()) : dateOf(calendar, before);
};

// -- of the owner's desk

/** @param {string} title */
export const titleOfDesk = (title) => `Desk · ${title}`;

/** @param {unknown} error */
export const deskFailed = (error) => `Not all of the desk could be fetched: ${reason(error)}.`;

/** Why what was asked for was not done, in the archive's own words. @param {unknown} error */
export const notDone = (error) => capital(`${/** @type {{ detail?: string }} */ (error)?.detail || reason(error)}.`);

/** Characters as they are read out, one by one. @param {string} text */
export const spelled = (text) => [...text].map((one) => (/[A-Z]/.test(one) ? `capital ${one}` : one === "-" ? "hyphen" : one === "_" ? "underscore" : one)).join(", ");

/** Which board asks, and from where. @param {import("./owner.js").Asking} asking */
export const whence = ({ board, address }) => [board, address].filter(Boolean).join(", ");

/** @param {string} at @param {import("./format.js").Calendar} calendar */
export const askingSince = (at, calendar) =>
  `asks since ${calendar.day(at) === calendar.day(new Date()) ? minute(calendar, at) : moment(calendar, at)}`;

/** @param {string} name */
export const secondKey = (name) => `There is a camera ${name} already: by this name it is the same camera, with a second key.`;

/** @param {string} camera */
export const letIn = (camera) => `${camera} is let in. Its frames come with its next try.`;

/** @param {string} camera */
export const refused = (camera) => `${camera} is refused. With this key it need not ask again.`;

/** @param {import("./owner.js").Share} share @param {import("./format.js").Calendar} calendar */
export const shareMade = (share, calendar) => `${share.label ? `The link for ${share.label}` : "The link"} shows ${scope(share, calendar)}. It is shown now, and never again.`;

export const invitation = "This link signs one browser in, once, within a quarter of an hour. It is shown now, and never again.";

export const onlyHere = "By this address only this machine is reached. Open the desk by the archive’s address in your network to make a link for others.";

export const isCopied = "Copied.";

export const copyByHand = "This browser copies nothing for this page: mark it, and copy it yourself.";

/** @param {number} no */
export const nameless = (no) => `Link ${no}`;

/** Until when a share link is good, or since when it is not. @param {import("./owner.js").Share} share @param {import("./format.js").Calendar} calendar */
export function standing({ expires_at, revoked_at, is_good }, calendar) {
  if (revoked_at !== null) return `taken back ${dayOf(calendar, revoked_at)}`;
  if (expires_at === null) return "until you take it back";
  return is_good ? `until ${ending(calendar, expires_at)}` : `ended ${dayOf(calendar, expires_at)}`;
}

/** @param {import("./format.js").Calendar} calendar @param {string} at */
const dayOf = (calendar, at) => dateOf(calendar, calendar.startOf(calendar.day(at)).getTime());

/** @param {number} n */
export const pastLinks = (n) => (n === 1 ? "1 link that shows nothing any more" : `${count(n)} links that show nothing any more`);

export const revoke = "Revoke";

export const reallyRevokeShare = "Whoever watches by it is turned out at once.";

/** @param {string} camera */
export const reallyRevokeKey = (camera) => `${camera} sends no more with this key.`;

/** What a browser says it is, in two words. @param {string} agent */
export function browser(agent) {
  const [, name = ""] = BROWSERS.find(([pattern]) => pattern.test(agent)) ?? [];
  const [, system = ""] = SYSTEMS.find(([pattern]) => pattern.test(agent)) ?? [];
  return [name || "A browser", system].filter(Boolean).join(" on ");
}

/** Each calls itself those below it too. @type {[RegExp, string][]} */
const BROWSERS = [[/Edg/, "Edge"], [/OPR\//, "Opera"], [/Firefox|FxiOS/, "Firefox"], [/Chrom|CriOS/, "Chrome"], [/Safari/, "Safari"], [/AppleWebKit/, "Chrome"]];

/** @type {[RegExp, string][]} */
const SYSTEMS = [[/iPhone/, "iPhone"], [/iPad/, "iPad"], [/Android/, "Android"], [/CrOS/, "ChromeOS"], [/Windows/, "Windows"], [/Mac OS X/, "Mac"], [/Linux/, "Linux"]];

export const thisBrowser = "this browser";

/** @param {string} at within the hour @param {number} now */
export const used = (at, now) => (now - Date.parse(at) < HOUR_MS ? "used within the hour" : `used ${duration(now - Date.parse(at))} ago`);

/** @param {string} at @param {import("./format.js").Calendar} calendar */
export const signedInOn = (at, calendar) => `since ${dayOf(calendar, at)}`;

export const signOut = "Sign out";

export const signOutHere = "Sign out here";

export const reallySignOut = "It has to sign in again to see the archive.";

export const password = "password";

export const choosePassword = "Set a password";

export const changePassword = "Change the password";

export const removePassword = "Remove the password";

export const remove = "Remove";

export const reallyRemove = "Without it, only a link signs in. Every other browser has to sign in again.";

/** @param {boolean} isSet @param {number} ended */
export const passwordSet = (isSet, ended) =>
  `${isSet ? "The password is set" : "There is no password any more"}${ended === 0 ? "" : ended === 1 ? "; 1 other browser has to sign in again" : `; ${count(ended)} other browsers have to sign in again`}.`;

/** @param {string} camera */
export const keysOf = (camera) => `Keys of ${camera}`;

/** @param {number} good how many it has */
export const makeKey = (good) => (good === 0 ? "Make a key" : "Make a second key");

export const keysEnough = "It has two: one must be revoked before it gets another.";

/** @param {string} camera */
export const keyMade = (camera) => `The new key of ${camera}. It is shown now, and never again.`;

/** @param {number} good how many it had before */
export const keyHint = (good) => (good === 0 ? "Put it into the camera: from then on only who has it sends in its name." : "Put it into the camera. Its other key is good until you revoke it.");

/** @param {string} key its public part */
export const keyName = (key) => `cam_${key}_…`;

/** @param {string | null} at @param {number} now */
export const keyUsed = (at, now) => (at === null ? "never used" : used(at, now));

/** @param {import("./owner.js").Key} key @param {import("./format.js").Calendar} calendar */
export const keyStanding = ({ created_at, revoked_at }, calendar) =>
  revoked_at === null ? `made ${dayOf(calendar, created_at)}` : `revoked ${dayOf(calendar, revoked_at)}`;
