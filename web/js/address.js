// @ts-check
/**
 * The page's address, which is its state: what the reader chose to see (`?camera=garden&hour=6-9`), where in time the
 * reader is (`before=…`), the frame that is open in the viewer (`frame=1234`), and one beside it (`compare=1230`). Of a
 * camera's own page (`/cameras/garden?span=week`): which camera, and how far back.
 */

const CHOICE = ["camera", "hour", "verdict", "difference"];
const LIST = [...CHOICE, "before"];

/** The frame in the address; null when there is none. */
export const frame = () => id("frame");

/** The frame that it is compared with; null when it is with none. */
export const compared = () => (frame() === null ? null : id("compare"));

/** The query that begins the list: the choice and the place; empty for the newest frames of all. */
export const list = () => query(LIST);

/** The query of the choice alone. */
export const choice = () => query(CHOICE);

/** The moment the list begins before; null at the newest. */
export const place = () => new URLSearchParams(location.search).get("before");

/** The address of frame *id* over the same list, beside another, or with null, of the list alone.
 * @param {number | null} id @param {number} [compared] */
export function ofFrame(id, compared) {
  const alone = changed(list(), "frame", id === null ? null : String(id));
  return compared === undefined ? alone : changed(alone, "compare", String(compared));
}

/** The address of the same choice at another place, or with null, at its newest. @param {string | null} moment */
export const ofPlace = (moment) => changed(location.search, "before", moment);

/** The address of another choice at the same place. @param {string} name @param {string | null} value */
export const ofChoice = (name, value) => changed(list(), name, value);

/** @param {string} name */
function id(name) {
  const text = new URLSearchParams(location.search).get(name);
  return text && /^\d+$/.test(text) ? Number(text) : null;
}


/** The address of the list of *camera*'s frames. @param {string} camera */
export const ofList = (camera) => `/?${new URLSearchParams({ camera })}`;

/** The address of that list as it was before *moment*. @param {string} camera @param {string} moment */
export const ofMoment = (camera, moment) => `/?${written(new URLSearchParams({ camera, before: moment }))}`;

/** The address of frame *id* over that list. @param {string} camera @param {number} id */
export const ofFrameIn = (camera, id) => `/?${new URLSearchParams({ camera, frame: String(id) })}`;

/** The address of *camera*'s own page. @param {string} camera */
export const ofCamera = (camera) => `/cameras/${encodeURIComponent(camera)}`;

/** The camera whose own page this is. */
export function camera() {
  const name = location.pathname.split("/")[2] ?? "";
  try {
    return decodeURIComponent(name);
  } catch {
    return name; // a percent sign that means itself: no camera is called so
  }
}

/** How far back a camera's page looks; null when the address does not say. */
export const span = () => new URLSearchParams(location.search).get("span");

/** The address of the same page that looks as far back as *span* says. @param {string} span */
export const ofSpan = (span) => `?${new URLSearchParams({ span })}`;

/** @param {string[]} names */
const query = (names) =>
  written(new URLSearchParams([...new URLSearchParams(location.search)].filter(([name]) => names.includes(name))));

/** @param {string} search @param {string} name @param {string | null} value */
function changed(search, name, value) {
  const asked = new URLSearchParams(search);
  if (value === null || value === "") asked.delete(name);
  else asked.set(name, value);
  return asked.size ? `?${written(asked)}` : "/";
}

/** Colons and commas need no code in a query, and an address is read by people. @param {URLSearchParams} asked */
const written = (asked) => String(asked).replaceAll("%3A", ":").replaceAll("%2C", ",");
