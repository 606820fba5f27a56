// @ts-check
/** What is known of the cameras: the newest frame of each, what it said of itself, and whether it is late. Pure. */

/** @typedef {import("./api.js").Camera} Camera */
/** @typedef {import("./api.js").Change} Change */
/** @typedef {import("./api.js").Said} Said */
/** @typedef {import("./api.js").Health} Health */

const FRAMES_LATE = 3; // so many frames should have come since the last one
const LATE_MS = 60_000; // and nobody is late within a minute: an upload is tried again

/**
 * @typedef {object} Measure Something a camera measures of itself.
 * @property {string} name
 * @property {number} range the least that a chart's height stands for
 * @property {number} [floor] where its foot stands, of what is counted
 * @property {(status: Said) => unknown} of
 */
/** @type {Measure[]} */
export const MEASURES = [
  { name: "rssi", range: 20, of: (status) => status.rssi },
  { name: "battery", range: 0.4, of: (status) => status.battery },
  { name: "temperature", range: 10, of: (status) => status.temperature },
  { name: "spooled", range: 10, floor: 0, of: (status) => status.spooled },
  { name: "heap", range: 20_000, of: (status) => status.heap },
  { name: "psram", range: 200_000, of: (status) => status.psram },
  { name: "restarts", range: 4, floor: 0, of: (status) => status.restarts ?? ("reset" in status ? 0 : undefined) }, // none is not said
];

/** What *measure* was, oldest first. @param {Health[]} points @param {Measure} measure */
export function measured(points, measure) {
  /** @type {import("./chart.js").Point[]} */ const found = [];
  for (const { at, status } of points) {
    const value = measure.of(status);
    if (typeof value === "number") found.push({ at: Date.parse(at), value });
  }
  return found;
}

/** @param {Camera} camera @param {number} now */
export function isLate({ latest, every_s }, now) {
  if (latest === null || every_s === null) return false;
  return now - Date.parse(latest.taken_at) > Math.max(LATE_MS, FRAMES_LATE * every_s * 1000);
}

export class Cameras {
  /** In the order in which they became known: a new one moves no other. @type {Map<string, Camera>} */ known = new Map();

  /** Take in what the archive says of all cameras. Of two frames the newer stays. @param {Camera[]} cameras */
  learn(cameras) {
    const ids = new Set(cameras.map(({ id }) => id));
    for (const id of this.known.keys()) if (!ids.has(id)) this.known.delete(id);
    for (const camera of cameras) {
      const before = this.known.get(camera.id)?.latest ?? null;
      this.known.set(camera.id, { ...camera, latest: isNewer(camera.latest, before) ? camera.latest : before });
    }
  }

  /** Take in *change*. What the archive must be asked: nothing, what a camera said with it, or everything now.
   * @param {Change} change @returns {"nothing" | "status" | "everything"} */
  hear({ type, data }) {
    const camera = this.known.get(type === "camera" ? data.id : data.camera);
    if (type === "camera" || (type === "frame" && !camera)) return camera ? "nothing" : "everything";
    if (!camera) return "nothing";
    const { latest } = camera;
    if (type === "frame-deleted") {
      if (latest?.id !== data.id) return "status";
      this.known.set(camera.id, { ...camera, latest: null });
      return "everything";
    }
    if (type === "frame-changed") {
      if (latest?.id === data.id) this.known.set(camera.id, { ...camera, latest: data });
      return "nothing";
    }
    if (type !== "frame") return "nothing";
    this.known.set(camera.id, { ...camera, frames: camera.frames + 1, latest: isNewer(data, latest) ? data : latest });
    return "status";
  }
}

/** A camera that was away sends what it took then: what arrives last is not always newest.
 * @param {Camera["latest"]} frame @param {Camera["latest"]} than */
const isNewer = (frame, than) =>
  than === null || (frame !== null && Date.parse(frame.taken_at) >= Date.parse(than.taken_at));
