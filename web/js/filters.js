// @ts-check
/** The line of choices under the head: which frames, how dense, and whether new ones may come. */

import * as words from "./words.js";

/** @typedef {import("./choice.js").Choice} Choice */

/**
 * @param {HTMLElement} element
 * @param {{
 *   onChoose: (name: string, value: string | null) => void,
 *   onDensity: (density: string) => void,
 *   onPause: () => void,
 *   onAlmanac: () => void,
 *   camerasWanted: () => Promise<string[]>,
 * }} listener
 */
export function filters(element, listener) {
  /** @template {HTMLElement} T @param {string} selector @returns {T} */
  const part = (selector) => /** @type {T} */ (element.querySelector(selector));
  const camera = /** @type {HTMLSelectElement} */ (part("[name=camera]"));
  const from = /** @type {HTMLSelectElement} */ (part("[name=from]"));
  const to = /** @type {HTMLSelectElement} */ (part("[name=to]"));
  const difference = /** @type {HTMLInputElement} */ (part("[name=difference]"));
  const verdicts = /** @type {HTMLInputElement[]} */ ([...element.querySelectorAll("[name=verdict]")]);

  /** @type {Choice["hour"]} */ let hour = null;

  camera.addEventListener("change", () => listener.onChoose("camera", camera.value));
  from.addEventListener("change", () => {
    to.value = String(Number(from.value) + 1); // an hour, the same on every day, until more is asked for
    chooseHour();
  });
  to.addEventListener("change", chooseHour);
  for (const box of verdicts) box.addEventListener("change", chooseVerdicts);
  difference.addEventListener("input", sayDifference);
  difference.addEventListener("change", () => listener.onChoose("difference", difference.value === "0" ? null : difference.value));
  for (const button of element.querySelectorAll(".density button"))
    button.addEventListener("click", () => listener.onDensity(/** @type {HTMLButtonElement} */ (button).value));
  part(".pause").addEventListener("click", listener.onPause);
  part("#almanac").addEventListener("beforetoggle", (event) => isOpening(event) && listener.onAlmanac());
  part("#hours").addEventListener("beforetoggle", (event) => isOpening(event) && drawHours());
  for (const event of ["pointerenter", "focus"]) camera.addEventListener(event, wantCameras, { once: true });

  return {
    /** @param {Choice} choice */
    draw(choice) {
      if (choice.camera !== null) addCamera(choice.camera);
      camera.value = choice.camera ?? "";
      hour = choice.hour;
      if (from.options.length > 0) drawHours(); // not before they are looked at
      for (const box of verdicts) box.checked = choice.verdicts.includes(box.value);
      difference.value = String(choice.difference);
      sayDifference();
      part("[popovertarget=hours]").textContent = words.hour(choice.hour);
      part("[popovertarget=pictures]").textContent = words.picture(choice.verdicts, choice.difference);
      part("[popovertarget=hours]").toggleAttribute("data-chosen", choice.hour !== null);
      part("[popovertarget=pictures]").toggleAttribute("data-chosen", choice.verdicts.length > 0 || choice.difference > 0);
      camera.toggleAttribute("data-chosen", choice.camera !== null);
      part(".all").hidden = choice.isAll;
    },
    /** @param {string} density */
    density(density) {
      for (const button of element.querySelectorAll(".density button"))
        button.setAttribute("aria-pressed", String(/** @type {HTMLButtonElement} */ (button).value === density));
    },
    /** @param {boolean} isPaused */
    paused: (isPaused) => void (part(".pause").textContent = isPaused ? words.pause.off : words.pause.on),
  };

  function drawHours() {
    from.replaceChildren(new Option(words.hour(null), ""), ...Array.from({ length: 24 }, (_, hour) => new Option(`${hour}`)));
    to.replaceChildren(...Array.from({ length: 24 }, (_, hour) => new Option(`${hour + 1}`)));
    from.value = hour ? String(hour.from) : "";
    to.value = String(hour?.to ?? "");
    to.disabled = hour === null;
  }

  function chooseHour() {
    listener.onChoose("hour", from.value === "" ? null : `${from.value}-${to.value}`);
  }

  function chooseVerdicts() {
    listener.onChoose("verdict", verdicts.filter(({ checked }) => checked).map(({ value }) => value).join(","));
  }

  function sayDifference() {
    part("output").textContent = words.changed(Number(difference.value));
  }

  async function wantCameras() {
    for (const id of await listener.camerasWanted()) addCamera(id);
  }

  /** @param {string} id */
  function addCamera(id) {
    if ([...camera.options].some(({ value }) => value === id)) return;
    camera.add(new Option(id, id));
  }
}

/** @param {Event} event */
const isOpening = (event) => /** @type {ToggleEvent} */ (event).newState === "open";
