/** What was typed survives a reload and a change of language, for as long as the tab is open. */

import { thisVisit } from "./keeping.js";
import { readFields } from "./spec.js";

/** @typedef {HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement} Control */

/** @param {HTMLFormElement} form */
export function keepDraft(form) {
  thisVisit.writeData(`draft.${form.id}`, readFields(form));
}

/**
 * What was typed before this script ran is newer than the draft, and stays.
 * @param {HTMLFormElement} form
 */
export function restoreDraft(form) {
  const draft = thisVisit.readData(`draft.${form.id}`) ?? {};
  const early = findEarly(form);
  for (const [name, value] of Object.entries(draft)) {
    const control = early.has(name) ? null : form.elements.namedItem(name);
    if (control instanceof RadioNodeList || control instanceof HTMLElement) {
      /** @type {{value: string}} */ (/** @type {unknown} */ (control)).value = String(value);
    }
  }
  if (early.size > 0) keepDraft(form);
}

/** @param {HTMLFormElement} form */
function findEarly(form) {
  const controls = /** @type {Control[]} */ ([...form.querySelectorAll("[name]")]);
  return new Set(controls.filter(isChanged).map(({ name }) => name));
}

/**
 * Whether it is no longer as the server sent it.
 * @param {Control} control
 */
function isChanged(control) {
  if (control instanceof HTMLSelectElement) return [...control.options].some((one) => one.selected !== one.defaultSelected);
  const isTicked = control instanceof HTMLInputElement && control.checked !== control.defaultChecked;
  return isTicked || control.value !== control.defaultValue;
}
