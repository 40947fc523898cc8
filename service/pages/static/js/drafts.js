/** What was typed survives a reload and a change of language, for as long as the tab is open. */

import { thisVisit } from "./keeping.js";
import { readFields } from "./spec.js";

/** @param {HTMLFormElement} form */
export function keepDraft(form) {
  thisVisit.writeData(`draft.${form.id}`, readFields(form));
}

/** @param {HTMLFormElement} form */
export function restoreDraft(form) {
  const draft = thisVisit.readData(`draft.${form.id}`) ?? {};
  for (const [name, value] of Object.entries(draft)) {
    const control = form.elements.namedItem(name);
    if (control instanceof RadioNodeList || control instanceof HTMLElement) {
      /** @type {{value: string}} */ (/** @type {unknown} */ (control)).value = String(value);
    }
  }
}
