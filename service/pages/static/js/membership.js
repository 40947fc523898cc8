/** My membership: what I have, until when, what comes next; and how to change or end it. */

import "./page.js";
import { call } from "./api.js";
import { drawChanges } from "./changes.js";
import { element, make } from "./dom.js";
import { announce, formatDay, join, say } from "./facts.js";
import { pause } from "./keeping.js";
import { showRefusal } from "./refusal.js";
import { Offline, Problem } from "./wire.js";
import { drawWithdrawals, offerWithdrawals } from "./withdrawal.js";

const FIRST_WAIT_MS = 2000;
const LONGEST_WAIT_MS = 30_000;

/** @typedef {{currency: string, amount_minor: number, text: string}} Money */

/**
 * @typedef {object} Payment
 * @property {string | null} order_id
 * @property {"month" | "upgrade" | "prepaid"} kind
 * @property {string} name of the tier
 * @property {string} starts_at
 * @property {string} ends_at
 * @property {Money | null} price
 * @property {Money | null} refunded
 * @property {Money | null} kept of what was taken back
 *
 * @typedef {object} Membership
 * @property {boolean} has_membership
 * @property {boolean} has_first_month
 * @property {boolean} is_test
 * @property {"none" | "active" | "past_due" | "unpaid" | "ended"} state
 * @property {string} tier
 * @property {string} name of the tier
 * @property {number} monthly_credits
 * @property {boolean} renews
 * @property {boolean} renews_soon
 * @property {boolean} cancels_at_period_end
 * @property {boolean} is_change_pending
 * @property {boolean} is_withdrawn
 * @property {string | null} started_at
 * @property {string | null} paid_until
 * @property {string | null} grace_ends_at
 * @property {string | null} ended_at
 * @property {string | null} end_reason
 * @property {{at: string, price: Money} | null} next_charge
 * @property {{tier: string, name: string} | null} scheduled
 * @property {Payment[]} payments
 * @property {import("./withdrawal.js").Withdrawal[]} withdrawals what can be taken back
 * @property {string[]} can
 */

/** @type {Membership | null} */
let shown = null;
/** Show it, and again for as long as money is under way. */
async function look() {
  await showAnew();
  for (let wait = FIRST_WAIT_MS; shown?.is_change_pending || shown?.is_withdrawn; ) {
    await pause(wait);
    wait = Math.min(wait * 1.3, LONGEST_WAIT_MS);
    await showAnew();
  }
}

async function showAnew() {
  show(await call("GET", "/v1/membership"));
}

/** @param {Membership} membership */
function show(membership) {
  shown = membership;
  element("member").removeAttribute("aria-busy");
  element("member-test").hidden = !membership.is_test;
  writeHead(membership);
  writeTrouble(membership);
  element("member-sheet").hidden = !membership.has_membership;
  if (membership.has_membership) writeFacts(membership);
  drawPayments(membership.payments);
  void drawChanges(membership, (changed) => {
    show(changed);
    tell("announce_changed");
    void look();
  });
  drawWithdrawals(membership);
}

/** @param {Membership} membership */
function writeHead({ state, name, ended_at: endedAt, has_membership: has, ...membership }) {
  const title = element("member-title");
  const lede = element("member-lede");
  if (has) {
    title.textContent = say("member_active", { tier: name });
    lede.textContent = "";
  } else if (state === "ended" && endedAt !== null) {
    title.textContent = say("member_ended", { tier: name });
    const isRefunded = membership.end_reason === "refunded";
    const isTakenBack = isRefunded && membership.payments.some((payment) => payment.kept !== null);
    const reason = isTakenBack ? "withdrawn" : (membership.end_reason ?? "cancelled");
    const ended = say(`member_ended_${reason}`, { date: formatDay(endedAt) });
    const returning = membership.is_withdrawn ? [say("member_returning")] : [];
    lede.textContent = join([ended, ...returning, say("member_since_ended")]);
  } else {
    title.textContent = say("member_none");
    lede.textContent = say("member_none_lede");
  }
}

/** @param {Membership} membership */
function writeTrouble({ state, grace_ends_at: grace }) {
  const trouble = element("member-trouble");
  trouble.hidden = state !== "past_due" && state !== "unpaid";
  if (trouble.hidden) return;
  element("member-trouble-title").textContent = say("trouble_title");
  element("member-trouble-text").textContent =
    state === "past_due" && grace !== null ? say("trouble_text", { date: formatDay(grace) }) : say("trouble_unpaid");
}

/** @param {Membership} membership */
function writeFacts(membership) {
  const { next_charge: next, can } = membership;
  element("member-credits").textContent = say("member_credits_text", { n: membership.monthly_credits });
  element("member-until").textContent = day(membership.paid_until);
  element("member-since").textContent = day(membership.started_at);
  const isOwed = next === null && membership.renews; // which the page tells of above
  element("member-next").hidden = element("member-next-label").hidden = isOwed;
  element("member-next").textContent =
    next === null ? say("member_next_none") : say("member_next_text", { date: day(next.at), price: next.price.text });
  const note = noteOn(membership);
  element("member-note").textContent = note;
  element("member-note").hidden = note === "";
  for (const act of ["cancel", "resume", "portal", "months"]) {
    element(`member-${act}`).hidden = !can.includes(act);
  }
}

/** @param {Membership} membership */
function noteOn({ next_charge: next, ...membership }) {
  if (membership.is_withdrawn) return say("member_returning");
  if (membership.is_change_pending) return say("note_pending");
  if (membership.cancels_at_period_end) return say("note_cancelled", { date: day(membership.paid_until) });
  if (!membership.renews) return say("note_prepaid");
  if (next === null) return "";
  const words = { date: day(next.at), price: next.price.text };
  if (membership.scheduled) return say("note_scheduled", { ...words, tier: membership.scheduled.name });
  return membership.renews_soon ? say("note_renews_soon", words) : "";
}

/** @param {string | null} moment */
function day(moment) {
  return moment === null ? "" : formatDay(moment);
}

/** @param {Payment[]} payments */
function drawPayments(payments) {
  element("payments").hidden = payments.length === 0;
  element("payment-list").replaceChildren(...payments.map(drawPayment));
}

/** @param {Payment} payment */
function drawPayment(payment) {
  const item = document.createElement("li");
  const what = say(`payment_${payment.kind}`, { tier: payment.name });
  if (payment.order_id === null) item.append(make("span", "payment-what", what));
  else {
    const link = /** @type {HTMLAnchorElement} */ (make("a", "payment-what", what));
    link.href = `/orders/${payment.order_id}`;
    item.append(link);
  }
  item.append(make("span", "payment-price", payment.price?.text ?? ""));
  const time = say("payment_time", { from: day(payment.starts_at), to: day(payment.ends_at) });
  const back = payment.refunded ? say("payment_refunded", { price: payment.refunded.text }) : "";
  const kept = payment.kept?.amount_minor ? say("payment_kept", { price: payment.kept.text }) : "";
  item.append(make("span", "payment-time", [time, back, kept].filter(Boolean).join(" · ")));
  return item;
}

/** @param {string} news */
function tell(news) {
  announce(say(news));
  document.dispatchEvent(new Event("huajian:credits"));
}

/**
 * Do one thing when a button is pressed, and show what came of it.
 * @param {string} id
 * @param {string} news
 * @param {() => Promise<Membership>} act
 */
function onPress(id, news, act) {
  const button = /** @type {HTMLButtonElement} */ (element(id));
  button.addEventListener("click", async () => {
    button.disabled = true;
    showRefusal(element("member-refusal"), null);
    try {
      show(await act());
      tell(news);
      element("member-title").focus();
    } catch (error) {
      showRefusal(element("member-refusal"), error);
    } finally {
      button.disabled = false;
    }
  });
}

async function openPortal() {
  try {
    const { url } = await call("POST", "/v1/membership/portal");
    location.assign(url);
  } catch (error) {
    showRefusal(element("member-refusal"), error);
  }
}

onPress("member-cancel", "announce_cancelled", () => call("POST", "/v1/membership/cancel"));
onPress("member-resume", "announce_resumed", () => call("POST", "/v1/membership/resume"));
element("member-portal").addEventListener("click", () => void openPortal());
element("member-fix").addEventListener("click", () => void openPortal());
offerWithdrawals(showAnew, (taken) => {
  show(taken);
  tell("announce_withdrawn");
  element("member-title").focus();
  void look();
});
look().catch((error) => {
  element("member").removeAttribute("aria-busy");
  if (!(error instanceof Offline || error instanceof Problem)) throw error;
  showRefusal(element("member-refusal"), error);
});
