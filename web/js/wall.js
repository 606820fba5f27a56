// @ts-check
/** The wall of all cameras: connects the archive's answers and changes to the tiles. Nothing moves but what is new. */

import * as api from "./api.js";
import { attend } from "./attendance.js";
import { Cameras, isLate } from "./cameras.js";
import { calendar as calendarOf, minute } from "./format.js";
import { masthead as mastheadIn } from "./masthead.js";
import { problem as problemIn } from "./problem.js";
import { status as statusIn } from "./status.js";
import { Tabs } from "./tabs.js";
import { POINTS, tile as tileOf } from "./tile.js";
import { visit as visitOf } from "./visit.js";
import * as words from "./words.js";

/** @typedef {ReturnType<typeof tileOf>} Tile */

const DAY_MS = 86_400_000;
const STATUS_MS = 20_000; // what cameras say of themselves comes with frames, and is asked for no more often
const TICK_MS = 1_000;

/** @template {HTMLElement} T @param {string} selector @returns {T} */
const find = (selector) => /** @type {T} */ (document.querySelector(selector));

const masthead = mastheadIn(find(".masthead"));
const problem = problemIn(find(".problem"));
const status = statusIn(find("[role=status]"));
const pause = find(".pause");
const visit = visitOf();
const live = new Tabs({ onChange: changed, onHello: () => {}, onReset: begin, onState: stated, onJoining: visit.joining, onBeat: visit.beat });
const cameras = new Cameras();

/** @type {Map<string, Tile>} */ const tiles = new Map();
/** What each camera said in the last day. @type {Map<string, api.Health[]>} */ const said = new Map();
let calendar = calendarOf("UTC");
let isBegun = false;
let isBroken = false;
let isPaused = false;
/** @type {ReturnType<typeof setTimeout> | undefined} */ let asking;

masthead.state(words.state.connecting);
attend(live, () => isBegun && !isPaused);
pause.addEventListener("click", togglePause);
setInterval(() => isBegun && !isPaused && tick(), TICK_MS);
begin();

/** Fetch everything and go on from there: at first, after a failure, and whenever changes were missed for good. */
async function begin() {
  problem.clear();
  try {
    const archive = await api.archive(); // before the cameras: what happens between is heard again, and changes nothing
    calendar = calendarOf(archive.timezone);
    masthead.title(archive.title);
    document.title = `${words.theCameras} · ${archive.title}`;
    await visit.greet(calendar);
    await learn();
    isBegun = true;
    if (!isPaused) live.start(archive.last_seq);
  } catch (error) {
    problem.say(words.camerasFailed(error), begin);
    if (isBegun) live.retry();
    else masthead.state(words.state.unanswered);
  }
}

async function learn() {
  cameras.learn((await api.cameras()).cameras);
  for (const [id, { element }] of tiles) if (!cameras.known.has(id)) (element.remove(), tiles.delete(id));
  for (const camera of cameras.known.values()) tileFor(camera.id).show(camera, calendar);
  find(".empty").hidden = cameras.known.size > 0;
  tick();
  drawStrokes();
}

/** @param {api.Change} change */
function changed(change) {
  const wanted = cameras.hear(change);
  const camera = cameras.known.get(change.data.camera);
  if (camera) tileFor(camera.id).show(camera, calendar);
  if (change.type === "frame") status.frameArrived();
  tick();
  if (wanted === "everything") {
    clearTimeout(asking);
    asking = setTimeout(learnAgain, 0);
  } else if (wanted === "status") asking ??= setTimeout(learnAgain, STATUS_MS);
}

async function learnAgain() {
  asking = undefined;
  try {
    await learn();
  } catch {
    // The wall stands as it is until the next change asks again; the status line tells of the connection.
  }
}

/** A day of each camera at first, and then what it says as it comes; one after the other, after the pictures. */
async function drawStrokes() {
  if (!visit.seesAll) return;
  const now = new Date();
  const dayBefore = new Date(now.getTime() - DAY_MS);
  for (const { id, latest, status, every_s } of [...cameras.known.values()]) {
    let points = said.get(id);
    try {
      points ??= (await api.health(id, dayBefore, now, POINTS)).points;
    } catch {
      continue; // a stroke is missing; the figure beside it is not
    }
    if (latest) points = withNewest(points, { at: latest.taken_at, status });
    said.set(id, points);
    tiles.get(id)?.strokes(points, every_s);
  }
}

/** No more of them than fit into a stroke, however often a camera is heard. @param {api.Health[]} points @param {api.Health} newest */
function withNewest(points, newest) {
  const last = points.at(-2) ?? points.at(-1);
  const isSoon = last !== undefined && Date.parse(newest.at) - Date.parse(last.at) < DAY_MS / POINTS;
  return [...(isSoon ? points.slice(0, -1) : points).slice(-2 * POINTS), newest];
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

/** @param {string} id */
function tileFor(id) {
  const known = tiles.get(id);
  if (known) return known;
  const tile = tileOf(find("#tile"), id);
  find(".wall").append(tile.element);
  tiles.set(id, tile);
  return tile;
}

/** Time passes: the ages, who is late, and the clock at the top. */
function tick() {
  const now = new Date();
  let late = 0;
  for (const camera of cameras.known.values()) {
    const isSo = isLate(camera, now.getTime());
    if (isSo) late += 1;
    tiles.get(camera.id)?.age(words.ageOf(camera.latest, now.getTime(), isSo), isSo);
  }
  masthead.today(calendar.date(now), calendar.day(now));
  find(".clock").textContent = `, ${minute(calendar, now)}`;
  masthead.total(words.cameras(cameras.known.size, late));
}
