/** The console: asks as whoever is here, and lets a colleague sign in when that is not enough. */

import "./page.js";
import { showCampaigns } from "./campaigns.js";
import { showChannels } from "./channels.js";
import { canAsk, hasPassword, signIn, signOut } from "./colleague.js";
import { element, within } from "./dom.js";
import { say } from "./facts.js";
import { chooseRange, offerCampaigns, showFigures } from "./figures.js";
import { showRefusal, writeRefusal } from "./refusal.js";
import { showReviews } from "./reviews.js";
import { enliven } from "./slips.js";
import { Problem } from "./wire.js";

const form = /** @type {HTMLFormElement} */ (element("sign-in"));

/** Show the desk; without the right to, the door. */
async function enter() {
  try {
    if (!canAsk()) throw new Problem(401, {});
    chooseRange();
    await showFigures();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    showDoor(error);
    return;
  }
  form.hidden = true;
  element("desk").hidden = false;
  if (hasPassword()) within(element("desk"), "[role=tab][aria-selected=true]").focus(); // the door took the focus along
  element("sign-out").hidden = !hasPassword();
  const [campaigns] = await Promise.all([showCampaigns(), showReviews(), showChannels()]);
  offerCampaigns(campaigns);
}

/** @param {Problem} problem */
function showDoor(problem) {
  element("desk").hidden = true;
  form.hidden = false;
  const isDenied = problem.status === 403 && hasPassword();
  if (isDenied) writeRefusal(element("sign-in-refusal"), { title: say("console_denied"), advice: "" });
}

async function knock() {
  const button = /** @type {HTMLButtonElement} */ (within(form, "button[type=submit]"));
  const field = (/** @type {string} */ name) => /** @type {HTMLInputElement} */ (within(form, `[name=${name}]`));
  button.disabled = true;
  showRefusal(element("sign-in-refusal"), null);
  try {
    await signIn(field("email").value.trim(), field("password").value);
    field("password").value = "";
    await enter();
  } catch (error) {
    showRefusal(element("sign-in-refusal"), error);
  } finally {
    button.disabled = false;
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  void knock();
});
element("sign-out").addEventListener("click", () => {
  void signOut().finally(() => location.reload());
});
const slips = [...document.querySelectorAll(".slip")].map((slip) => /** @type {HTMLElement} */ (slip));
enliven(slips);
const wanted = new URLSearchParams(location.search).get("kind");
slips.find((slip) => slip.dataset.kind === wanted)?.click();
void enter();
