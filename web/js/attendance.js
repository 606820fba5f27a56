// @ts-check
/** Whether somebody looks at the page: a page nobody looks at gives its connection back, and takes it again when seen. */

const HIDDEN_MS = 60_000;

/** @typedef {{ pause: () => void, resume: () => void, retry: () => void }} Line The page's line to the archive. */

/** Hold *line* only while somebody looks. @param {Line} line @param {() => boolean} isWanted the reader wants news at all */
export function attend(line, isWanted) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */ let hiding;
  const resume = () => isWanted() && line.resume();

  document.addEventListener("visibilitychange", () => {
    clearTimeout(hiding);
    if (document.hidden) hiding = setTimeout(() => line.pause(), HIDDEN_MS);
    else resume();
  });
  window.addEventListener("pagehide", () => line.pause());
  window.addEventListener("pageshow", (event) => event.persisted && resume());
  window.addEventListener("offline", () => isWanted() && line.retry());
  window.addEventListener("online", resume);
}
