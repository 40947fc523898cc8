/** What one agrees to before a membership is ordered: the price now, the price then, and when it starts. */

import { buy } from "./buying.js";
import { element } from "./dom.js";
import { formatDay, say } from "./facts.js";
import { monthsFromNow } from "./months.js";
import { showRefusal } from "./refusal.js";

const dialog = /** @type {HTMLDialogElement | null} */ (document.getElementById("deal"));

/** @type {HTMLButtonElement | null} the offer that is being looked at */
let chosen = null;

/** Let every offer open the deal. */
export function offerDeals() {
  if (dialog === null) return;
  for (const button of document.querySelectorAll(".subscribe")) {
    button.addEventListener("click", () => show(/** @type {HTMLButtonElement} */ (button)));
  }
  element("deal-back").addEventListener("click", () => dialog.close());
  element("deal-consent").addEventListener("change", () => complain(false));
  element("deal-form").addEventListener("submit", (event) => {
    event.preventDefault();
    void agree();
  });
}

/** @param {HTMLButtonElement} button */
function show(button) {
  chosen = button;
  const { name = "", price = "", second = "", credits = "", months = "1", renews } = button.dataset;
  const date = formatDay(monthsFromNow(Number(months)).toISOString());
  element("deal-title").textContent = renews ? say("deal_title", { name }) : name;
  element("deal-price").textContent = price;
  element("deal-then").textContent = renews
    ? say("deal_then_renews", { date, price: second })
    : say("deal_then_ends", { date });
  element("deal-gives").textContent = say("deal_gives_month", { n: credits });
  element("deal-renewal").hidden = !renews;
  element("deal-prepaid").hidden = Boolean(renews);
  element("deal-pay").textContent = say(renews ? "deal_pay" : "deal_pay_once", { price });
  consent().checked = false;
  complain(false);
  showRefusal(element("deal-refusal"), null);
  dialog?.showModal();
}

async function agree() {
  if (chosen === null) return;
  if (!consent().checked) {
    complain(true);
    consent().focus();
    return;
  }
  const { item = "", currency = "" } = chosen.dataset;
  const pay = /** @type {HTMLButtonElement} */ (element("deal-pay"));
  await buy(pay, element("deal-refusal"), { item, currency, consent_version: consent().dataset.version });
}

function consent() {
  return /** @type {HTMLInputElement} */ (element("deal-consent"));
}

/** @param {boolean} isMissing */
function complain(isMissing) {
  const error = element("deal-error");
  error.hidden = !isMissing;
  error.textContent = isMissing ? say("consent_needed") : "";
  consent().toggleAttribute("aria-invalid", false);
  if (isMissing) consent().setAttribute("aria-invalid", "true");
}
