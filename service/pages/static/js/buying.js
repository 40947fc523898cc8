/** Order one item, and go to where it is paid. */

import { call } from "./api.js";
import { randomHex } from "./keeping.js";
import { showRefusal } from "./refusal.js";
import { Problem } from "./wire.js";

const KEY_BYTES = 16;

/**
 * @typedef {object} Order
 * @property {string} id
 * @property {"pack" | "membership" | "months" | "certification"} kind
 * @property {string} name
 * @property {number} credits
 * @property {string} state
 * @property {{text: string}} price
 * @property {{text: string} | null} refunded
 * @property {{text: string, amount_minor: number} | null} kept
 * @property {string | null} checkout_url
 * @property {boolean} is_test
 * @property {string | null} return_reason
 * @property {string} created_at
 */

/** @type {Map<string, string>} one key for a wish until it was answered: pressing again is the same order */
const keys = new Map();

/**
 * Do something that spends, under a key that stays the same until it was answered.
 * @param {string} wish what is done, in words that are the same for the same thing
 * @param {(key: string) => Promise<any>} act
 */
export async function once(wish, act) {
  const key = keys.get(wish) ?? randomHex(KEY_BYTES);
  keys.set(wish, key);
  try {
    const answer = await act(key);
    keys.delete(wish);
    return answer;
  } catch (error) {
    if (error instanceof Problem && !error.isPassing) keys.delete(wish);
    throw error;
  }
}

/**
 * @param {HTMLButtonElement} button
 * @param {HTMLElement} refusal
 * @param {{item: string, currency: string, consent_version?: string}} body
 */
export async function buy(button, refusal, body) {
  showRefusal(refusal, null);
  button.disabled = true;
  try {
    /** @type {Order} */
    const order = await once(JSON.stringify(body), (key) =>
      call("POST", "/v1/checkouts", { body: JSON.stringify(body), headers: { "Idempotency-Key": key } }),
    );
    location.assign(order.checkout_url ?? `/orders/${order.id}`);
  } catch (error) {
    showRefusal(refusal, error);
  } finally {
    button.disabled = false;
  }
}
