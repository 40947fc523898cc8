/** Another tier: what it costs now and later, agreed to before anything is charged. */

import { call } from "./api.js";
import { once } from "./buying.js";
import { element, make } from "./dom.js";
import { formatDay, join, say } from "./facts.js";
import { showRefusal } from "./refusal.js";
import { Offline, Problem } from "./wire.js";

/** @typedef {import("./membership.js").Membership} Membership */
/** @typedef {import("./membership.js").Money} Money */

/**
 * @typedef {object} Change what a change would mean
 * @property {string} tier
 * @property {string} name
 * @property {boolean} is_upgrade
 * @property {Money} due_now
 * @property {number} credits_now
 * @property {number} monthly_credits
 * @property {Money} then
 * @property {string} renews_at
 * @property {string} at
 *
 * @typedef {object} Offer
 * @property {string} tier
 * @property {string} name
 * @property {number} monthly_credits
 * @property {Money} second_month
 */

const dialog = /** @type {HTMLDialogElement} */ (element("change"));

/** @type {Change | null} what is being agreed to */
let previewed = null;
/** @type {(membership: Membership) => void} */
let onChanged = () => {};
/** Whether what is used of an upgrade stays paid when the purchase is taken back. */
let isUsePaid = false;

/**
 * List the tiers that one could have instead.
 * @param {Membership} membership
 * @param {(membership: Membership) => void} changed
 */
export async function drawChanges(membership, changed) {
  onChanged = changed;
  isUsePaid = membership.withdrawals.some(({ parts }) => parts.some((part) => part.is_use_paid));
  element("changes").hidden = !membership.can.includes("change");
  if (element("changes").hidden) return;
  const currency = membership.next_charge?.price.currency;
  const memberships = await findOffers(currency ? `?currency=${currency}` : "");
  const mine = memberships.findIndex((offer) => offer.tier === membership.tier);
  // With a lower tier planned, one may keep what one has, or plan another; to go up, undo that first.
  const planned = membership.scheduled?.tier ?? membership.tier;
  const wanted = memberships
    .map((offer, rank) => ({ offer, step: rank - mine }))
    .filter(({ offer, step }) => offer.tier !== planned && (membership.scheduled === null || step <= 0));
  element("change-list").replaceChildren(...wanted.map(({ offer, step }) => drawOffer(offer, step)));
  element("changes").hidden = wanted.length === 0;
}

/**
 * @param {string} query
 * @returns {Promise<Offer[]>} none while nobody answers: the rest of the page does without
 */
async function findOffers(query) {
  try {
    return (await call("GET", `/v1/catalog${query}`)).memberships;
  } catch (error) {
    if (error instanceof Offline || error instanceof Problem) return [];
    throw error;
  }
}

/**
 * @param {Offer} offer
 * @param {number} step how many tiers up; 0 is the one that one has
 */
function nameStep({ name }, step) {
  if (step === 0) return say("change_keep", { tier: name });
  return say(step > 0 ? "change_up" : "change_down", { tier: name });
}

/**
 * @param {Offer} offer
 * @param {number} step
 */
function drawOffer(offer, step) {
  const item = make("li", "change");
  const what = make("div", "change-text");
  what.append(
    make("p", "change-name", offer.name),
    make("p", "change-what", say("change_line", { n: offer.monthly_credits, price: offer.second_month.text })),
  );
  const label = nameStep(offer, step);
  const button = /** @type {HTMLButtonElement} */ (make("button", "button quiet", label));
  button.type = "button";
  button.addEventListener("click", () => void preview(button, offer.tier, label));
  item.append(what, button);
  return item;
}

/**
 * @param {HTMLButtonElement} button
 * @param {string} tier
 * @param {string} label
 */
async function preview(button, tier, label) {
  button.disabled = true;
  showRefusal(element("member-refusal"), null);
  try {
    show(await call("GET", `/v1/membership/change?tier=${encodeURIComponent(tier)}`), label);
  } catch (error) {
    showRefusal(element("member-refusal"), error);
  } finally {
    button.disabled = false;
  }
}

/**
 * @param {Change} change
 * @param {string} label
 */
function show(change, label) {
  previewed = change;
  const date = formatDay(change.renews_at);
  element("change-title").textContent = label;
  element("change-today").textContent = change.is_upgrade ? change.due_now.text : say("change_nothing");
  element("change-then").textContent = say("change_then_text", { date, price: change.then.text });
  element("change-gives").textContent = change.is_upgrade
    ? say("change_gives_now", { n: change.credits_now })
    : say("change_gives_later", { n: change.monthly_credits, date });
  const how = [say(change.is_upgrade ? "change_up_how" : "change_down_how")];
  if (change.is_upgrade && isUsePaid) how.push(say("change_up_use"));
  element("change-how").textContent = join(how);
  element("change-yes").textContent = change.is_upgrade ? say("change_pay", { price: change.due_now.text }) : label;
  showRefusal(element("change-refusal"), null);
  dialog.showModal();
}

async function agree() {
  if (previewed === null) return;
  const { tier, at } = previewed;
  const yes = /** @type {HTMLButtonElement} */ (element("change-yes"));
  yes.disabled = true;
  try {
    const changed = await once(`change ${tier} ${at}`, (key) =>
      call("POST", "/v1/membership/change", {
        body: JSON.stringify({ tier, at }),
        headers: { "Idempotency-Key": key },
      }),
    );
    dialog.close();
    onChanged(changed);
  } catch (error) {
    showRefusal(element("change-refusal"), error);
  } finally {
    yes.disabled = false;
  }
}

element("change-back").addEventListener("click", () => dialog.close());
element("change-yes").addEventListener("click", () => void agree());
