// @ts-check
/** The owner's page: who asks to join, what is shared, which browsers are signed in, and the cameras' keys. */

import * as api from "./api.js";
import { attend } from "./attendance.js";
import { browsers as browsersIn } from "./browsers.js";
import { calendar as calendarOf } from "./format.js";
import { joining as joiningIn } from "./joining.js";
import { keyring as keyringIn } from "./keyring.js";
import { masthead as mastheadIn } from "./masthead.js";
import * as said from "./owner-words.js";
import { problem as problemIn } from "./problem.js";
import { sharing as sharingIn } from "./sharing.js";
import { status as statusIn } from "./status.js";
import { Tabs } from "./tabs.js";
import { visit as visitOf } from "./visit.js";
import * as words from "./words.js";

/** @template {HTMLElement} T @param {string} selector @returns {T} */
const find = (selector) => /** @type {T} */ (document.querySelector(selector));
/** @param {string} id */
const template = (id) => /** @type {HTMLTemplateElement} */ (find(`#${id}`));

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;
const TOGETHER_MS = 500; // cameras that come at once are asked for once
const ASKING_MS = 2_000;

const visit = visitOf();
const masthead = mastheadIn(find(".masthead"));
const problem = problemIn(find(":scope > body > main > .problem"));
const status = statusIn(find(":scope > body > .unseen"));
const templates = { row: template("row"), sure: template("sure"), once: template("once"), keys: template("camera-keys") };
const desk = { calendar: () => calendar, linkTo, isOnlyHere, templates };
const joining = joiningIn(find(".joining"), template("asker"), { ...desk, cameras: () => ids, onLetIn: learnCameras });
const sharing = sharingIn(find(".sharing"), desk);
const browsers = browsersIn(find(".browsers"), desk);
const keyring = keyringIn(find(".keyring"), desk);
const live = new Tabs({ onChange: changed, onHello: greeted, onReset: begin, onState: stated, onJoining: asked, onBeat: beat });

let calendar = calendarOf("UTC");
let publicUrl = "";
/** The cameras there are. @type {string[]} */ let ids = [];
let isBegun = false;
let isAsking = false; // instead of being told
let isBroken = false;
let asking = 0; // cameras that ask to join
/** @type {ReturnType<typeof setTimeout> | undefined} */ let learning;

masthead.state(words.state.connecting);
attend(live, () => isBegun);
begin();

/** Fetch everything and go on from there: at first, after a failure, and whenever changes were missed for good. */
async function begin() {
  problem.clear();
  try {
    const archive = await api.archive();
    calendar = calendarOf(archive.timezone);
    publicUrl = archive.public_url;
    masthead.title(archive.title);
    masthead.today(calendar.date(new Date()), calendar.day(new Date()));
    document.title = said.titleOfDesk(archive.title);
    await visit.greet(calendar);
    await learnCameras();
    await Promise.all([joining.learn(), sharing.learn(), browsers.learn(), keyring.learn()]);
    isBegun = true;
    live.start(archive.last_seq);
  } catch (error) {
    problem.say(said.deskFailed(error), begin);
    if (isBegun) live.retry();
    else masthead.state(words.state.unanswered);
  }
}

async function learnCameras() {
  ids = (await api.cameras()).cameras.map(({ id }) => id).sort();
  sharing.cameras(ids);
  keyring.cameras(ids);
}

/** @param {api.Change} change */
function changed({ type, data }) {
  if ((type === "camera" && !ids.includes(data.id)) || (type === "frame" && !ids.includes(data.camera))) learnSoon();
}

/** The connection lives: who has to ask for changes asks who wants to join, too. */
function beat() {
  if (isAsking) learnSoon();
}

/** The stream has begun anew: what was not told meanwhile is asked for. */
function greeted() {
  learnSoon();
}

/** @param {number} cameras */
function asked(cameras) {
  if (cameras > asking) status.say(said.desk(cameras));
  asking = cameras;
  visit.joining(cameras);
  learnSoon();
}

function learnSoon() {
  learning ??= setTimeout(async () => {
    learning = undefined;
    try {
      await learnCameras();
      await joining.learn();
    } catch {
      // what is shown stands until the next news; the status line tells of the connection
    }
  }, isAsking ? ASKING_MS : TOGETHER_MS);
}

/** @param {import("./live.js").LiveState} state */
function stated(state) {
  masthead.state(words.state[state]);
  visit.stated(state);
  if (isBroken !== (state === "reconnecting")) status.say(words.state[state]);
  isBroken = state === "reconnecting";
  isAsking = state === "asking";
}

/** @param {string} secret */
function linkTo(secret) {
  return `${publicUrl || location.origin}/sign-in#${secret}`;
}

/** A link by this address leads nobody else here. */
function isOnlyHere() {
  return !publicUrl && LOOPBACK.test(location.hostname);
}
