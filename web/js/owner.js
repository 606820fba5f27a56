// @ts-check
/** What only the owner asks of the archive, and what makes a browser the owner's. */

import { ask } from "./api.js";

/** @typedef {{ camera: string | null, after: string | null, before: string | null }} Scope */
/** @typedef {Scope & { no: number, label: string, created_at: string, expires_at: string | null, revoked_at: string | null, is_good: boolean }} Share */
/** @typedef {{ key: string, ending: string, camera: string, is_known: boolean, board: string, address: string, since: string, asked_at: string }} Asking */
/** @typedef {{ id: string, browser: string, is_this: boolean, created_at: string, used_at: string }} Session */
/** @typedef {{ key: string, created_at: string, used_at: string | null, revoked_at: string | null }} Key */

// -- who may come in

/** @param {{ secret: string } | { password: string }} shown @returns {Promise<import("./api.js").Visit>} */
export const signIn = (shown) => ask("/api/session", undefined, "POST", shown);

/** @returns {Promise<{ sessions: Session[], has_password: boolean }>} */
export const sessions = () => ask("/api/sessions");

/** @param {string} id @returns {Promise<void>} */
export const endSession = (id) => ask(`/api/sessions/${id}`, undefined, "DELETE");

/** @param {string | null} password @returns {Promise<{ is_set: boolean, ended: number }>} */
export const setPassword = (password) => ask("/api/password", undefined, "PUT", { password });

/** The secret of a link that signs one browser in. @returns {Promise<{ secret: string }>} */
export const invite = () => ask("/api/sign-in-links", undefined, "POST");

/** @returns {Promise<{ shares: Share[] }>} */
export const shares = () => ask("/api/shares");

/** @param {Scope & { label: string, expires_at: string | null }} wanted @returns {Promise<{ share: Share, secret: string }>} */
export const share = (wanted) => ask("/api/shares", undefined, "POST", wanted);

/** @param {number} no @returns {Promise<void>} */
export const revokeShare = (no) => ask(`/api/shares/${no}`, undefined, "DELETE");

// -- which cameras may send

/** @returns {Promise<{ cameras: Asking[] }>} */
export const joining = () => ask("/api/joining");

/** Let the camera of that key in. @param {string} key @param {string} id its name here @returns {Promise<{ camera: string }>} */
export const letIn = (key, id) => ask(`/api/joining/${key}`, undefined, "POST", { id });

/** @param {string} key @returns {Promise<{ camera: string }>} */
export const refuse = (key) => ask(`/api/joining/${key}`, undefined, "DELETE");

/** @param {string} camera @returns {Promise<{ keys: Key[] }>} */
export const keys = (camera) => ask(`/api/cameras/${encodeURIComponent(camera)}/keys`);

/** @param {string} camera @returns {Promise<{ key: string }>} */
export const makeKey = (camera) => ask(`/api/cameras/${encodeURIComponent(camera)}/keys`, undefined, "POST");

/** @param {string} camera @param {string} key @returns {Promise<void>} */
export const revokeKey = (camera, key) => ask(`/api/cameras/${encodeURIComponent(camera)}/keys/${key}`, undefined, "DELETE");
