/**
 * The three slips above the sheet: tabs with a roving tab stop.
 * Source: https://www.w3.org/WAI/ARIA/apg/patterns/tabs/
 */

import { element } from "./dom.js";

const STEPS = { ArrowLeft: -1, ArrowRight: 1 };

/** @param {HTMLElement[]} slips */
export function enliven(slips) {
  for (const slip of slips) {
    slip.addEventListener("click", () => choose(slips, slip));
    slip.addEventListener("keydown", (event) => {
      const next = findNext(slips, slips.indexOf(slip), event.key);
      if (next === null) return;
      event.preventDefault();
      choose(slips, next);
      next.focus();
    });
  }
}

/**
 * @param {HTMLElement[]} slips
 * @param {number} index
 * @param {string} key
 */
function findNext(slips, index, key) {
  if (key === "Home") return slips[0];
  if (key === "End") return slips[slips.length - 1];
  const step = STEPS[/** @type {keyof typeof STEPS} */ (key)];
  return step === undefined ? null : slips[(index + step + slips.length) % slips.length];
}

/**
 * @param {HTMLElement[]} slips
 * @param {HTMLElement} chosen
 */
function choose(slips, chosen) {
  for (const slip of slips) {
    const isChosen = slip === chosen;
    slip.setAttribute("aria-selected", String(isChosen));
    slip.tabIndex = isChosen ? 0 : -1;
    element(`panel-${slip.dataset.kind}`).hidden = !isChosen;
  }
  const address = new URL(location.href);
  address.searchParams.set("kind", chosen.dataset.kind ?? "");
  history.replaceState(null, "", address); // so that a reload opens the same form
}
