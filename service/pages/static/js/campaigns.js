/** Campaigns: made, changed, started and stopped. */

import { call } from "./colleague.js";
import { element, make, within } from "./dom.js";
import { announce, formatMoment, say } from "./facts.js";
import { clearFaults, showFaults, translate } from "./faults.js";
import { randomHex } from "./keeping.js";
import { showRefusal } from "./refusal.js";
import { Problem } from "./wire.js";

/**
 * @typedef {object} Terms
 * @property {number} goal
 * @property {number} weight_new
 * @property {number} weight_existing
 * @property {number} reward_credits
 * @property {number} reward_days
 * @property {number} seats
 *
 * @typedef {object} Campaign
 * @property {string} id
 * @property {string} name
 * @property {string} state
 * @property {string} starts_at
 * @property {string} ends_at
 * @property {string} audience
 * @property {string[] | null} channels
 * @property {Terms} terms_a
 * @property {Terms | null} terms_b
 * @property {number} share_b_percent
 * @property {number} budget_credits
 * @property {number} used_credits
 */

const TERMS = ["goal", "weight_new", "weight_existing", "reward_credits", "reward_days", "seats"];
const form = /** @type {HTMLFormElement} */ (element("campaign-form"));

/** @type {Campaign | null} the one that is edited; null makes a new one */
let edited = null;
let key = randomHex(16);

/** @returns {Promise<Campaign[]>} those that are shown */
export async function showCampaigns() {
  try {
    /** @type {{items: Campaign[]}} */
    const { items } = await call("GET", "/v1/campaigns?limit=100");
    element("campaigns").replaceChildren(...items.map(drawCampaign));
    element("campaigns-none").hidden = items.length > 0;
    showRefusal(element("campaigns-refusal"), null);
    return items;
  } catch (error) {
    if (error instanceof Problem && error.status === 401) throw error;
    showRefusal(element("campaigns-refusal"), error);
    return [];
  }
}

/** @param {Campaign} campaign */
function drawCampaign(campaign) {
  const row = make("li", "campaign");
  row.dataset.state = campaign.state;
  row.dataset.campaign = campaign.id;
  const head = make("div", "review-head");
  head.append(make("h2", "", campaign.name), make("span", "campaign-state", say(`campaign_state_${campaign.state}`)));
  const bar = /** @type {HTMLProgressElement} */ (make("progress", ""));
  bar.max = Math.max(1, campaign.budget_credits);
  bar.value = campaign.used_credits;
  const used = say("campaign_used", { used: campaign.used_credits, budget: campaign.budget_credits });
  bar.setAttribute("aria-label", used);
  const when = say("campaign_when", { from: formatMoment(campaign.starts_at), to: formatMoment(campaign.ends_at) });
  row.append(head, make("p", "hint", when), make("p", "", describe("A", campaign.terms_a)));
  if (campaign.terms_b) row.append(make("p", "", describe(`B (${campaign.share_b_percent}%)`, campaign.terms_b)));
  const acts = make("div", "actions");
  acts.append(drawAct(say("campaign_change"), campaign, () => edit(campaign)));
  const isRunning = campaign.state === "running";
  const turn = say(isRunning ? "campaign_stop" : "campaign_start");
  acts.append(drawAct(turn, campaign, () => void move(campaign, isRunning ? "stopped" : "running")));
  row.append(bar, make("p", "hint", used), acts);
  return row;
}

/**
 * @param {string} variant
 * @param {Terms} terms
 */
function describe(variant, { goal, reward_credits: reward, weight_new: fresh, weight_existing: known }) {
  return say("campaign_terms", { variant, goal, reward, fresh, known });
}

/**
 * @param {string} text
 * @param {Campaign} campaign
 * @param {() => void} act
 */
function drawAct(text, campaign, act) {
  const button = /** @type {HTMLButtonElement} */ (make("button", "button quiet", text));
  button.append(make("span", "visually-hidden", ` ${campaign.name}`));
  button.type = "button";
  button.addEventListener("click", act);
  return button;
}

/**
 * @param {Campaign} campaign
 * @param {string} state
 */
async function move(campaign, state) {
  try {
    await call("PATCH", `/v1/campaigns/${campaign.id}`, { body: JSON.stringify({ state }) });
    announce(say(`campaign_state_${state}`));
    await showCampaigns();
    within(element("campaigns"), `[data-campaign="${campaign.id}"] .actions button:last-child`).focus();
  } catch (error) {
    showRefusal(element("campaigns-refusal"), error);
  }
}

/** @param {Campaign | null} campaign null for a new one */
function edit(campaign) {
  edited = campaign;
  key = randomHex(16);
  form.reset();
  clearFaults(form);
  if (campaign) fillForm(campaign);
  form.hidden = false;
  control("name").focus();
}

/** @param {Campaign} campaign */
function fillForm(campaign) {
  control("name").value = campaign.name;
  control("starts_at").value = toLocal(campaign.starts_at);
  control("ends_at").value = toLocal(campaign.ends_at);
  control("audience").value = campaign.audience;
  control("budget_credits").value = String(campaign.budget_credits);
  control("share_b_percent").value = String(campaign.share_b_percent);
  for (const box of form.querySelectorAll("[name=channels]")) {
    const channel = /** @type {HTMLInputElement} */ (box);
    channel.checked = campaign.channels?.includes(channel.value) ?? false;
  }
  for (const term of TERMS) {
    control(`a.${term}`).value = String(/** @type {any} */ (campaign.terms_a)[term]);
    if (campaign.terms_b) control(`b.${term}`).value = String(/** @type {any} */ (campaign.terms_b)[term]);
  }
}

/** @param {string} name */
function control(name) {
  return /** @type {HTMLInputElement} */ (within(form, `[name="${CSS.escape(name)}"]`));
}

/**
 * A moment as a field of local time takes it.
 * @param {string} moment
 */
function toLocal(moment) {
  const date = new Date(moment);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

function readForm() {
  const channels = [...form.querySelectorAll("[name=channels]:checked")].map((box) => /** @type {HTMLInputElement} */ (box).value);
  const share = Number(control("share_b_percent").value || 0);
  return {
    name: control("name").value.trim(),
    starts_at: fromLocal("starts_at"),
    ends_at: fromLocal("ends_at"),
    audience: control("audience").value,
    channels: channels.length > 0 ? channels : null,
    terms_a: readTerms("a"),
    terms_b: share > 0 ? readTerms("b") : null,
    share_b_percent: share,
    budget_credits: Number(control("budget_credits").value),
  };
}

/** @param {string} name */
function fromLocal(name) {
  const { value } = control(name);
  return value ? new Date(value).toISOString() : null;
}

/** @param {string} variant */
function readTerms(variant) {
  return Object.fromEntries(TERMS.map((term) => [term, Number(control(`${variant}.${term}`).value)]));
}

async function save() {
  clearFaults(form);
  showRefusal(element("campaign-refusal"), null);
  const body = JSON.stringify(readForm());
  try {
    if (edited) await call("PATCH", `/v1/campaigns/${edited.id}`, { body });
    else await call("POST", "/v1/campaigns", { body, headers: { "Idempotency-Key": key } });
    form.hidden = true;
    await showCampaigns();
    element("campaign-new").focus();
  } catch (error) {
    const faults = error instanceof Problem && error.body.errors ? toFaults(error.body.errors) : new Map();
    showFaults(form, faults);
    const isSaid = faults.size > 0 && [...faults.keys()].every(isField);
    if (!isSaid) showRefusal(element("campaign-refusal"), error);
  }
}

/**
 * The faults that the server found, by field.
 * @param {{loc: (string | number)[], msg: string}[]} errors
 */
function toFaults(errors) {
  const faults = new Map();
  for (const { loc, msg } of errors) faults.set(loc.filter((part) => part !== "body").join("."), translate(msg));
  return faults;
}

/** @param {string} name */
function isField(name) {
  return form.querySelector(`[data-field="${CSS.escape(name)}"]`) !== null;
}

element("campaign-new").addEventListener("click", () => edit(null));
element("campaign-close").addEventListener("click", () => {
  form.hidden = true;
  element("campaign-new").focus();
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  void save();
});
