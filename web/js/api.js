// @ts-check
/** The archive's HTTP interface: a function for each question the page asks. */

/**
 * @typedef {object} Frame
 * @property {number} id
 * @property {string} name
 * @property {string} camera
 * @property {string} boot
 * @property {number} number
 * @property {string} taken_at
 * @property {"camera-clock" | "server-clock" | "name" | "exif" | "mtime" | "arrival"} taken_at_source
 * @property {number | null} taken_at_uncertainty_ms
 * @property {string} received_at
 * @property {number} size_bytes
 * @property {number} width
 * @property {number} height
 * @property {string} media_type
 * @property {string} sha256
 * @property {string} verdict
 * @property {number | null} [difference]
 * @property {string | null} [colour]
 * @property {string} url
 * @property {string} thumbnail_url
 */
/** @typedef {{ frames: Frame[], next: string | null, searched_to?: string | null, last_seq: number }} Page */
/** @typedef {{ timezone: string, days: { day: string, frames: number }[], last_seq?: number }} Days */
/** @typedef {{ day: string, frames: number, quarters: number[] }} Day */
/** @typedef {{ title: string, timezone: string, total: number, last_seq: number, version: string, public_url: string }} Archive */
/** @typedef {Record<string, string | number | boolean>} Said What a camera says of itself, in its own words. */
/** @typedef {{ id: string, created_at: string, frames: number, latest: Frame | null, status: Said, every_s: number | null }} Camera */
/** @typedef {{ at: string, status: Said }} Health */
/** @typedef {{ boot: string, from: number, to: number, state: "missing" | "confessed", reason: string | null, at: string,
 *   taken_after: string | null, taken_before: string | null }} Gap */
/** @typedef {{ missing: number, confessed: number, on_camera: number | null, gaps: Gap[], next: string | null }} Gaps */
/** @typedef {{ seq: number, type: string, data: any }} Change */
/** @typedef {{ step: string, doing: string }} Begun */
/** @typedef {{ id: string, severity: "ok" | "note" | "warning" | "problem", title: string, seen: string, why: string, do: string }} Finding */
/** @typedef {{ changes: Change[], last_seq: number, reset: boolean }} Changes */

const PAGE_FRAMES = 100;
const FIRST_FRAMES = 40; // what fills a screen, and a few more: the first pictures wait for all of it
const PATIENCE_MS = 20_000;
// Tunnels may answer a browser with a page of their own first; with the second field ngrok does not.
const HEADERS = { Accept: "application/json", "ngrok-skip-browser-warning": "1" };

/** The archive answered, but not with what was asked for. */
export class Problem extends Error {
  /** @param {number} status @param {string} title @param {string} [detail] @param {number} [retry_s] */
  constructor(status, title, detail = "", retry_s = 0) {
    super(`${status} ${title}`);
    this.status = status;
    this.title = title;
    this.detail = detail;
    this.retry_s = retry_s; // not before so many seconds
  }
}

/** @returns {Promise<Archive>} */
export const archive = () => ask("/api/archive");

/** How many frames each day holds, of all cameras or of one. @param {string | null} camera @returns {Promise<Days>} */
export const days = (camera) => ask(camera ? `/api/days?${new URLSearchParams({ camera })}` : "/api/days");

/** How a day's frames lie in it, quarter by quarter of an hour. @param {string} day @param {string | null} camera @returns {Promise<Day>} */
export const day = (day, camera) => ask(`/api/days/${day}${camera ? `?${new URLSearchParams({ camera })}` : ""}`);

/** @returns {Promise<{ cameras: Camera[] }>} */
export const cameras = () => ask("/api/cameras");

/** What *camera* said of itself between two moments, with up to *points* frames.
 * @param {string} camera @param {Date} after @param {Date} before @param {number} points @returns {Promise<{ points: Health[] }>} */
export const health = (camera, after, before, points) =>
  ask(
    `/api/cameras/${encodeURIComponent(camera)}/health?` +
      new URLSearchParams({ after: after.toISOString(), before: before.toISOString(), points: String(points) }),
  );

/** Which of *camera*'s numbers have not arrived, newest first. @param {string} camera @param {number} limit @returns {Promise<Gaps>} */
export const gaps = (camera, limit) => ask(`/api/cameras/${encodeURIComponent(camera)}/gaps?limit=${limit}`);

/** The older gaps that *next* asks for. @param {string} next @returns {Promise<Gaps>} */
export const olderGaps = (next) => ask(next);

/** The picture of *camera*'s *day*, which is another one with another number of *frames*. @param {string} camera @param {string} day @param {number} frames */
export const slits = (camera, day, frames) => `/api/cameras/${encodeURIComponent(camera)}/slits/${day}?frames=${frames}`;

/** One frame, with what its camera said of itself then.
 * @param {number} id @returns {Promise<Frame & { status?: Record<string, unknown> }>} */
export const frame = (id) => ask(`/api/frames/${id}`);

/** The page of frames that *query* begins, newest first; with `order=oldest`, oldest first.
 * @param {string} query @param {number} [limit] @returns {Promise<Page>} */
export function frames(query, limit = PAGE_FRAMES) {
  const asked = new URLSearchParams(query);
  asked.set("limit", String(limit));
  return ask(`/api/frames?${asked}`);
}

/** The page that a list begins with. @param {string} query @returns {Promise<Page>} */
export const firstFrames = (query) => frames(query, FIRST_FRAMES);

/** The oldest frames of a choice, oldest first. @param {string} choice @returns {Promise<Page>} */
export const oldestFrames = (choice) => frames(`${choice}&order=oldest&after=1970-01-01T00:00:00Z`);

/** What happened after *seq*, waiting up to *wait_s* for something to happen.
 * @param {number} seq @param {number} wait_s @param {AbortSignal} signal @returns {Promise<Changes>} */
export const changes = (seq, wait_s, signal) =>
  ask(`/api/changes?after=${seq}&wait_s=${wait_s}`, AbortSignal.any([signal, AbortSignal.timeout(wait_s * 1000 + PATIENCE_MS)]));

/** Ask *camera* for a frame now. @param {string} camera @returns {Promise<{ is_new: boolean }>} */
export const shot = (camera) => ask(`/api/cameras/${camera}/shot`, undefined, "POST");

/**
 * @typedef {object} Visit Who looks, and what may be seen and done.
 * @property {"none" | "see" | "see_all" | "run"} right
 * @property {string | null} share for whom the share link is; null without one
 * @property {string | null} camera
 * @property {string | null} after
 * @property {string | null} before
 * @property {string | null} ends_at
 * @property {number} joining
 */

/** Who this browser is to the archive. @returns {Promise<Visit>} */
export const session = () => ask("/api/session");

/** End what this browser shows: the owner's session, or a share link's. @returns {Promise<Visit>} */
export const leave = () => ask("/api/session", undefined, "DELETE");

/** Said on the window when the archive does not know this browser any more. */
export const SIGNED_OUT = "signed-out";

/** How the archive fares, a step and a finding at a time. @param {(told: { begun?: Begun, finding?: Finding }) => void} onTold */
export async function doctor(onTold) {
  const answer = await fetch("/api/doctor", { method: "POST" });
  if (!answer.ok || !answer.body) throw await problemOf(answer);
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    const lines = (rest + part.value).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const told = JSON.parse(line);
      if (told.done) return;
      onTold(told);
    }
  }
  throw new TypeError("cut off"); // as fetch says it of a lost connection
}

/** @param {string} url @param {AbortSignal} [signal] @param {string} [method] @param {object} [body] @returns {Promise<any>} */
export async function ask(url, signal = AbortSignal.timeout(PATIENCE_MS), method = "GET", body) {
  const sent = body && JSON.stringify(body);
  const answer = await fetch(url, { method, signal, headers: HEADERS, body: sent });
  if (answer.status === 204) return undefined;
  if (answer.ok && isOurs(answer)) return answer.json();
  if (answer.status === 401) dispatchEvent(new Event(SIGNED_OUT));
  throw await problemOf(answer);
}

/** Whether the archive itself answered; else somebody on the way did in its place. @param {Response} answer */
const isOurs = (answer) => /json/.test(answer.headers.get("Content-Type") ?? "");

/** @param {Response} answer */
async function problemOf(answer) {
  const said = isOurs(answer) ? await answer.json().catch(() => ({})) : {};
  const retry_s = Number(answer.headers.get("Retry-After")) || 0;
  return new Problem(answer.status, String(said.title ?? answer.statusText), String(said.detail ?? ""), retry_s);
}
