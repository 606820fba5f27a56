// @ts-check
/** Every word of the doctor's page that is not already in it. Pure. */

import { count } from "./format.js";
import { reason } from "./words.js";

export const howItFares = "How it fares";

export const looking = "looking";

/** @param {number} problems @param {number} warnings */
export const found = (problems, warnings) =>
  problems + warnings === 0
    ? "nothing is wrong"
    : [...(problems ? [problems === 1 ? "1 problem" : `${count(problems)} problems`] : []), ...(warnings ? [warnings === 1 ? "1 warning" : `${count(warnings)} warnings`] : [])].join(", ");

/** Why the doctor’s findings are not here. @param {unknown} error */
export const doctorFailed = (error) =>
  [401, 403].includes(/** @type {any} */ (error)?.status)
    ? "How the archive fares is shown to its owner only. On its machine `archive doctor` says the same."
    : `The archive could not be looked at: ${reason(error)}.`;
