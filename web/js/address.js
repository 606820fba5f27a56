// @ts-check
/** The page's address, which is its state: `?frame=1234` is open in the viewer, `?cursor=…` begins the list. */

const LIST = ["cursor", "before"];

/** The frame in the address; null when there is none. */
export function frame() {
  const id = new URLSearchParams(location.search).get("frame");
  return id && /^\d+$/.test(id) ? Number(id) : null;
}

/** The query that begins the list; empty for the newest frames. */
export const list = () => listQuery(location.search);

/** The page's own address of the list that the API's address *next* answers. @param {string} next */
export const ofList = (next) => `?${listQuery(new URL(next, location.origin).search)}`;

/** The address of frame *id* over the same list, or with null, of the list alone. @param {number | null} id */
export function ofFrame(id) {
  const asked = new URLSearchParams(list());
  if (id !== null) asked.set("frame", String(id));
  return asked.size ? `?${asked}` : "/";
}

/** @param {string} search */
function listQuery(search) {
  const asked = new URLSearchParams(search);
  return String(new URLSearchParams([...asked].filter(([name]) => LIST.includes(name))));
}
