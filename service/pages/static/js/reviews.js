/** The review queue: helps that the risk score held, with its reasons, and a colleague's word on each. */

import { call } from "./colleague.js";
import { element, make, within } from "./dom.js";
import { announce, formatMoment, say } from "./facts.js";
import { showRefusal } from "./refusal.js";
import { Problem } from "./wire.js";

/**
 * @typedef {object} Review
 * @property {string} help_id
 * @property {string} state
 * @property {string | null} reason
 * @property {string} link_id
 * @property {string} helper_id
 * @property {boolean} is_new
 * @property {number} weight
 * @property {number} goal
 * @property {number} progress
 * @property {string} link_expires_at
 * @property {number | null} score
 * @property {{code: string, points: number, evidence: Record<string, unknown>, text: string}[]} reasons
 * @property {string} created_at
 */

/** @type {string | null} */
let next = null;

/** @param {boolean} isFirst */
export async function showReviews(isFirst = true) {
  const state = /** @type {HTMLSelectElement} */ (element("reviews-state")).value;
  const cursor = isFirst || next === null ? "" : `&cursor=${encodeURIComponent(next)}`;
  try {
    /** @type {{items: Review[], next_cursor: string | null}} */
    const page = await call("GET", `/v1/referral/reviews?state=${state}&limit=20${cursor}`);
    next = page.next_cursor;
    const rows = page.items.map(drawReview);
    if (isFirst) element("reviews").replaceChildren(...rows);
    else element("reviews").append(...rows);
    element("reviews-none").hidden = element("reviews").children.length > 0;
    element("reviews-more").hidden = next === null;
    showRefusal(element("reviews-refusal"), null);
  } catch (error) {
    if (error instanceof Problem && error.status === 401) throw error;
    showRefusal(element("reviews-refusal"), error);
  }
}

/** @param {Review} review */
function drawReview(review) {
  const row = make("li", "review");
  const kind = say(review.is_new ? "review_new" : "review_known");
  const facts = say("review_facts", { progress: Math.min(review.progress, review.goal), goal: review.goal, date: formatMoment(review.link_expires_at) });
  const head = make("div", "review-head");
  head.append(make("h2", "", say("review_title", { kind, n: review.weight })));
  if (review.score !== null) head.append(make("span", "review-score", say("review_score", { n: review.score })));
  row.append(head, make("p", "hint", `${formatMoment(review.created_at)} · ${facts}`), drawReasons(review));
  if (review.state === "held" || review.state === "denied") row.append(drawDecision(review, row));
  else row.append(make("p", "hint", review.reason ?? ""));
  return row;
}

/**
 * A rule's own measure needs no name, and being met once no number.
 * @param {[string, unknown]} evidence
 */
function describeEvidence([name, value]) {
  if (name !== "value") return `${name} ${value}`;
  return value === 1 ? "" : String(value);
}

/** @param {Review} review */
function drawReasons({ reasons }) {
  const list = make("ul", "review-reasons");
  for (const { text, points, evidence } of reasons) {
    const item = document.createElement("li");
    const seen = Object.entries(evidence).map(describeEvidence).filter(Boolean).join(", ");
    item.append(make("span", "review-points", points > 0 ? say("review_points", { n: points }) : String(points)), make("span", "", text));
    if (seen) item.append(make("span", "hint", seen));
    list.append(item);
  }
  return list;
}

/**
 * @param {Review} review
 * @param {HTMLElement} row
 */
function drawDecision(review, row) {
  const form = /** @type {HTMLFormElement} */ (make("form", "review-form"));
  const id = `note-${review.help_id}`;
  const label = /** @type {HTMLLabelElement} */ (make("label", "", say("review_note")));
  label.htmlFor = id;
  const note = /** @type {HTMLInputElement} */ (make("input", ""));
  Object.assign(note, { id, name: "note", maxLength: 500 });
  const acts = make("div", "actions");
  acts.append(drawButton("allow", ""), ...(review.state === "held" ? [drawButton("deny", "quiet")] : []));
  const refusal = make("div", "refusal");
  refusal.setAttribute("role", "alert");
  form.append(label, note, acts, refusal);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const pressed = /** @type {HTMLButtonElement} */ (/** @type {SubmitEvent} */ (event).submitter);
    void decide(review, pressed.value, note.value.trim(), row);
  });
  return form;
}

/**
 * @param {string} decision
 * @param {string} look
 */
function drawButton(decision, look) {
  const button = /** @type {HTMLButtonElement} */ (make("button", `button ${look}`, say(`review_${decision}`)));
  button.type = "submit";
  button.value = decision;
  return button;
}

/**
 * @param {Review} review
 * @param {string} decision
 * @param {string} note
 * @param {HTMLElement} row
 */
async function decide(review, decision, note, row) {
  try {
    const body = JSON.stringify({ decision, note: note || null });
    const decided = await call("POST", `/v1/referral/reviews/${review.help_id}/decision`, { body });
    const said = say("review_done", { state: say(`help_state_${decided.state}`) });
    const done = make("p", "review-done", said);
    done.tabIndex = -1;
    within(row, ".review-form").replaceWith(done);
    done.focus();
    announce(said);
  } catch (error) {
    showRefusal(within(row, ".refusal"), error);
  }
}

element("reviews-state").addEventListener("change", () => void showReviews());
element("reviews-more").addEventListener("click", () => void showReviews(false));
