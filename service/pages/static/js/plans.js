/** Prices: buy a pack, and see what one has bought. */

import "./page.js";
import { call } from "./api.js";
import { element, make } from "./dom.js";
import { formatDay, say } from "./facts.js";
import { randomHex } from "./keeping.js";
import { showRefusal } from "./refusal.js";
import { isKnown } from "./session.js";
import { Offline, Problem } from "./wire.js";

const KEY_BYTES = 16;
const SHOWN = 10;

/**
 * @typedef {object} Order
 * @property {string} id
 * @property {string} name
 * @property {number} credits
 * @property {string} state
 * @property {{text: string}} price
 * @property {{text: string} | null} refunded
 * @property {string | null} checkout_url
 * @property {boolean} is_test
 * @property {string} created_at
 */

/** @type {Map<string, string>} one key for an item until it was answered: pressing again is the same order */
const keys = new Map();

/** @param {HTMLButtonElement} button */
async function buy(button) {
  const { item = "", currency = "" } = button.dataset;
  const key = keys.get(item) ?? randomHex(KEY_BYTES);
  keys.set(item, key);
  const refusal = element("buy-refusal");
  showRefusal(refusal, null);
  button.disabled = true;
  try {
    /** @type {Order} */
    const order = await call("POST", "/v1/checkouts", {
      body: JSON.stringify({ item, currency }),
      headers: { "Idempotency-Key": key },
    });
    keys.delete(item);
    location.assign(order.checkout_url ?? `/orders/${order.id}`);
  } catch (error) {
    if (error instanceof Problem && !error.isPassing) keys.delete(item);
    showRefusal(refusal, error);
  } finally {
    button.disabled = false;
  }
}

async function showOrders() {
  if (!isKnown() || document.querySelector(".buy") === null) return;
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
  const state = say(`order_short_${order.state}`);
  link.textContent = say("order_line", { name: order.name, price: order.price.text, state });
  item.append(link, make("span", "order-list-day", formatDay(order.created_at)));
  return item;
}

for (const button of document.querySelectorAll(".buy")) {
  button.addEventListener("click", () => void buy(/** @type {HTMLButtonElement} */ (button)));
}
showOrders().catch((error) => {
  if (!(error instanceof Offline || error instanceof Problem)) throw error;
});
