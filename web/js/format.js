// @ts-check
/** Figures and times as the catalogue prints them. Pure. */

const NARROW = "\u202f"; // narrow no-break space: in thousands, so that no figure breaks across lines
const LANGUAGE = "en-GB";

/** 48482 as “48 482”. @param {number} n */
export const count = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, NARROW);

/** −61.2, with a true minus; with so many decimals. @param {number} n @param {number} [decimals] */
export function figure(n, decimals = 0) {
  const known = figures.get(decimals) ?? new Intl.NumberFormat(LANGUAGE, { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
  figures.set(decimals, known);
  return known.format(n).replace("-", "−").replaceAll(",", NARROW);
}

/** @type {Map<number, Intl.NumberFormat>} */
const figures = new Map();

/** A frame's id as “№ 048 482”. @param {number} id */
export const no = (id) => `№\u00a0${count6(id)}`;

/** @param {number} id */
const count6 = (id) => String(id).padStart(6, "0").replace(/\B(?=(\d{3})+$)/g, NARROW);

/** The first eight and last four figures of a digest: enough to compare by eye. @param {string} hex */
export const digest = (hex) => `${hex.slice(0, 4)} ${hex.slice(4, 8)} … ${hex.slice(-4)}`;

/**
 * @typedef {object} Calendar Moments (RFC 3339) in one time zone.
 * @property {(moment: string | Date) => string} day “2026-11-22”
 * @property {(moment: string | Date) => string} time “14:03:07”
 * @property {(moment: string | Date) => string} exactTime “14:03:07.412”
 * @property {(moment: string | Date) => string} date “Sunday, 22 November 2026”
 * @property {(moment: string | Date) => number} quarter the quarter of an hour it is in, 0 to 95
 * @property {(day: string) => Date} startOf when the day begins
 * @property {(day: string, today: string) => string} heading “Sunday, 22 November”; with the year unless it is today's
 */

/** The calendar of *timeZone*; UTC's when the browser does not know it. @param {string} timeZone @returns {Calendar} */
export function calendar(timeZone) {
  const parts = partsIn(timeZone);
  return {
    day: (moment) => day(parts(moment)),
    time: (moment) => time(parts(moment)),
    exactTime: (moment) => `${time(parts(moment))}.${parts(moment).fractionalSecond}`,
    date: (moment) => date(parts(moment)),
    quarter: (moment) => Number(parts(moment).hour) * 4 + Math.floor(Number(parts(moment).minute) / 15),
    startOf: (of) => {
      const midnight = Date.parse(`${of}T00:00:00Z`);
      const guess = midnight - ahead(parts, midnight);
      return new Date(midnight - ahead(parts, guess)); // the first guess may be on the other side of a change of clocks
    },
    heading: (of, today) => {
      const noon = partsIn("UTC")(`${of}T12:00:00Z`);
      return of.slice(0, 4) === today.slice(0, 4) ? `${noon.weekday}, ${noon.day} ${noon.month}` : date(noon);
    },
  };
}

/** “14:03” @param {Calendar} calendar @param {string | Date} moment */
export const minute = (calendar, moment) => calendar.time(moment).slice(0, 5);

/** “22 Nov” @param {string} of a day */
export const shortDay = (of) => `${Number(of.slice(8))} ${shortMonth(of)}`;

/** “Nov” @param {string} of a day or a month */
export const shortMonth = (of) => MONTHS[Number(of.slice(5, 7)) - 1].slice(0, 3);

/** “November 2026” @param {string} of a day or a month */
export const month = (of) => `${MONTHS[Number(of.slice(5, 7)) - 1]} ${of.slice(0, 4)}`;

/** How far a zone's clocks are ahead of UTC's. @param {(moment: Date) => Record<string, string>} parts @param {number} ms */
function ahead(parts, ms) {
  const there = parts(new Date(ms));
  return Date.parse(`${day(there)}T${time(there)}Z`) - ms;
}

const MONTHS = "January February March April May June July August September October November December".split(" ");

/** @param {Record<string, string>} p */
const day = (p) => `${p.year}-${String(MONTHS.indexOf(p.month) + 1).padStart(2, "0")}-${p.day.padStart(2, "0")}`;
/** @param {Record<string, string>} p */
const time = (p) => `${p.hour}:${p.minute}:${p.second}`;
/** @param {Record<string, string>} p */
const date = (p) => `${p.weekday}, ${p.day} ${p.month} ${p.year}`;

/** @type {Map<string, (moment: string | Date) => Record<string, string>>} */
const zones = new Map(); // a formatter is slow to make and quick to use

/** @param {string} timeZone */
function partsIn(timeZone) {
  const known = zones.get(timeZone);
  if (known) return known;
  const formatter = formatterIn(timeZone);
  /** @param {string | Date} moment @returns {Record<string, string>} */
  const parts = (moment) =>
    Object.fromEntries(formatter.formatToParts(new Date(moment)).map(({ type, value }) => [type, value]));
  zones.set(timeZone, parts);
  return parts;
}

/** @param {string} timeZone */
function formatterIn(timeZone) {
  /** @type {Intl.DateTimeFormatOptions} */
  const options = {
    weekday: "long", year: "numeric", month: "long", day: "numeric",
    hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3, hourCycle: "h23",
  };
  try {
    return new Intl.DateTimeFormat(LANGUAGE, { ...options, timeZone });
  } catch {
    return new Intl.DateTimeFormat(LANGUAGE, { ...options, timeZone: "UTC" });
  }
}
