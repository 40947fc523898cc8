/** How far a link is: blossoms that open one by one, and what is still missing. */

import { say } from "./facts.js";

/**
 * Open as many blossoms as there are points; what was drawn by the server is only brought up to date.
 * @param {HTMLElement} place
 * @param {number} progress
 * @param {number} goal
 */
export function showPoints(place, progress, goal) {
  place.setAttribute("aria-label", say("share_points", { n: progress, goal }));
  const count = place.querySelector(".ask-count");
  if (count !== null) count.textContent = `${progress} / ${goal}`;
  place.querySelectorAll(".ask-point").forEach((point, index) => {
    const isOpen = index >= progress;
    point.classList.toggle("is-fresh", point.classList.contains("is-open") && !isOpen);
    point.classList.toggle("is-open", isOpen);
  });
}

/**
 * @param {number} missing points
 * @param {{new: number, existing: number}} weights
 */
export function missingText(missing, weights) {
  if (missing <= 0) return "";
  const [fresh, known] = [Math.ceil(missing / weights.new), Math.ceil(missing / weights.existing)];
  if (fresh !== known) return say(fresh === 1 ? "ask_missing_mixed_one" : "ask_missing_mixed", { fresh, known });
  return fresh === 1 ? say("ask_missing_one") : say("ask_missing", { n: fresh });
}
