/** A certificate for a finished work, and files to take away: what it costs, then what one gets. */

import { call } from "./api.js";
import { once } from "./buying.js";
import { cloneTemplate, make, within } from "./dom.js";
import { announce, say } from "./facts.js";
import { showQuota } from "./quota.js";
import { showRefusal } from "./refusal.js";

const LOOK_MS = 700;
const MOST_LOOKS = 40;
const KILO = 1000;

/**
 * @typedef {object} Certificate
 * @property {string} id
 * @property {string} number
 * @property {string} state
 * @property {string} page_url
 * @property {string | null} pdf_url
 *
 * @typedef {object} Export
 * @property {string} id
 * @property {string} format
 * @property {string} size
 * @property {string} state
 * @property {string | null} failure
 * @property {number | null} size_bytes
 * @property {string | null} url
 * @property {string | null} bundle_url
 *
 * @typedef {object} Exports
 * @property {Certificate | null} certificate
 * @property {string[]} formats
 * @property {string[]} sizes
 * @property {Export[]} items
 */

/**
 * Let a work's own button open what can be done with it.
 * @param {HTMLElement} article
 * @param {import("./api.js").Work} work
 */
export function offerCertificate(article, work) {
  const button = within(article, ".certify-open");
  button.addEventListener("click", () => void toggle(article, button, work));
}

/**
 * @param {HTMLElement} article
 * @param {HTMLElement} button
 * @param {import("./api.js").Work} work
 */
async function toggle(article, button, work) {
  const open = article.querySelector(".certify");
  button.setAttribute("aria-expanded", String(open === null));
  if (open !== null) return open.remove();
  const desk = cloneTemplate("certify-template");
  article.append(desk);
  await guarded(desk, async () => show(desk, work, await call("GET", exportsOf(work))));
}

/**
 * @param {HTMLElement} desk
 * @param {import("./api.js").Work} work
 * @param {Exports} found
 */
async function show(desk, work, found) {
  const { certificate } = found;
  within(desk, ".certify-offer").hidden = certificate !== null;
  within(desk, ".certify-done").hidden = certificate === null;
  if (certificate === null) await showOffer(desk, work);
  else showDesk(desk, work, certificate, found);
}

/**
 * @param {HTMLElement} desk
 * @param {import("./api.js").Work} work
 */
async function showOffer(desk, work) {
  /** @type {{certification: {credits: number, price: {text: string, currency: string} | null}}} */
  const { certification } = await call("GET", "/v1/catalog");
  const pay = /** @type {HTMLButtonElement} */ (within(desk, ".certify-pay"));
  pay.textContent = say("certify_pay", { n: certification.credits });
  pay.onclick = () => void guarded(desk, () => certify(desk, work), pay);
  const buy = /** @type {HTMLButtonElement} */ (within(desk, ".certify-buy"));
  const { price } = certification;
  buy.hidden = price === null;
  if (price !== null) {
    buy.textContent = say("certify_buy", { price: price.text });
    buy.onclick = () => void guarded(desk, () => order(work, price.currency), buy);
  }
  within(desk, ".certify-title").focus();
}

/**
 * @param {HTMLElement} desk
 * @param {import("./api.js").Work} work
 */
async function certify(desk, work) {
  announce(say("certify_making"));
  const isPublic = /** @type {HTMLInputElement} */ (within(desk, ".certify-public")).checked;
  /** @type {Certificate} */
  const ordered = await spend(`/v1/works/${work.id}/certificate`, { show_work: isPublic });
  await until(async () => (await call("GET", `/v1/certificates/${ordered.id}`)).state === "issued");
  announce(say("certify_made"));
  void showQuota();
  await show(desk, work, await call("GET", exportsOf(work)));
}

/**
 * Go to where a certificate is paid with money.
 * @param {import("./api.js").Work} work
 * @param {string} currency
 */
async function order(work, currency) {
  const placed = await spend(`/v1/works/${work.id}/certificate/checkout`, { currency });
  location.assign(placed.checkout_url ?? `/orders/${placed.id}`);
}

/**
 * @param {HTMLElement} desk
 * @param {import("./api.js").Work} work
 * @param {Certificate} certificate
 * @param {Exports} found
 */
function showDesk(desk, work, certificate, { formats, sizes, items }) {
  const title = within(desk, ".certify-number");
  title.textContent = say("certify_number", { number: certificate.number });
  /** @type {HTMLAnchorElement} */ (within(desk, ".certify-page")).href = certificate.page_url;
  const pdf = /** @type {HTMLAnchorElement} */ (within(desk, ".certify-pdf"));
  pdf.hidden = certificate.pdf_url === null;
  pdf.href = certificate.pdf_url ?? "";
  const format = /** @type {HTMLSelectElement} */ (within(desk, ".certify-format"));
  format.replaceChildren(...formats.map((one) => new Option(one.toUpperCase(), one)));
  const size = /** @type {HTMLSelectElement} */ (within(desk, ".certify-size"));
  size.replaceChildren(...sizes.map((one) => new Option(nameSize(one), one)));
  within(desk, ".certify-sized").hidden = work.kind === "lyrics";
  const press = /** @type {HTMLButtonElement} */ (within(desk, ".certify-export"));
  within(desk, ".certify-form").onsubmit = (event) => {
    event.preventDefault();
    void guarded(desk, () => exportAs(desk, work, format.value, size.value), press);
  };
  within(desk, ".certify-files").replaceChildren(...items.filter((one) => one.url).map(drawFile));
  title.focus();
}

/**
 * @param {HTMLElement} desk
 * @param {import("./api.js").Work} work
 * @param {string} format
 * @param {string} size
 */
async function exportAs(desk, work, format, size) {
  announce(say("certify_exporting"));
  /** @type {Export} */
  let made = await spend(exportsOf(work), { format, size });
  await until(async () => {
    if (made.state === "queued") made = await call("GET", `/v1/exports/${made.id}`);
    return made.state !== "queued";
  });
  const files = within(desk, ".certify-files");
  files.querySelector(`[data-export="${made.id}"]`)?.remove();
  if (made.url === null) return;
  const drawn = drawFile(made);
  files.prepend(drawn);
  within(drawn, "a").focus();
  announce(say("certify_exported"));
}

/** @param {Export} made */
function drawFile(made) {
  const item = make("li", "certify-file");
  item.dataset.export = made.id;
  const name = made.format.toUpperCase();
  const kilobytes = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 }).format((made.size_bytes ?? 0) / KILO);
  const about = { format: name, size: nameSize(made.size), bytes: `${kilobytes} kB` };
  item.append(
    make("span", "certify-about", say("certify_file", about)),
    drawLink(made.url ?? "", say("certify_download", { format: name })),
    drawLink(made.bundle_url ?? "", say("certify_bundle")),
  );
  return item;
}

/**
 * @param {string} address
 * @param {string} name
 */
function drawLink(address, name) {
  const link = document.createElement("a");
  link.href = address;
  link.download = "";
  link.textContent = name;
  return link;
}

/** @param {string} size */
function nameSize(size) {
  return size === "original" ? say("certify_original") : size;
}

/** @param {import("./api.js").Work} work */
function exportsOf(work) {
  return `/v1/works/${work.id}/exports`;
}

/**
 * Pressing again after a lost answer asks for the same thing.
 * @param {string} path
 * @param {Record<string, any>} body
 */
function spend(path, body) {
  const sent = JSON.stringify(body);
  return once(`${path} ${sent}`, (key) => call("POST", path, { body: sent, headers: { "Idempotency-Key": key } }));
}

/**
 * Look again until it is so, for half a minute.
 * @param {() => Promise<boolean>} isSo
 */
async function until(isSo) {
  for (let look = 0; look < MOST_LOOKS; look += 1) {
    if (await isSo()) return;
    await new Promise((resume) => setTimeout(resume, LOOK_MS));
  }
}

/**
 * Show what is refused where it was asked for.
 * @param {HTMLElement} desk
 * @param {() => Promise<any>} act
 * @param {HTMLButtonElement} [button] asleep meanwhile
 */
async function guarded(desk, act, button) {
  const refusal = within(desk, ".refusal");
  showRefusal(refusal, null);
  if (button) button.disabled = true;
  try {
    await act();
  } catch (error) {
    showRefusal(refusal, error);
  } finally {
    if (button) button.disabled = false;
  }
}
