/** One order: asks again until the money has decided. */

import "./page.js";
import { call } from "./api.js";
import { element } from "./dom.js";
import { announce, facts, formatMoment, say } from "./facts.js";
import { pause } from "./keeping.js";
import { showRefusal } from "./refusal.js";
import { Offline, Problem } from "./wire.js";

const FIRST_WAIT_MS = 1500;
const LONGEST_WAIT_MS = 30_000;

/** @typedef {import("./plans.js").Order} Order */

let shownState = "";

async function follow() {
  let wait = FIRST_WAIT_MS;
  for (;;) {
    const order = await look();
    if (order !== null && !["created", "pending"].includes(order.state)) return;
    await pause(wait);
    wait = Math.min(wait * 1.3, LONGEST_WAIT_MS);
  }
}

/** @returns {Promise<Order | null>} null when nobody answered: look again later */
async function look() {
  try {
    /** @type {Order} */
    const order = await call("GET", `/v1/orders/${/** @type {any} */ (facts).order_id}`);
    showRefusal(element("order-refusal"), null);
    show(order);
    return order;
  } catch (error) {
    showRefusal(element("order-refusal"), error);
    element("order").removeAttribute("aria-busy");
    if (error instanceof Offline || (error instanceof Problem && error.isPassing)) return null;
    element("order-state").hidden = true;
    throw error;
  }
}

/** @param {Order} order */
function show(order) {
  element("order").removeAttribute("aria-busy");
  element("order-test").hidden = !order.is_test;
  element("order-facts").hidden = false;
  const told = order.state === "pending" && order.checkout_url === null ? "waiting" : order.state;
  element("order-state").textContent = say(`order_state_${told}`);
  element("order-advice").textContent = say(`order_advice_${told}`, { n: order.credits });
  element("order-name").textContent = order.name;
  element("order-price").textContent = order.price.text;
  element("order-refunded").textContent = order.refunded?.text ?? "";
  element("order-refunded").hidden = element("order-refunded-label").hidden = order.refunded === null;
  element("order-day").textContent = formatMoment(order.created_at);
  element("order-number").textContent = order.id;
  const pay = /** @type {HTMLAnchorElement} */ (element("order-pay"));
  pay.hidden = order.checkout_url === null;
  if (order.checkout_url !== null) pay.href = order.checkout_url;
  element("order-make").hidden = order.state !== "paid";
  if (told === shownState) return;
  shownState = told;
  announce(say(`order_state_${told}`));
  document.dispatchEvent(new Event("huajian:credits"));
}

follow().catch((error) => {
  if (!(error instanceof Problem)) throw error; // it was shown
});
