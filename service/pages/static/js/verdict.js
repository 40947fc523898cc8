/** The answer as the page shows it. Everything that a file says of itself is text, never markup. */

import { element, make, within } from "./dom.js";
import { announce, formatDay, say } from "./facts.js";

/**
 * @typedef {object} Verdict
 * @property {"intact" | "signer_unknown" | "altered" | "nothing_found"} answer
 * @property {string} title
 * @property {string} summary
 * @property {{name: string | null, media_type: string, size_bytes: number, sha256: string}} file
 * @property {{name: string, outcome: string, outcome_text: string, text: string}[]} checks
 * @property {{text: string}[]} not_checked
 * @property {{number: string, page_url: string | null} | null} certificate
 * @property {{number: string, page_url: string, issued_at: string | null, difference_bits: number}[]} similar
 */

const FINE_BITS = 256;
const place = element("verdict");

export function clearVerdict() {
  place.hidden = true;
}

/** @param {Verdict} verdict */
export function showVerdict(verdict) {
  place.dataset.answer = verdict.answer;
  within(place, ".tally").dataset.answer = verdict.answer;
  element("verdict-title").textContent = verdict.title;
  element("verdict-summary").textContent = verdict.summary;
  showCertificate(verdict);
  showSimilar(verdict);
  element("check-list").replaceChildren(...verdict.checks.map(makeCheck));
  element("never-list").replaceChildren(...verdict.not_checked.map(({ text }) => make("li", "", text)));
  element("verdict-file").textContent = describe(verdict.file);
  element("verdict-digest").textContent = verdict.file.sha256;
  place.hidden = false;
  place.focus({ preventScroll: true });
  window.scrollTo({ top: 0 }); // the answer stands where the file was put
  announce(`${verdict.title}. ${verdict.summary}`);
}

/** @param {Verdict} verdict */
function showCertificate({ certificate }) {
  const line = element("verdict-certificate");
  line.hidden = certificate === null;
  if (certificate === null) return;
  const words = say("verify_certificate", { number: certificate.number });
  line.replaceChildren(certificate.page_url === null ? words : makeLink(certificate.page_url, words));
}

/** @param {Verdict} verdict */
function showSimilar({ similar }) {
  element("verdict-similar").hidden = similar.length === 0;
  element("similar-list").replaceChildren(
    ...similar.map((one) => {
      const item = make("li", "");
      item.append(makeLink(one.page_url, say("verify_certificate", { number: one.number })));
      const alike = Math.round(100 * (1 - one.difference_bits / FINE_BITS));
      item.append(make("span", "hint", say("verify_alike", { n: alike })));
      if (one.issued_at) item.append(make("span", "hint", say("verify_issued", { day: formatDay(one.issued_at) })));
      return item;
    }),
  );
}

/** @param {{name: string, outcome: string, outcome_text: string, text: string}} check */
export function makeCheck({ name, outcome, outcome_text: told, text }) {
  const item = make("li", "check");
  item.dataset.outcome = outcome;
  const head = make("span", "check-name", name);
  head.append(make("span", "check-outcome", told));
  item.append(head, make("span", "check-text", text));
  return item;
}

/** @param {{name: string | null, media_type: string, size_bytes: number}} file */
function describe({ name, media_type: kind, size_bytes: size }) {
  const told = `${kind}, ${say("verify_bytes", { n: size.toLocaleString() })}`;
  return name === null ? told : `${name} · ${told}`;
}

/**
 * @param {string} address
 * @param {string} words
 */
function makeLink(address, words) {
  const link = /** @type {HTMLAnchorElement} */ (make("a", "", words));
  link.href = address;
  return link;
}
