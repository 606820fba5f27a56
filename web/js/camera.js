// @ts-check
/** A camera's own page: its newest frame, its days, how it fares, what it said of itself, and its gaps. */

import * as address from "./address.js";
import * as api from "./api.js";
import { attend } from "./attendance.js";
import { Cameras, MEASURES, isLate } from "./cameras.js";
import { calendar as calendarOf } from "./format.js";
import { POINTS, SPANS_MS, health as healthIn, spanFor } from "./health.js";
import { ledger as ledgerIn } from "./ledger.js";
import { masthead as mastheadIn } from "./masthead.js";
import { problem as problemIn } from "./problem.js";
import { status as statusIn } from "./status.js";
import { strips as stripsIn } from "./strips.js";
import { Tabs } from "./tabs.js";
import { picture } from "./tile.js";
import { dayAfter } from "./timeline.js";
import { visit as visitOf } from "./visit.js";
import * as words from "./words.js";

const GAPS = 50; // at first
const LEARN_MS = 20_000; // a busy camera's news is taken in together
const TICK_MS = 1_000;

/** @template {HTMLElement} T @param {string} selector @returns {T} */
const find = (selector) => /** @type {T} */ (document.querySelector(selector));

const id = address.camera();
const masthead = mastheadIn(find(".masthead"));
const problem = problemIn(find(".problem"));
const status = statusIn(find("[role=status]"));
const pause = find(".pause");
const health = healthIn(find("[aria-labelledby=health]"), find("#chart"), turnTo);
const ledger = ledgerIn(find("[aria-labelledby=gaps]"), find("#gap"), showOlder);
const strips = stripsIn(find(".strips"), find("#strip"), (day) =>
  address.ofMoment(id, calendar.startOf(dayAfter(day, 1)).toISOString()),
);
const visit = visitOf();
const live = new Tabs({ onChange: changed, onHello: () => {}, onReset: begin, onState: stated, onJoining: visit.joining, onBeat: visit.beat });
const cameras = new Cameras();

let calendar = calendarOf("UTC");
let isBegun = false;
let isBroken = false;
let isPaused = false;
let turn = 0; // of the health shown: an earlier one comes too late
/** @type {ReturnType<typeof setTimeout> | undefined} */ let asking;

masthead.state(words.state.connecting);
attend(live, () => isBegun && !isPaused);
pause.addEventListener("click", togglePause);
window.addEventListener("popstate", () => isBegun && drawHealth());
setInterval(() => isBegun && !isPaused && tick(), TICK_MS);
begin();

/** Fetch everything and go on from there: at first, after a failure, and whenever changes were missed for good. */
async function begin() {
  problem.clear();
  try {
    const archive = await api.archive(); // before the camera: what happens between is heard again, and changes nothing
    calendar = calendarOf(archive.timezone);
    masthead.title(archive.title);
    document.title = `${id} · ${archive.title}`;
    await visit.greet(calendar);
    await learn();
    isBegun = true;
    if (!isPaused) live.start(archive.last_seq);
  } catch (error) {
    problem.say(words.cameraFailed(error), begin);
    if (isBegun) live.retry();
    else masthead.state(words.state.unanswered);
  }
}

async function learn() {
  cameras.learn((await api.cameras()).cameras);
  const camera = cameras.known.get(id);
  find(".camera-page").hidden = !camera;
  if (!camera) return problem.say(words.noCamera);
  problem.clear();
  drawCamera(camera);
  const [days, gaps] = await Promise.all([api.days(id), api.gaps(id, GAPS), drawHealth()]);
  const last = camera.latest ? calendar.day(camera.latest.taken_at) : calendar.day(new Date());
  strips.draw(id, last, new Map(days.days.map(({ day, frames }) => [day, frames])));
  ledger.show(gaps, calendar);
}

/** @param {api.Change} change */
function changed(change) {
  if ((change.type === "camera" ? change.data.id : change.data.camera) !== id) return;
  const wanted = cameras.hear(change);
  const camera = cameras.known.get(id);
  if (camera) drawCamera(camera);
  if (change.type === "frame") status.frameArrived();
  if (wanted === "everything") clearTimeout(asking);
  if (wanted === "everything") asking = setTimeout(learnAgain, 0);
  else if (wanted === "status" || change.type === "gap") asking ??= setTimeout(learnAgain, LEARN_MS);
}

async function learnAgain() {
  asking = undefined;
  try {
    await learn();
  } catch {
    // The page stands as it is until the next change asks again; the status line tells of the connection.
  }
}

/** @param {import("./live.js").LiveState} state */
function stated(state) {
  masthead.state(words.state[state]);
  visit.stated(state);
  if (isBroken !== (state === "reconnecting")) status.say(words.state[state]);
  isBroken = state === "reconnecting";
}

function togglePause() {
  isPaused = !isPaused;
  pause.textContent = isPaused ? words.pause.off : words.pause.on;
  if (isPaused) return live.pause();
  live.resume();
  tick();
}

// -- what is seen

/** @param {api.Camera} camera */
function drawCamera({ latest, frames, status, every_s, created_at }) {
  find("#name").textContent = id;
  find(".count").textContent = words.frames(frames);
  /** @type {HTMLAnchorElement} */ (find(".list")).href = address.ofList(id);
  if (latest) {
    const open = /** @type {HTMLAnchorElement} */ (find(".open"));
    open.href = address.ofFrameIn(id, latest.id);
    picture(/** @type {HTMLImageElement} */ (find(".view")), latest, calendar);
  }
  /** @type {[string, string][]} */
  const facts = [
    ...(latest ? [/** @type {[string, string]} */ ([words.taken, `${calendar.date(latest.taken_at)}, ${calendar.time(latest.taken_at)}`])] : []),
    [words.aFrame, words.every(every_s)],
    [words.knownSince, calendar.date(created_at)],
    ...words.saidOfItself(status, MEASURES.map(({ name }) => name)),
  ];
  const template = /** @type {HTMLTemplateElement} */ (find("#fact"));
  find(".said-of-itself").replaceChildren(
    ...facts.map(([name, value]) => {
      const fact = /** @type {Element} */ (/** @type {Element} */ (template.content.firstElementChild).cloneNode(true));
      /** @type {Element} */ (fact.querySelector("dt")).textContent = name;
      /** @type {Element} */ (fact.querySelector("dd")).textContent = value;
      return fact;
    }),
  );
  tick();
}

async function drawHealth() {
  const mine = ++turn;
  const { latest, every_s } = /** @type {api.Camera} */ (cameras.known.get(id));
  const to = Date.now();
  const asked = address.span() ?? "";
  const span = asked in SPANS_MS ? asked : spanFor(latest ? to - Date.parse(latest.taken_at) : 0);
  health.span(span);
  const from = to - SPANS_MS[span];
  const { points } = await api.health(id, new Date(from), new Date(to), POINTS);
  if (mine === turn) health.draw(points, { from, to }, every_s, calendar);
}

/** @param {string} span */
async function turnTo(span) {
  history.pushState(null, "", address.ofSpan(span));
  try {
    await drawHealth();
  } catch (error) {
    problem.say(words.cameraFailed(error), () => (problem.clear(), turnTo(span)));
  }
}

/** @param {string} next */
async function showOlder(next) {
  try {
    ledger.add(await api.olderGaps(next), calendar);
  } catch (error) {
    problem.say(words.cameraFailed(error), () => (problem.clear(), showOlder(next)));
  }
}

/** Time passes: the age, whether it is late, and the date at the top. */
function tick() {
  const camera = cameras.known.get(id);
  if (!camera) return;
  const now = new Date();
  const isSo = isLate(camera, now.getTime());
  const age = find(".age");
  const text = words.ageOf(camera.latest, now.getTime(), isSo);
  if (age.textContent !== text) age.textContent = text;
  find(".camera-page").toggleAttribute("data-late", isSo);
  masthead.today(calendar.date(now), calendar.day(now));
}
