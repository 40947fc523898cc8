/** What is wrong with a form, said at the field itself. */

import { within } from "./dom.js";
import { facts, say } from "./facts.js";

/** Names under which the API reports a field that our form calls otherwise. */
const ALIASES = { width_px: "size", height_px: "size" };

/**
 * Show each fault at its field, and take the person to the first.
 * @param {HTMLFormElement} form
 * @param {Map<string, string>} faults by field
 */
export function showFaults(form, faults) {
  clearFaults(form);
  for (const [name, text] of faults) mark(form, name, text);
  const first = /** @type {HTMLElement | null} */ (form.querySelector("[aria-invalid=true]"));
  first?.closest("details")?.setAttribute("open", "");
  first?.focus();
}

/** @param {HTMLFormElement} form */
export function clearFaults(form) {
  for (const field of form.querySelectorAll("[data-field]")) clearFault(/** @type {HTMLElement} */ (field));
}

/**
 * Stop complaining about a field once it is being changed.
 * @param {HTMLElement} field
 */
export function clearFault(field) {
  const error = within(field, ".error");
  error.hidden = true;
  error.textContent = "";
  for (const control of field.querySelectorAll("[aria-invalid]")) control.removeAttribute("aria-invalid");
}

/**
 * @param {HTMLFormElement} form
 * @param {string} name
 * @param {string} text
 */
function mark(form, name, text) {
  const field = /** @type {HTMLElement | null} */ (form.querySelector(`[data-field="${CSS.escape(name)}"]`));
  if (field === null) return;
  const error = within(field, ".error");
  error.textContent = text;
  error.hidden = false;
  field.querySelector("input:not([type=radio]), textarea, select, input:checked")?.setAttribute("aria-invalid", "true");
}

/**
 * The faults that the server found, by field.
 * @param {{loc: (string | number)[], msg: string}[]} errors
 * @returns {Map<string, string>}
 */
export function toFaults(errors) {
  const faults = new Map();
  for (const { loc, msg } of errors) {
    const reported = String(loc[loc.indexOf("spec") + 1] ?? "");
    const name = ALIASES[/** @type {keyof typeof ALIASES} */ (reported)] ?? reported;
    if (!faults.has(name)) faults.set(name, translate(msg));
  }
  return faults;
}

/**
 * The server words its findings in English, for developers.
 * @param {string} message
 */
export function translate(message) {
  const most = /at most (\d+)/.exec(message);
  if (most) return say("error_too_long_plain", { n: most[1] });
  const [, least] = /greater than or equal to (\d+)/.exec(message) ?? [];
  if (least) return say("error_too_small", { n: least });
  const [, highest] = /less than or equal to (\d+)/.exec(message) ?? [];
  if (highest) return say("error_too_large", { n: highest });
  if (/valid datetime/.test(message)) return say("error_required");
  if (/at least 1/.test(message)) return say("error_required");
  if (/control or unassigned/.test(message)) return say("error_unprintable");
  return facts.language === "en" ? message : say("error_field");
}
