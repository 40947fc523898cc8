/** In the studio: with nothing left one may ask friends; when their help lands, what was waiting goes on. */

import { element, within } from "./dom.js";
import { facts, say } from "./facts.js";
import { ask, findOpenLink, follow } from "./sharing.js";
import { Offline, Problem } from "./wire.js";

let isFollowing = false;

/** A link that is open already is followed without opening anything. */
async function followOpenLink() {
  if (isFollowing) return;
  isFollowing = true;
  try {
    const link = await findOpenLink();
    if (link !== null) follow(link);
  } catch (error) {
    isFollowing = false;
    if (!(error instanceof Offline || error instanceof Problem)) throw error;
  }
}

/** @param {import("./sharing.js").Link} link */
function showLanded(link) {
  isFollowing = false;
  element("landed-text").textContent = say("share_landed_now", { n: link.reward_credits });
  element("landed").hidden = false;
  element("landed-go").focus();
}

/**
 * What the refusal says of asking: where it cannot be done now, why not instead of the button.
 * @param {{available: boolean, reason: {code: string, text: string} | null} | null} offer
 */
function takeOffer(offer) {
  if (offer === null) return;
  const { available, reason } = offer;
  element("ask-friends").hidden = !available;
  const advice = reason ? (facts.advice[reason.code] ?? "") : "";
  element("ask-refused").textContent = reason ? `${reason.text}${facts.language === "zh" ? "。" : ". "}${advice}` : "";
  element("ask-refused").hidden = available;
}

/** The press that was refused, pressed again. */
function goOn() {
  element("landed").hidden = true;
  /** @type {HTMLFormElement} */ (within(document, ".panel:not([hidden]) form")).requestSubmit();
}

const button = document.getElementById("ask-friends");
if (button !== null) {
  button.addEventListener("click", () => void ask());
  element("landed-go").addEventListener("click", goOn);
  document.addEventListener("huajian:offer", (event) => takeOffer(/** @type {CustomEvent} */ (event).detail));
  document.addEventListener("huajian:empty", () => void followOpenLink());
  document.addEventListener("huajian:landed", (event) => showLanded(/** @type {CustomEvent} */ (event).detail));
}
