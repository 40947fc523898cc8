/** Months as people count them. */

import { facts } from "./facts.js";

/**
 * The same day some months from the page's now on, or that month's last day.
 * @param {number} count
 */
export function monthsFromNow(count) {
  const start = new Date(/** @type {any} */ (facts).now);
  const end = new Date(start);
  end.setMonth(start.getMonth() + count);
  if (end.getDate() !== start.getDate()) end.setDate(0); // it ran over into the month after
  return end;
}
