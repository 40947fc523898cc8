/** Months as people count them. */

/**
 * The same day some months on, or that month's last day.
 * @param {Date} start
 * @param {number} count
 */
export function monthsAfter(start, count) {
  const end = new Date(start);
  end.setMonth(start.getMonth() + count);
  if (end.getDate() !== start.getDate()) end.setDate(0); // it ran over into the month after
  return end;
}
