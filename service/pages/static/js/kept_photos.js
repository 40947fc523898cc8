/** The photos that one keeps, to make room for another. */

import { call, open } from "./api.js";
import { make } from "./dom.js";
import { announce, formatDay, say } from "./facts.js";
import { Offline, Problem } from "./wire.js";

const MOST = 20;

/**
 * @param {HTMLElement} place a list
 * @param {{except: string, onRoom: () => void}} options `except`: the one in use; `onRoom`: one was deleted
 */
export async function showKept(place, { except, onRoom }) {
  /** @type {{items: import("./upload.js").Photo[]}} */
  const { items } = await call("GET", `/v1/photos?limit=${MOST}`);
  const others = items.filter((photo) => photo.id !== except);
  place.replaceChildren(...others.map((photo) => drawKept(photo, onRoom)));
  place.hidden = others.length === 0;
}

/**
 * @param {import("./upload.js").Photo} photo
 * @param {() => void} onRoom
 */
function drawKept(photo, onRoom) {
  const item = document.createElement("li");
  const button = /** @type {HTMLButtonElement} */ (make("button", "kept-photo"));
  button.type = "button";
  button.setAttribute("aria-label", say("photo_delete", { date: formatDay(photo.created_at) }));
  const picture = document.createElement("img");
  picture.alt = "";
  picture.src = photo.url;
  button.append(picture);
  button.addEventListener("click", () => void remove(photo.id, item, button, onRoom));
  item.append(button);
  return item;
}

/**
 * @param {string} id
 * @param {HTMLElement} item
 * @param {HTMLButtonElement} button
 * @param {() => void} onRoom
 */
async function remove(id, item, button, onRoom) {
  button.disabled = true;
  try {
    await open("DELETE", `/v1/photos/${id}`);
  } catch (error) {
    if (!(error instanceof Offline || error instanceof Problem)) throw error;
    button.disabled = false;
    return;
  }
  const next = item.nextElementSibling ?? item.previousElementSibling;
  /** @type {HTMLElement | null | undefined} */ (next?.querySelector("button"))?.focus();
  item.remove();
  announce(say("photo_deleted"));
  onRoom();
}
