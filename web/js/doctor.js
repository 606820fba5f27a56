// @ts-check
/** How the archive fares, for its owner: asks the doctor within, and shows each finding as it is told. */

import * as api from "./api.js";
import * as said from "./doctor-words.js";
import { calendar as calendarOf } from "./format.js";
import { masthead as mastheadIn } from "./masthead.js";
import { problem as problemIn } from "./problem.js";
import { status as statusIn } from "./status.js";
import * as words from "./words.js";

/** @template {HTMLElement} T @param {string} selector @returns {T} */
const find = (selector) => /** @type {T} */ (document.querySelector(selector));

const masthead = mastheadIn(find(".masthead"));
const problem = problemIn(find(".problem"));
const status = statusIn(find("[role=status]"));
const again = /** @type {HTMLButtonElement} */ (find(".again"));
const template = /** @type {HTMLTemplateElement} */ (find("#finding"));
const chapters = /** @type {HTMLElement[]} */ ([...document.querySelectorAll(".chapter")]);

find(".address").textContent = location.origin;
again.addEventListener("click", look);
look();

async function look() {
  if (again.getAttribute("aria-disabled") === "true") return;
  again.setAttribute("aria-disabled", "true");
  problem.clear();
  masthead.total("");
  masthead.state(said.looking);
  for (const chapter of chapters) (list(chapter).replaceChildren(), (chapter.hidden = true));
  try {
    const archive = await api.archive();
    const now = new Date();
    const calendar = calendarOf(archive.timezone);
    masthead.title(archive.title);
    document.title = `${said.howItFares} · ${archive.title}`;
    masthead.today(calendar.date(now), calendar.day(now));
    await api.doctor(({ begun, finding }) => {
      if (begun) masthead.state(begun.doing);
      if (finding) show(finding);
    });
    masthead.state("");
    masthead.total(said.found(count("problem"), count("warning")));
    status.say(said.found(count("problem"), count("warning")));
  } catch (error) {
    masthead.state(words.state.unanswered);
    problem.say(said.doctorFailed(error), look);
  } finally {
    again.removeAttribute("aria-disabled");
  }
}

/** @param {api.Finding} finding */
function show(finding) {
  const chapter = chapters.find(({ dataset }) => dataset.severity === finding.severity);
  if (!chapter) return;
  const element = /** @type {Element} */ (/** @type {Element} */ (template.content.firstElementChild).cloneNode(true));
  const put = (/** @type {string} */ part, /** @type {string} */ text) =>
    void (/** @type {Element} */ (element.querySelector(part)).textContent = text);
  put(".title", finding.title);
  put(".seen", finding.seen);
  put(".why", finding.why);
  put(".do", finding.do);
  list(chapter).append(element);
  chapter.hidden = false;
}

/** @param {HTMLElement} chapter */
function list(chapter) {
  return /** @type {HTMLElement} */ (chapter.querySelector("ul"));
}

/** How many findings of this *severity* there are. @param {string} severity */
function count(severity) {
  return document.querySelectorAll(`[data-severity="${severity}"] .finding`).length;
}
