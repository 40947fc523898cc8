/** Every link that one has asked friends with, and what became of it. */

import "./page.js";
import { call } from "./api.js";
import { element, make, wake } from "./dom.js";
import { formatMoment, say } from "./facts.js";
import { showRefusal } from "./refusal.js";
import { isKnown } from "./session.js";
import { ask, showLink } from "./sharing.js";
import { Offline, Problem } from "./wire.js";

/** @typedef {import("./sharing.js").Link} Link */

/** @type {string | null} */
let next = null;

/** @param {boolean} isFirst */
async function load(isFirst) {
  try {
    const cursor = isFirst || next === null ? "" : `&cursor=${encodeURIComponent(next)}`;
    /** @type {{items: Link[], next_cursor: string | null}} */
    const page = isKnown() ? await call("GET", `/v1/unlock-links?limit=20${cursor}`) : { items: [], next_cursor: null };
    next = page.next_cursor;
    const rows = page.items.map(drawLink);
    if (isFirst) element("links").replaceChildren(...rows);
    else element("links").append(...rows);
    element("links-none").hidden = element("links").children.length > 0;
    element("links-more").hidden = next === null;
    showRefusal(element("links-refusal"), null);
  } catch (error) {
    showRefusal(element("links-refusal"), error);
    if (!(error instanceof Offline || error instanceof Problem)) throw error;
  }
}

/** @param {Link} link */
function drawLink(link) {
  const row = make("li", "link-row");
  row.dataset.state = link.state;
  const words = document.createElement("div");
  const points = say("share_points", { n: Math.min(link.progress, link.goal), goal: link.goal });
  const parts = [say(`share_state_${link.state}`), points];
  if (link.state === "open") parts.push(say("share_reward", { n: link.reward_credits }));
  words.append(make("h2", "", say("share_link_of", { date: formatMoment(link.created_at) })), make("p", "", parts.join(" · ")));
  row.append(words);
  if (link.state === "open") {
    const button = /** @type {HTMLButtonElement} */ (make("button", "button quiet", say("share_show")));
    button.type = "button";
    button.addEventListener("click", () => {
      /** @type {HTMLDialogElement} */ (element("share")).showModal();
      showLink(link);
    });
    row.append(button);
  }
  return row;
}

element("links-new").addEventListener("click", () => void ask());
element("links-more").addEventListener("click", () => void load(false));
/** @type {HTMLDialogElement} */ (element("share")).addEventListener("close", () => void load(true));
void load(true);
wake();
