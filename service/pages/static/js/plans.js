/** Prices: buy a pack or a membership, and see what one has and has bought. */

import "./page.js";
import { call } from "./api.js";
import { buy } from "./buying.js";
import { offerDeals } from "./deal.js";
import { element, make, wake, within } from "./dom.js";
import { formatDay, say } from "./facts.js";
import { monthsFromNow } from "./months.js";
import { isKnown } from "./session.js";
import { Offline, Problem } from "./wire.js";

const SHOWN = 10;

/** @typedef {import("./buying.js").Order} Order */
/** @typedef {import("./membership.js").Membership} Membership */

async function showOrders() {
  /** @type {{items: Order[]}} */
  const { items } = await call("GET", `/v1/orders?limit=${SHOWN}`);
  element("order-list").replaceChildren(...items.map(drawOrder));
  element("orders").hidden = items.length === 0;
}

/** @param {Order} order */
function drawOrder(order) {
  const item = document.createElement("li");
  const link = document.createElement("a");
  link.href = `/orders/${order.id}`;
  const isWithdrawn = order.state === "refunded" && order.return_reason === "withdrawn";
  const state = say(`order_short_${isWithdrawn ? "withdrawn" : order.state}`);
  link.textContent = say("order_line", { name: order.name, price: order.price.text, state });
  item.append(link, make("span", "order-list-day", formatDay(order.created_at)));
  return item;
}

/** Whoever has a membership changes it on its own page; whoever had a first month pays the second's price. */
async function showMembership() {
  /** @type {Membership} */
  const membership = await call("GET", "/v1/membership");
  for (const card of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".tier"))) {
    const isMine = membership.has_membership && card.dataset.tier === membership.tier;
    within(card, ".tier-mine").hidden = !isMine;
    within(card, ".tier-manage").hidden = !membership.has_membership;
    within(card, ".subscribe").hidden = membership.has_membership;
    card.classList.toggle("is-mine", isMine);
    if (!membership.has_first_month) chargeInFull(card);
  }
  offerMonths(membership);
  element("plans-member").hidden = membership.state === "none";
  element("plans-member-text").textContent = tellStanding(membership);
}

/**
 * Months in advance prolong months in advance of the same tier; a membership that renews needs none.
 * @param {Membership} membership
 */
function offerMonths({ has_membership: isMember, tier, can }) {
  element("months").hidden = isMember && !can.includes("months");
  for (const offer of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".months-tier"))) {
    offer.hidden = isMember && offer.dataset.tier !== tier;
  }
}

/** @param {Membership} membership */
function tellStanding({ state, name, paid_until: until }) {
  if (state === "past_due" || state === "unpaid") return say("plans_member_owes", { tier: name });
  if (state === "ended") return say("member_ended", { tier: name });
  return say("plans_member", { tier: name, date: until === null ? "" : formatDay(until) });
}

/** @param {HTMLElement} card */
function chargeInFull(card) {
  const price = within(card, ".first-price");
  const { second = "" } = price.dataset;
  price.textContent = second;
  within(card, ".subscribe").dataset.price = second;
}

/** The day on which what is bought today would renew. */
function tellDays() {
  const date = formatDay(monthsFromNow(1).toISOString());
  for (const place of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".tier-renews"))) {
    place.textContent = say("tier_renews_on", { date, price: place.dataset.price ?? "" });
  }
}

/** @param {Promise<void>} showing */
function unlessAway(showing) {
  showing.catch((error) => {
    if (!(error instanceof Offline || error instanceof Problem)) throw error;
  });
}

for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll(".buy"))) {
  const { item = "", currency = "" } = button.dataset;
  button.addEventListener("click", () => void buy(button, element("buy-refusal"), { item, currency }));
}
offerDeals();
tellDays();
if (isKnown() && document.querySelector(".buy") !== null) {
  unlessAway(showOrders());
  unlessAway(showMembership());
}
wake();
