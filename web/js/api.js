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
 * @property {"camera-clock" | "server-clock" | "arrival"} taken_at_source
 * @property {number | null} taken_at_uncertainty_ms
 * @property {string} received_at
 * @property {number} size_bytes
 * @property {number} width
 * @property {number} height
 * @property {string} media_type
 * @property {string} sha256
 * @property {string} verdict
 * @property {string} url
 * @property {string} thumbnail_url
 */
/** @typedef {{ frames: Frame[], next: string | null, total: number, last_seq: number }} Page */
/** @typedef {{ timezone: string, days: { day: string, frames: number }[], last_seq?: number }} Days */
/** @typedef {{ title: string, timezone: string, total: number, last_seq: number, version: string, shots_from_page: boolean }} Archive */
/** @typedef {{ seq: number, type: string, data: any }} Change */
/** @typedef {{ changes: Change[], last_seq: number, reset: boolean }} Changes */

const PAGE_FRAMES = 100;
const PATIENCE_MS = 20_000;

/** The archive answered, but not with what was asked for. */
export class Problem extends Error {
  /** @param {number} status @param {string} title */
  constructor(status, title) {
    super(`${status} ${title}`);
    this.status = status;
    this.title = title;
  }
}

/** @returns {Promise<Archive>} */
export const archive = () => ask("/api/archive");

/** @returns {Promise<Days>} */
export const days = () => ask("/api/days");

/** @param {number} id @returns {Promise<Frame>} */
export const frame = (id) => ask(`/api/frames/${id}`);

/** The page of frames that *query* (“cursor=…” or “before=…”) begins; the newest when it is empty.
 * @param {string} query @returns {Promise<Page>} */
export function frames(query) {
  const asked = new URLSearchParams(query);
  asked.set("limit", String(PAGE_FRAMES));
  return ask(`/api/frames?${asked}`);
}

/** What happened after *seq*, waiting up to *wait_s* for something to happen.
 * @param {number} seq @param {number} wait_s @param {AbortSignal} signal @returns {Promise<Changes>} */
export const changes = (seq, wait_s, signal) =>
  ask(`/api/changes?after=${seq}&wait_s=${wait_s}`, AbortSignal.any([signal, AbortSignal.timeout(wait_s * 1000 + PATIENCE_MS)]));

/** Ask *camera* for a frame now. @param {string} camera @returns {Promise<{ is_new: boolean }>} */
export const shot = (camera) => ask(`/api/cameras/${camera}/shot`, undefined, "POST");

/** @param {string} url @param {AbortSignal} [signal] @param {string} [method] @returns {Promise<any>} */
async function ask(url, signal = AbortSignal.timeout(PATIENCE_MS), method = "GET") {
  const answer = await fetch(url, { method, signal, headers: { Accept: "application/json" } });
  if (answer.ok) return answer.json();
  const body = await answer.json().catch(() => ({})); // a proxy's error page is no JSON
  throw new Problem(answer.status, String(body.title ?? answer.statusText));
}
