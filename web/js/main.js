// @ts-check
/** The first sight: the newest frames, or those the address asks for. What a reader can do with them comes after it. */

import * as address from "./address.js";
import * as api from "./api.js";
import { Catalog } from "./catalog.js";
import { calendar as calendarOf } from "./format.js";
import { gallery as galleryIn } from "./gallery.js";

const DENSITY = "density"; // remembered by the browser, for all its tabs

/** @template {HTMLElement} T @param {string} selector @returns {T} */
const find = (selector) => /** @type {T} */ (document.querySelector(selector));

history.scrollRestoration = "manual"; // the address says where the reader was

const gallery = galleryIn(find(".days"), { day: find("#day"), frame: find("#frame") });
gallery.density = localStorage.getItem(DENSITY) === "sheet" ? "sheet" : "list";

const seen = await look().catch((/** @type {unknown} */ error) => ({ error }));
const { reader } = await import("./reader.js"); // not before the pictures are asked for: nobody waits for it
reader({ gallery, seen, remember: (density) => localStorage.setItem(DENSITY, density) });

async function look() {
  const [timezone, page] = await Promise.all([
    document.documentElement.dataset.timezone ?? api.archive().then(({ timezone }) => timezone),
    api.firstFrames(address.list()),
  ]);
  const calendar = calendarOf(timezone);
  const catalog = new Catalog((moment) => calendar.day(moment));
  catalog.fill(page, address.choice(), address.place());
  const { frames, newer, older } = catalog;
  if (frames.length > 0) gallery.draw({ frames, calendar, hasNewer: newer !== null, hasOlder: older !== null }, "start");
  return { page };
}
