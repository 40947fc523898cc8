/** The page of a link: says how far it is, and lets a friend help with one press. */

import "./page.js";
import { call } from "./api.js";
import { element, wake } from "./dom.js";
import { announce, facts, say } from "./facts.js";
import { always, pause } from "./keeping.js";
import { missingText, showPoints } from "./points.js";
import { solve } from "./proof.js";
import { showRefusal, writeRefusal } from "./refusal.js";
import { isKnown, thisDevice } from "./session.js";
import { Offline, Problem, readAnswer, send } from "./wire.js";

const SEEN_AFTER_MS = 1200; // a page that flashes by was not seen

/**
 * @typedef {object} LinkView
 * @property {string} state
 * @property {number} goal
 * @property {number} progress
 * @property {number} missing
 * @property {{new: number, existing: number}} weights
 * @property {string | null} page_token
 * @property {import("./proof.js").Challenge | null} challenge
 *
 * @typedef {object} HelpRead
 * @property {string} state
 * @property {number} progress
 * @property {number} missing
 */

const GIVEN = "helped"; // links that were helped from here, so that coming back is no second request
const MOST_GIVEN = 20;
const code = /** @type {any} */ (facts).code;
const path = `/v1/unlock-links/${code}`;
/** Problems after which the same press may work with a fresh page token. */
const STALE = new Set(["page_token_expired", "page_token_spent"]);
/** Ends of a help that brought nothing. */
const LOST = new Set(["denied", "lapsed", "revoked"]);

/** @returns {Promise<LinkView>} as whoever is here; looking makes no account */
async function look() {
  return isKnown() ? call("GET", path) : readAnswer(await send("GET", path));
}

/** Whether this is a link of one's own: those come first in one's list. */
async function isOwn() {
  /** @type {{items: {code: string}[]}} */
  const { items } = await call("GET", "/v1/unlock-links?limit=10");
  return items.some((link) => link.code === code);
}

/** @type {LinkView | null} */
let view = null;

async function arrive() {
  showGiven();
  view = await look();
  show(view);
  if (isKnown() && (await isOwn())) {
    put("ask-mine");
    return;
  }
  await whenSeen();
  if (view.page_token) await send("POST", `${path}/views`, { body: JSON.stringify({ page_token: view.page_token }) });
}

/** Resolves once the page has been in sight for a moment: a preview that runs scripts does not look. */
async function whenSeen() {
  for (;;) {
    if (document.visibilityState === "visible") {
      await pause(SEEN_AFTER_MS);
      if (document.visibilityState === "visible") return;
    } else {
      await new Promise((resolve) => document.addEventListener("visibilitychange", resolve, { once: true }));
    }
  }
}

/** @param {LinkView} shown */
function show(shown) {
  showPoints(element("ask-progress"), shown.progress, shown.goal);
  element("ask-missing").textContent = missingText(shown.missing, shown.weights);
}

/** Whoever helped from here before is told so at once, not asked again until the network answers. */
function showGiven() {
  const given = always.readData(GIVEN)?.[code];
  if (typeof given === "string") thank(given, say("ask_already"));
}

/**
 * Show this instead of the button, under a title of its own.
 * @param {string} id
 * @param {string} [title]
 */
function put(id, title) {
  for (const other of ["ask-act", "ask-why", "ask-missing", "ask-record", "ask-thanks", "ask-mine"]) {
    element(other).hidden = other !== id;
  }
  element("ask-title").textContent = title ?? element(id).dataset.title ?? "";
}

/**
 * @param {string} state
 * @param {string} [title]
 */
function thank(state, title) {
  element("ask-thanks-state").textContent = say(`ask_state_${state === "rewarded" ? "qualified" : state}`);
  put("ask-thanks", title ?? (LOST.has(state) ? say("ask_thanks_anyway") : undefined));
}

async function press() {
  const button = element("ask-press");
  if (button.getAttribute("aria-disabled") === "true") return;
  const words = button.textContent;
  button.setAttribute("aria-disabled", "true");
  button.textContent = say("ask_working");
  showRefusal(element("ask-refusal"), null);
  try {
    await help();
  } catch (error) {
    refuse(error);
  } finally {
    button.removeAttribute("aria-disabled");
    button.textContent = words;
  }
}

async function help() {
  view ??= await look();
  try {
    await sendHelp(view);
  } catch (error) {
    if (!(error instanceof Problem) || !STALE.has(error.code)) throw error;
    view = await look(); // the page lay open for long
    await sendHelp(view);
  }
}

/** @param {LinkView} shown */
async function sendHelp({ page_token: token, challenge, goal, weights }) {
  const proof = challenge === null ? "" : await solve(challenge);
  /** @type {HelpRead} */
  const given = await call("POST", `${path}/helps`, {
    body: JSON.stringify({ page_token: token, proof }),
    headers: thisDevice(),
  });
  showPoints(element("ask-progress"), given.progress, goal);
  element("ask-missing").textContent = missingText(given.missing, weights);
  keepGiven(given.state);
  thank(given.state);
  element("ask-title").focus();
  announce(element("ask-thanks-state").textContent ?? "");
  document.dispatchEvent(new Event("huajian:credits"));
}

/** @param {string} state */
function keepGiven(state) {
  const before = Object.entries(always.readData(GIVEN) ?? {}).filter(([other]) => other !== code);
  always.writeData(GIVEN, Object.fromEntries([...before, [code, state]].slice(-MOST_GIVEN)));
}

/** @param {unknown} error */
function refuse(error) {
  if (error instanceof Problem && error.code === "own_help") put("ask-mine");
  else if (error instanceof Problem && error.code === "unlock_link_ended") location.reload();
  else if (error instanceof Offline) {
    writeRefusal(element("ask-refusal"), { title: say("network_title"), advice: say("ask_network") });
  } else showRefusal(element("ask-refusal"), error);
}

const button = document.getElementById("ask-press");
if (button !== null) {
  button.addEventListener("click", () => void press());
  arrive().catch((error) => {
    if (!(error instanceof Offline || error instanceof Problem)) throw error; // the press will say what is wrong
  });
}
wake();
