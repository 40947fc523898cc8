/** One order: asks again until the money has come to rest. */

import "./page.js";
import { call } from "./api.js";
import { element } from "./dom.js";
import { announce, facts, formatMoment, say } from "./facts.js";
import { pause } from "./keeping.js";
import { showRefusal } from "./refusal.js";
import { Offline, Problem } from "./wire.js";

const FIRST_WAIT_MS = 1500;
const LONGEST_WAIT_MS = 30_000;

/** @typedef {import("./buying.js").Order} Order */

let shownState = "";

async function follow() {
  let wait = FIRST_WAIT_MS;
  for (;;) {
    const order = await look();
    if (order !== null && !["created", "pending"].includes(order.state) && standing(order) !== "returning") return;
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
  const told = standing(order);
  const title = say(told === "paid" ? `order_paid_${order.kind}` : `order_state_${told}`);
  element("order-state").textContent = title;
  element("order-advice").textContent = say(advice(order, told), { n: order.credits, kept: order.kept?.text ?? "" });
  element("order-name").textContent = order.name;
  element("order-price").textContent = order.price.text;
  element("order-refunded").textContent = order.refunded?.text ?? "";
  element("order-refunded").hidden = element("order-refunded-label").hidden = order.refunded === null;
  const isKept = Boolean(order.kept?.amount_minor);
  element("order-kept").textContent = order.kept?.text ?? "";
  element("order-kept").hidden = element("order-kept-label").hidden = !isKept;
  element("order-day").textContent = formatMoment(order.created_at);
  element("order-number").textContent = order.id;
  const pay = /** @type {HTMLAnchorElement} */ (element("order-pay"));
  pay.hidden = order.checkout_url === null;
  if (order.checkout_url !== null) pay.href = order.checkout_url;
  element("order-make").hidden = told !== "paid" || order.kind === "certification";
  element("order-membership").hidden = told !== "paid" || !["membership", "months"].includes(order.kind);
  if (told === shownState) return;
  shownState = told;
  announce(title);
  document.dispatchEvent(new Event("huajian:credits"));
}

/**
 * What is said of an order: the money may be under way to us, or back.
 * @param {Order} order
 */
function standing(order) {
  if (order.state === "pending" && order.checkout_url === null) return "waiting";
  if (order.state === "paid" && order.return_reason !== null) return "returning";
  return order.state === "refunded" && order.return_reason === "withdrawn" ? "withdrawn" : order.state;
}

/**
 * @param {Order} order
 * @param {string} told
 */
function advice(order, told) {
  if (order.return_reason !== null && ["returning", "refunded", "withdrawn"].includes(told)) {
    return `order_returned_${order.return_reason}${howMuch(order, told)}`;
  }
  return ["paid", "refunded"].includes(told) && order.kind !== "pack"
    ? `order_advice_${told}_${order.kind}`
    : `order_advice_${told}`;
}

/**
 * How much of a withdrawn purchase goes back.
 * @param {Order} order
 * @param {string} told
 */
function howMuch(order, told) {
  if (!order.kept?.amount_minor) return "";
  return told === "withdrawn" && order.refunded === null ? "_used_up" : "_part";
}

follow().catch((error) => {
  if (!(error instanceof Problem)) throw error; // it was shown
});
