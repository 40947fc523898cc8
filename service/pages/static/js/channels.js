/** Channels: where links may be shared. One that is off says why, in both languages. */

import { call } from "./colleague.js";
import { element, make, within } from "./dom.js";
import { announce, facts, say } from "./facts.js";
import { showRefusal } from "./refusal.js";
import { Problem } from "./wire.js";

/** @typedef {{channel: string, is_on: boolean, reason_zh: string, reason_en: string}} Channel */

export async function showChannels() {
  try {
    /** @type {{items: Channel[]}} */
    const { items } = await call("GET", "/v1/referral/channels");
    element("channels").replaceChildren(...items.map(drawChannel));
  } catch (error) {
    if (error instanceof Problem && error.status === 401) throw error;
    showRefusal(element("campaigns-refusal"), error);
  }
}

/** @param {Channel} channel */
function drawChannel(channel) {
  const row = make("li", "channel");
  row.dataset.on = String(channel.is_on);
  const head = make("div", "channel-head");
  const button = /** @type {HTMLButtonElement} */ (make("button", "button quiet", say(channel.is_on ? "channel_turn_off" : "channel_turn_on")));
  button.type = "button";
  button.append(make("span", "visually-hidden", ` ${say(`channel_${channel.channel}`)}`));
  head.append(make("h3", "", say(`channel_${channel.channel}`)), make("span", "channel-state", say(channel.is_on ? "channel_on" : "channel_off")), button);
  row.append(head);
  const reason = facts.language === "zh" ? channel.reason_zh : channel.reason_en;
  if (!channel.is_on && reason) row.append(make("p", "hint", reason));
  const refusal = make("div", "refusal");
  refusal.setAttribute("role", "alert");
  row.append(refusal);
  button.addEventListener("click", () => {
    if (channel.is_on) askWhy(channel, row);
    else void turn(channel, { is_on: true, reason_zh: channel.reason_zh, reason_en: channel.reason_en }, row);
  });
  return row;
}

/**
 * @param {Channel} channel
 * @param {HTMLElement} row
 */
function askWhy(channel, row) {
  if (row.querySelector("form") !== null) return;
  const form = /** @type {HTMLFormElement} */ (make("form", "review-form"));
  const [zh, en] = [drawReason("zh", channel), drawReason("en", channel)];
  const button = /** @type {HTMLButtonElement} */ (make("button", "button", say("channel_turn_off")));
  button.type = "submit";
  form.append(...zh, ...en, button);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const reasons = { reason_zh: zh[1].value.trim(), reason_en: en[1].value.trim() };
    void turn(channel, { is_on: false, ...reasons }, row);
  });
  row.append(form);
  zh[1].focus();
}

/**
 * @param {"zh" | "en"} language
 * @param {Channel} channel
 * @returns {[HTMLLabelElement, HTMLInputElement]}
 */
function drawReason(language, channel) {
  const label = /** @type {HTMLLabelElement} */ (make("label", "", say(`channel_reason_${language}`)));
  const input = /** @type {HTMLInputElement} */ (make("input", ""));
  label.htmlFor = `reason-${channel.channel}-${language}`;
  const before = language === "zh" ? channel.reason_zh : channel.reason_en;
  Object.assign(input, { id: label.htmlFor, required: true, maxLength: 300, lang: language, value: before });
  return [label, input];
}

/**
 * @param {Channel} channel
 * @param {{is_on: boolean, reason_zh: string, reason_en: string}} wish
 * @param {HTMLElement} row
 */
async function turn(channel, wish, row) {
  try {
    const after = await call("PUT", `/v1/referral/channels/${channel.channel}`, { body: JSON.stringify(wish) });
    const drawn = drawChannel(after);
    row.replaceWith(drawn);
    within(drawn, "button").focus();
    announce(`${say(`channel_${after.channel}`)}: ${say(after.is_on ? "channel_on" : "channel_off")}`);
  } catch (error) {
    showRefusal(within(row, ".refusal"), error);
  }
}
