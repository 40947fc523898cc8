/** Taking a purchase back: what goes back, what stays paid and why, before it is confirmed. */

import { call } from "./api.js";
import { element, make } from "./dom.js";
import { formatDay, join, say } from "./facts.js";
import { showRefusal } from "./refusal.js";
import { Problem } from "./wire.js";

/** @typedef {import("./membership.js").Membership} Membership */
/** @typedef {import("./membership.js").Money} Money */

/**
 * @typedef {object} WithdrawalPart
 * @property {"month" | "upgrade" | "prepaid"} kind
 * @property {string} name of the tier
 * @property {Money} price
 * @property {boolean} is_use_paid
 * @property {number} used_credits
 * @property {number} all_credits
 * @property {number} used_days
 * @property {number} all_days
 * @property {Money} kept
 *
 * @typedef {object} Withdrawal
 * @property {string} order_id
 * @property {string} name
 * @property {boolean} is_whole of the membership; otherwise months that were added later
 * @property {string} until
 * @property {Money} refund
 * @property {Money} kept
 * @property {WithdrawalPart[]} parts
 */

const dialog = /** @type {HTMLDialogElement} */ (element("withdrawal"));

/** @type {Membership | null} */
let shown = null;
/** @type {string | null} the purchase that the dialog is about */
let withdrawing = null;
/** @type {HTMLElement | null} what opened it, to come back to */
let opener = null;
/** @type {() => Promise<void>} */
let lookAgain = async () => {};
/** @type {(membership: Membership) => void} */
let onTaken = () => {};

/**
 * List what can be taken back, and bring the dialog up to date.
 * @param {Membership} membership
 */
export function drawWithdrawals(membership) {
  shown = membership;
  drawList(membership.withdrawals);
  writeDialog(membership);
}

/** @param {Withdrawal[]} withdrawals */
function drawList(withdrawals) {
  element("withdraw").hidden = withdrawals.length === 0;
  const list = element("withdraw-list");
  const drawn = withdrawals.map((withdrawal) => withdrawal.order_id).join();
  if (list.dataset.drawn === drawn) return; // whoever opened the dialog comes back to the same button
  list.dataset.drawn = drawn;
  list.replaceChildren(...withdrawals.map((withdrawal) => drawWithdrawal(withdrawal, list.dataset.act ?? "")));
}

/**
 * @param {Withdrawal} withdrawal
 * @param {string} act
 */
function drawWithdrawal({ order_id: orderId, name, until }, act) {
  const item = make("li", "withdrawal");
  const open = /** @type {HTMLButtonElement} */ (make("button", "button quiet withdraw-open", act));
  open.type = "button";
  open.setAttribute("aria-label", say("withdraw_open", { item: name }));
  open.addEventListener("click", () => void openWithdrawal(open, orderId));
  item.append(make("p", "", say("withdraw_until", { date: formatDay(until), item: name })), open);
  return item;
}

/** @param {Membership} membership */
function writeDialog({ can }) {
  const withdrawal = findWithdrawal();
  if (!withdrawal) return;
  element("withdrawal-item").textContent = withdrawal.name;
  element("withdrawal-refund").textContent = withdrawal.refund.text;
  element("withdrawal-kept").textContent = withdrawal.kept.text;
  const isKept = withdrawal.kept.amount_minor > 0;
  element("withdrawal-kept").hidden = element("withdrawal-kept-label").hidden = !isKept;
  const reasons = isKept ? withdrawal.parts.map((part) => explainPart(part, withdrawal.parts.length)) : [];
  element("withdrawal-why").replaceChildren(...reasons.map((reason) => make("li", "", reason)));
  element("withdrawal-why").hidden = !isKept;
  const isVain = withdrawal.refund.amount_minor === 0 && can.includes("cancel");
  element("withdrawal-means").textContent = join([
    say(meaning(withdrawal)),
    ...(isVain ? [say("withdraw_or_cancel")] : []),
  ]);
}

/**
 * Why so much of one payment stays paid.
 * @param {WithdrawalPart} part
 * @param {number} count of parts
 */
function explainPart(part, count) {
  const words = {
    price: part.price.text,
    kept: part.kept.text,
    used: part.used_credits,
    all: part.all_credits,
    days: part.used_days,
    all_days: part.all_days,
  };
  const why = say(part.kept.amount_minor > 0 ? "withdraw_why" : "withdraw_why_whole", words);
  if (count === 1) return why;
  return say("withdraw_why_part", { what: say(`payment_${part.kind}`, { tier: part.name }), why });
}

/** @param {Withdrawal} withdrawal */
function meaning({ is_whole: isWhole, refund, parts }) {
  if (!isWhole) return "withdraw_means_added";
  if (refund.amount_minor === 0) return "withdraw_means_nothing";
  const owes = parts.some((part) => !part.is_use_paid && part.used_credits > 0);
  return owes ? "withdraw_means_owing" : "withdraw_means";
}

/**
 * @param {() => Promise<void>} again look at the membership anew, and draw it
 * @param {(membership: Membership) => void} taken something was taken back
 */
export function offerWithdrawals(again, taken) {
  [lookAgain, onTaken] = [again, taken];
  dialog.addEventListener("close", () => opener?.focus());
  element("withdrawal-back").addEventListener("click", () => dialog.close());
  const yes = /** @type {HTMLButtonElement} */ (element("withdrawal-yes"));
  yes.addEventListener("click", () => void withdraw(yes));
}

/**
 * Show what goes back now: the page may have been open for days.
 * @param {HTMLButtonElement} open
 * @param {string} orderId
 */
async function openWithdrawal(open, orderId) {
  open.disabled = true;
  showRefusal(element("member-refusal"), null);
  showRefusal(element("withdrawal-refusal"), null);
  [withdrawing, opener] = [orderId, open];
  try {
    await lookAgain();
    if (findWithdrawal()) dialog.showModal();
  } catch (error) {
    showRefusal(element("member-refusal"), error);
  } finally {
    open.disabled = false;
  }
}

/** The one that the dialog is about, while it can be taken back. */
function findWithdrawal() {
  return shown?.withdrawals.find((one) => one.order_id === withdrawing);
}

/** @param {HTMLButtonElement} yes */
async function withdraw(yes) {
  const withdrawal = findWithdrawal();
  if (!withdrawal) return;
  yes.disabled = true;
  const body = { order_id: withdrawal.order_id, refund_minor: withdrawal.refund.amount_minor };
  try {
    const taken = await call("POST", "/v1/membership/withdraw", { body: JSON.stringify(body) });
    dialog.close();
    onTaken(taken);
  } catch (error) {
    showRefusal(element("withdrawal-refusal"), error);
    if (error instanceof Problem && error.code === "withdrawal_changed") await refresh();
  } finally {
    yes.disabled = false;
  }
}

/** The new amounts; nothing is left to confirm where it can no longer be taken back. */
async function refresh() {
  try {
    await lookAgain();
    if (!findWithdrawal()) dialog.close();
  } catch (error) {
    showRefusal(element("withdrawal-refusal"), error);
  }
}
