/** A finished work: the picture or the lyric, what made it, and ways to keep it. */

import { call } from "./api.js";
import { offerCertificate } from "./certify.js";
import { cloneTemplate, within } from "./dom.js";
import { announce, facts, formatDay, say } from "./facts.js";
import { drawLyrics } from "./lyrics.js";

const COPIED_MS = 2500;

/**
 * @param {import("./api.js").Work} work
 * @param {{titleId?: string}} [options]
 * @returns {HTMLElement}
 */
export function drawWork(work, { titleId = "" } = {}) {
  const article = cloneTemplate("work-template");
  article.dataset.work = work.id;
  article.classList.add(`work-${work.kind}`);
  const title = within(article, ".work-title");
  title.textContent = work.title;
  if (titleId) title.id = titleId;
  within(article, ".work-meta").textContent = describe(work);
  const piece = within(article, ".piece");
  if (work.kind === "lyrics") showLyrics(article, piece, work);
  else piece.append(drawPiece(work));
  const save = /** @type {HTMLAnchorElement} */ (within(article, ".save"));
  save.href = `${fileOf(work, "preview").url}&download=true`;
  offerCertificate(article, work);
  return article;
}

/**
 * The file of that role, or the preview, which every work has.
 * @param {import("./api.js").Work} work
 * @param {string} role
 */
export function fileOf(work, role) {
  const found = work.files.find((file) => file.role === role) ?? work.files.find((file) => file.role === "preview");
  if (found === undefined) throw new Error(`work ${work.id} has no files`);
  return found;
}

/**
 * What the picture is, and the words on it, for those who do not see it.
 * @param {import("./api.js").Work} work
 */
export function describePicture(work) {
  const values = { kind: facts.kinds[work.kind], title: work.title, text: work.text ?? "" };
  return say(work.text ? "alt_picture_text" : "alt_picture", values);
}

/** @param {import("./api.js").Work} work */
function describe(work) {
  const { ai, model } = work.provenance;
  const maker = ai ? say("made_by_model", { model }) : say("made_by_rules");
  return `${facts.kinds[work.kind]} · ${formatDay(work.created_at)}\n${maker}`;
}

/** @param {import("./api.js").Work} work */
function drawPiece(work) {
  const file = fileOf(work, "preview");
  if (file.media_type === "video/mp4") return drawFilm(work, file);
  if (file.media_type.startsWith("text/html")) return drawPage(work, file);
  return drawPicture(work, file);
}

/**
 * It starts by itself, silent as it is, unless the person prefers stillness.
 * @param {import("./api.js").Work} work
 * @param {import("./api.js").WorkFile} file
 */
function drawFilm(work, file) {
  const film = document.createElement("video");
  film.setAttribute("aria-label", describePicture(work));
  film.width = file.width_px ?? 0;
  film.height = file.height_px ?? 0;
  film.controls = film.playsInline = film.muted = true;
  film.autoplay = !matchMedia("(prefers-reduced-motion: reduce)").matches;
  film.poster = fileOf(work, "poster").url;
  film.src = file.url;
  film.addEventListener("error", () => void renew(film, work.id), { once: true });
  return film;
}

/**
 * A page that opens. It has no origin, here as everywhere: it can reach neither us nor anybody else.
 * @param {import("./api.js").Work} work
 * @param {import("./api.js").WorkFile} file
 */
function drawPage(work, file) {
  const frame = document.createElement("iframe");
  frame.title = describePicture(work);
  frame.setAttribute("sandbox", "allow-scripts");
  frame.src = file.url;
  return frame;
}

/**
 * @param {import("./api.js").Work} work
 * @param {import("./api.js").WorkFile} file
 */
function drawPicture(work, file) {
  const picture = document.createElement("img");
  picture.alt = describePicture(work);
  picture.width = file.width_px ?? 0;
  picture.height = file.height_px ?? 0;
  picture.decoding = "async";
  picture.src = file.url;
  picture.addEventListener("error", () => void renew(picture, work.id), { once: true });
  return picture;
}

/**
 * Links expire while a page stays open: ask for a fresh one, once.
 * @param {HTMLImageElement | HTMLVideoElement} shown
 * @param {string} id
 */
async function renew(shown, id) {
  shown.src = fileOf(await call("GET", `/v1/works/${id}`), "preview").url;
}

/**
 * @param {HTMLElement} article
 * @param {HTMLElement} piece
 * @param {import("./api.js").Work} work
 */
function showLyrics(article, piece, work) {
  const sheet = drawLyrics(work);
  sheet.prepend(within(article, ".work-title"));
  piece.append(sheet);
  if (!navigator.clipboard) return; // browsers offer it over HTTPS only
  const copy = within(article, ".copy");
  copy.hidden = false;
  copy.addEventListener("click", () => void copyText(copy, work.text ?? ""));
}

/**
 * @param {HTMLElement} button
 * @param {string} text
 */
async function copyText(button, text) {
  const name = button.textContent;
  let outcome = say("copied");
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    outcome = say("copy_failed"); // the browser asked, and the person said no
  }
  announce(outcome);
  button.textContent = outcome;
  setTimeout(() => {
    button.textContent = name;
  }, COPIED_MS);
}
