/** Everything one has made: newest first, a page at a time, each opening in a dialog. */

import "./page.js";
import { call } from "./api.js";
import { element, make, within } from "./dom.js";
import { announce, facts, formatDay, say } from "./facts.js";
import { showRefusal } from "./refusal.js";
import { isKnown } from "./session.js";
import { describePicture, drawWork, fileOf } from "./work.js";

const PAGE = 12;
const SHOWN_LINES = 4;

const viewer = /** @type {HTMLDialogElement} */ (element("viewer"));
const grid = element("grid");
const more = element("more");
const again = element("again");

/** @type {string | null} */
let cursor = null;
let kind = "";
let visit = 0; // a page that arrives after the filter has changed is dropped

/** Show the next page of what the filter lets through. */
async function showMore() {
  const mine = visit;
  again.hidden = more.hidden = true;
  grid.setAttribute("aria-busy", "true");
  try {
    showRefusal(element("works-refusal"), null);
    const page = isKnown() ? await call("GET", address()) : { items: [], next_cursor: null };
    if (mine === visit) showPage(page);
  } catch (error) {
    if (mine !== visit) return;
    again.hidden = false;
    showRefusal(element("works-refusal"), error);
  } finally {
    if (mine === visit) grid.removeAttribute("aria-busy");
  }
}

function address() {
  const query = new URLSearchParams({ limit: String(PAGE) });
  if (kind) query.set("kind", kind);
  if (cursor) query.set("cursor", cursor);
  return `/v1/works?${query}`;
}

/** @param {{items: import("./api.js").Work[], next_cursor: string | null}} page */
function showPage(page) {
  const tiles = page.items.map(drawTile);
  const isFirst = grid.children.length === 0;
  grid.append(...tiles);
  cursor = page.next_cursor;
  more.hidden = cursor === null;
  element("none").hidden = grid.children.length > 0;
  announce(say("works_loaded", { n: grid.children.length }));
  if (!isFirst) tiles[0]?.querySelector("button")?.focus(); // reading goes on where it stopped
}

/** @param {import("./api.js").Work} work */
function drawTile(work) {
  const item = document.createElement("li");
  const button = document.createElement("button");
  button.type = "button";
  button.className = `tile tile-${work.kind}`;
  button.setAttribute("aria-label", say("open_work", { kind: facts.kinds[work.kind], title: work.title }));
  button.append(work.kind === "lyrics" ? drawScrap(work) : drawThumbnail(work));
  button.append(make("span", "tile-title", work.title), make("span", "tile-day", formatDay(work.created_at)));
  button.addEventListener("click", () => openViewer(work));
  item.append(button);
  return item;
}

/** @param {import("./api.js").Work} work */
function drawThumbnail(work) {
  const file = fileOf(work, "thumbnail");
  const picture = document.createElement("img");
  picture.src = file.url;
  picture.alt = describePicture(work);
  picture.loading = "lazy";
  picture.width = file.width_px ?? 0;
  picture.height = file.height_px ?? 0;
  return picture;
}

/**
 * The first lines of a lyric, as a scrap of letter paper.
 * @param {import("./api.js").Work} work
 */
function drawScrap(work) {
  const lines = (work.text ?? "").split("\n").filter((line) => line.trim() && !/^[[【]/.test(line) && line !== work.title);
  const scrap = make("span", "scrap", lines.slice(0, SHOWN_LINES).join("\n"));
  scrap.lang = work.language === "zh" ? "zh-Hans" : "en";
  return scrap;
}

/** @param {import("./api.js").Work} work */
function openViewer(work) {
  element("viewer-work").replaceChildren(drawWork(work, { titleId: "viewer-title" }));
  viewer.showModal();
  viewer.scrollTop = 0;
}

/** @param {string} chosen */
function filter(chosen) {
  visit += 1;
  kind = chosen;
  cursor = null;
  grid.replaceChildren();
  void showMore();
}

element("filter").addEventListener("change", (event) => filter(/** @type {HTMLInputElement} */ (event.target).value));
element("viewer-close").addEventListener("click", () => viewer.close());
viewer.addEventListener("click", (event) => {
  if (event.target === viewer) viewer.close(); // the backdrop
});
more.addEventListener("click", () => void showMore());
again.addEventListener("click", () => void showMore());
filter(/** @type {HTMLInputElement} */ (within(element("filter"), ":checked")).value); // it may have been chosen early
