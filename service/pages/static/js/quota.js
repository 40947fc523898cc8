/** How many works one may still make, and when there will be more. */

import { call } from "./api.js";
import { element, within } from "./dom.js";
import { facts, formatMoment, say } from "./facts.js";
import { isKnown } from "./session.js";

const MOST_TIMER_MS = 2 ** 31 - 1;

/**
 * @typedef {object} Credits
 * @property {number} available
 * @property {number} held
 * @property {number} monthly_credits
 * @property {string} next_reset_at
 */

let timer = 0;

/** Show what is left. A newcomer is told what everybody gets; there is no account to ask about yet. */
export async function showQuota() {
  if (!isKnown()) {
    writeChip(facts.free_credits, say("credits_free", { n: facts.free_credits }));
    return;
  }
  /** @type {Credits} */
  const credits = await call("GET", "/v1/credits");
  const reset = say("credits_reset", { date: formatMoment(credits.next_reset_at), n: credits.monthly_credits });
  writeChip(credits.available, say("credits_left", { n: credits.available }));
  for (const place of document.querySelectorAll(".cost-left")) {
    place.textContent = `${say("credits_left", { n: credits.available })} · ${reset}`;
  }
  showPurse(credits);
  lookAgainAt(credits.next_reset_at);
}

/**
 * @param {number} count
 * @param {string} text
 */
function writeChip(count, text) {
  const chip = element("quota");
  within(chip, ".quota-text").textContent = text;
  chip.querySelectorAll(".blossom").forEach((blossom, index) => blossom.classList.toggle("spent", index >= count));
  chip.hidden = false;
}

/**
 * With nothing left, the offer takes the place of the button.
 * @param {Credits} credits
 */
function showPurse(credits) {
  const purse = document.getElementById("purse");
  if (purse === null) return;
  const date = formatMoment(credits.next_reset_at);
  element("purse-balance").textContent = say("empty_balance", { n: credits.available });
  element("purse-reset").textContent = say("empty_reset", { date, n: credits.monthly_credits });
  const held = element("purse-held");
  held.hidden = credits.held === 0;
  held.textContent = say("empty_held", { n: credits.held });
  purse.hidden = credits.available > 0;
  document.body.classList.toggle("is-empty", credits.available <= 0);
  if (credits.available <= 0) document.dispatchEvent(new Event("huajian:empty"));
}

/**
 * A page that stays open shows the new month's credits when they come.
 * @param {string} moment
 */
function lookAgainAt(moment) {
  clearTimeout(timer);
  const milliseconds = Math.max(1000, Date.parse(moment) - Date.now() + 1000);
  if (milliseconds < MOST_TIMER_MS) timer = setTimeout(() => void showQuota(), milliseconds);
}
