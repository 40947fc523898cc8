/** What every page does: remember the language, and say how many credits are left. */

import { element } from "./dom.js";
import { showQuota } from "./quota.js";
import { Offline, Problem } from "./wire.js";

const COOKIE_SECONDS = 365 * 24 * 3600;

/** @param {string} language */
function keepLanguage(language) {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `huajian_lang=${language}; Path=/; Max-Age=${COOKIE_SECONDS}; SameSite=Lax${secure}`;
}

/** `?lang=` is how the language is chosen without scripts; with them the cookie keeps it. */
function takeLanguageFromAddress() {
  const address = new URL(location.href);
  const language = address.searchParams.get("lang");
  if (language !== "zh" && language !== "en") return;
  keepLanguage(language);
  address.searchParams.delete("lang");
  history.replaceState(null, "", address);
}

function switchLanguage() {
  const link = /** @type {HTMLAnchorElement} */ (document.querySelector("a.language"));
  link.addEventListener("click", (event) => {
    event.preventDefault();
    keepLanguage(link.dataset.language ?? "");
    location.reload(); // what was typed is kept: drafts.js
  });
}

/** The number may be late; a page without it is still a page. */
async function refreshQuota() {
  try {
    await showQuota();
  } catch (error) {
    if (!(error instanceof Offline || error instanceof Problem)) throw error;
    element("quota").hidden = true;
  }
}

takeLanguageFromAddress();
switchLanguage();
void refreshQuota();
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") void refreshQuota();
});
document.addEventListener("huajian:credits", () => void refreshQuota());
