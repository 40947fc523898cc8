/** The sheet that makes a link, shares it, and shows how far it is, live. */

import { call } from "./api.js";
import { cloneTemplate, element, make, within } from "./dom.js";
import { announce, facts, formatMoment, say } from "./facts.js";
import { clearFaults, showFaults } from "./faults.js";
import { always, randomHex } from "./keeping.js";
import { missingText, showPoints } from "./points.js";
import { showRefusal } from "./refusal.js";
import { thisDevice } from "./session.js";
import { countGraphemes } from "./spec.js";
import { followEvents } from "./stream.js";
import { Offline, Problem } from "./wire.js";

/**
 * @typedef {object} Link
 * @property {string} code
 * @property {string} url
 * @property {string} state
 * @property {number} goal
 * @property {number} progress
 * @property {number} missing
 * @property {number} reward_credits
 * @property {{new: number, existing: number}} weights
 * @property {string} created_at
 * @property {string} expires_at
 * @property {{zh: string, en: string}} texts
 * @property {string} poster_url
 */

const KEY_BYTES = 16;
const MOST_NAME = 20; // graphemes
const MOST_POINTS = 12; // more are counted, not drawn
const sheet = /** @type {HTMLDialogElement} */ (element("share"));
const wish = /** @type {HTMLFormElement} */ (element("share-wish"));

/** @type {Link | null} */
let shown = null;
/** @type {AbortController | null} */
let following = null;
/** One key for a wish until it was answered: pressing again is the same link. */
let key = randomHex(KEY_BYTES);

/** @returns {Promise<Link | null>} the newest link that is still open */
export async function findOpenLink() {
  /** @type {{items: Link[]}} */
  const { items } = await call("GET", "/v1/unlock-links?limit=10");
  return items.find((link) => link.state === "open") ?? null;
}

/** Show the link that is open, or let one be made. */
export async function ask() {
  showRefusal(element("share-refusal"), null);
  if (!sheet.open) sheet.showModal();
  try {
    const link = await findOpenLink();
    if (link === null) await offerWish();
    else showLink(link);
  } catch (error) {
    refuse(error);
  }
}

async function offerWish() {
  element("share-link").hidden = true;
  wish.hidden = false;
  const name = /** @type {HTMLInputElement} */ (within(wish, "[name=asker_name]"));
  name.value ||= always.read("asker") ?? "";
  /** @type {{items: import("./api.js").Work[]}} */
  const { items } = await call("GET", "/v1/works?limit=1");
  element("share-work").hidden = items.length === 0;
  wish.dataset.work = items[0]?.id ?? "";
}

async function makeLink() {
  const fields = new FormData(wish);
  const name = String(fields.get("asker_name") ?? "").trim();
  clearFaults(wish);
  if (countGraphemes(name) > MOST_NAME) {
    refuseName();
    return;
  }
  const work = fields.has("work") && wish.dataset.work ? wish.dataset.work : null;
  const body = JSON.stringify({ channel: "link", asker_name: name || null, work_id: work });
  const headers = { "Idempotency-Key": key, ...thisDevice() };
  try {
    /** @type {Link} */
    const link = await call("POST", "/v1/unlock-links", { body, headers });
    key = randomHex(KEY_BYTES);
    always.write("asker", name || null);
    showRefusal(element("share-refusal"), null);
    showLink(link);
    element(element("share-send").hidden ? "share-copy" : "share-send").focus({ preventScroll: true }); // the form took it along
  } catch (error) {
    if (error instanceof Problem && !error.isPassing) key = randomHex(KEY_BYTES);
    if (isAboutName(error)) refuseName();
    else refuse(error);
  }
}

/** @param {unknown} error */
function isAboutName(error) {
  return error instanceof Problem && (error.body.errors ?? []).some((/** @type {{loc: unknown[]}} */ { loc }) => loc.includes("asker_name"));
}

function refuseName() {
  showRefusal(element("share-refusal"), null);
  showFaults(wish, new Map([["asker_name", say("share_name_refused", { n: MOST_NAME })]]));
}

/** @param {unknown} error */
function refuse(error) {
  showRefusal(element("share-refusal"), error);
  element("share-refusal").scrollIntoView({ block: "nearest" });
}

/**
 * Put a link on the sheet and follow it.
 * @param {Link} link
 */
export function showLink(link) {
  shown = link;
  wish.hidden = true;
  element("share-link").hidden = false;
  sheet.scrollTop = 0;
  drawPoints(link);
  const until = say("share_until", { date: formatMoment(link.expires_at) });
  element("share-until").textContent = `${say("share_reward", { n: link.reward_credits })} · ${until}`;
  const poster = `${new URL(link.poster_url).pathname}?lang=${facts.language}`;
  /** @type {HTMLImageElement} */ (element("share-poster")).src = poster;
  /** @type {HTMLAnchorElement} */ (element("share-save")).href = poster;
  element("share-send").hidden = navigator.share === undefined;
  const own = facts.language;
  element("share-texts").replaceChildren(drawText(link, own), drawText(link, own === "zh" ? "en" : "zh"));
  if (link.state === "open") follow(link);
}

/** @param {Link} link */
function drawPoints({ goal, progress, missing, weights }) {
  const place = element("share-points");
  const points = goal <= MOST_POINTS ? Array.from({ length: goal }, () => cloneTemplate("point-template")) : [];
  if (points.length === 0) points.push(make("span", "ask-count", ""));
  within(place, ".ask-points").replaceChildren(...points);
  showPoints(place, progress, goal);
  element("share-missing").textContent = missingText(missing, weights);
}

/**
 * @param {Link} link
 * @param {"zh" | "en"} language
 */
function drawText(link, language) {
  const item = document.createElement("li");
  const words = make("p", "", link.texts[language]);
  words.lang = language === "zh" ? "zh-Hans" : "en";
  const button = /** @type {HTMLButtonElement} */ (make("button", "button quiet", say("share_copy_text")));
  button.type = "button";
  button.addEventListener("click", () => void copy(link.texts[language], say("share_text_copied"), button));
  item.append(words, button);
  return item;
}

/**
 * @param {string} text
 * @param {string} told
 * @param {HTMLElement} button
 */
async function copy(text, told, button) {
  const words = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = told;
  } catch {
    button.textContent = say("copy_failed"); // over plain HTTP there is no clipboard
  }
  announce(button.textContent ?? "");
  setTimeout(() => (button.textContent = words), 2500);
}

async function send() {
  if (shown === null) return;
  try {
    await navigator.share({ text: shown.texts[facts.language].replace(shown.url, "").trim(), url: shown.url });
  } catch {
    // whoever closes the phone's own sheet has changed their mind
  }
}

/**
 * Hear of helps as they count; one link at a time.
 * @param {Link} link
 */
export function follow(link) {
  following?.abort();
  const listening = new AbortController();
  following = listening;
  let last = link.progress;
  const onEvent = (/** @type {import("./events.js").ServerEvent} */ event) => {
    /** @type {Link} */
    const now = { ...link, ...JSON.parse(event.data) };
    if (shown?.code === link.code) drawPoints(now);
    if (now.state === "rewarded") land(now);
    else if (now.progress > last) announce(say("share_new_help", { n: now.progress, goal: now.goal }));
    last = now.progress;
    return now.state !== "open";
  };
  followEvents(`/v1/unlock-links/${link.code}/events`, { onEvent, signal: listening.signal }).catch((error) => {
    if (!(error instanceof Offline || error instanceof Problem)) throw error;
  });
}

/** @param {Link} link */
function land(link) {
  if (sheet.open) sheet.close();
  announce(say("share_landed_now", { n: link.reward_credits }));
  document.dispatchEvent(new Event("huajian:credits"));
  document.dispatchEvent(new CustomEvent("huajian:landed", { detail: link }));
}

element("share-close").addEventListener("click", () => sheet.close());
element("share-send").addEventListener("click", () => void send());
element("share-copy").addEventListener("click", (event) => {
  if (shown) void copy(shown.url, say("share_copied"), /** @type {HTMLElement} */ (event.currentTarget));
});
wish.addEventListener("submit", (event) => {
  event.preventDefault();
  void makeLink();
});
