/** Which looks a card can have, by what was chosen elsewhere: the others are put away. */

import { within } from "./dom.js";
import { announce, say } from "./facts.js";

/** What a layout may be made for, by the field that decides. */
const MADE_FOR = { occasion: "occasions", style: "styles", language: "languages" };

/**
 * Offer only what fits; a choice that no longer does becomes ours.
 * @param {HTMLFormElement} form
 * @param {import("./spec.js").Fields} fields
 */
export function arrangeLayouts(form, fields) {
  const radios = /** @type {HTMLInputElement[]} */ ([...form.querySelectorAll("input[name=template]")]);
  if (radios.length === 0) return;
  form.classList.toggle("has-photo", Boolean(fields.photo_id));
  let isChanged = false;
  for (const radio of radios) {
    const fits = isFit(radio, fields);
    isChanged ||= radio.checked && !fits;
    radio.disabled = !fits;
    /** @type {HTMLElement} */ (radio.closest("label")).hidden = !fits;
  }
  if (isChanged) {
    radios[0].checked = true;
    announce(say("layout_changed"));
  }
  const isDue = needsPhoto(form);
  within(form, ".photo-due").hidden = !isDue;
  within(form, ".photo-optional").hidden = isDue;
}

/**
 * @param {HTMLInputElement} radio
 * @param {import("./spec.js").Fields} fields
 */
function isFit(radio, fields) {
  if (fields.photo_id && radio.dataset.takesPhoto === undefined) return false;
  return Object.entries(MADE_FOR).every(([field, list]) => {
    const allowed = radio.dataset[list] ?? "";
    return allowed === "" || allowed.split(" ").includes(fields[field]);
  });
}

/**
 * Whether the chosen layout cannot do without a photo.
 * @param {HTMLFormElement} form
 */
export function needsPhoto(form) {
  const chosen = /** @type {HTMLElement | null} */ (form.querySelector("input[name=template]:checked"));
  return chosen?.dataset.needsPhoto !== undefined;
}
