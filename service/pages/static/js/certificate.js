/** The page of a certificate: works out by itself that it is in the log, and who signed it. */

import "./page.js";
import { element, make } from "./dom.js";
import { facts, formatDay, say } from "./facts.js";
import { entryOf, fromBase64, parseProof, rootOf } from "./inclusion.js";
import { Offline, Problem, readAnswer, send, toProblem } from "./wire.js";

/** @type {{number: string, certificate_key: string | null, log_key: string | null}} */
const { number, certificate_key: issuerKey, log_key: logKey } = /** @type {any} */ (facts).certificate;
const CONTEXT = "huajian certificate v1\n";
const path = `/v1/certificates/${number}`;

for (const time of document.querySelectorAll("time[data-day]")) {
  time.textContent = formatDay(/** @type {HTMLTimeElement} */ (time).dateTime);
}

async function check() {
  const place = document.getElementById("certificate-checks");
  if (place === null) return;
  place.hidden = false;
  const { document: certificate } = await readAnswer(await send("GET", path));
  const found = [await checkSignature(certificate), ...(await checkLog(certificate.statement))];
  element("certificate-check-list").replaceChildren(
    ...found.map(({ outcome, text }) => {
      const item = make("li", "check", text);
      item.dataset.outcome = outcome;
      return item;
    }),
  );
}

/** @param {{statement: any, signature: {value: string}}} certificate */
async function checkSignature({ statement, signature }) {
  const message = new TextEncoder().encode(CONTEXT + canonical(statement));
  const isSigned = await isSignedBy(issuerKey, message, fromBase64(signature.value));
  return sayOfSignature(isSigned);
}

/** @param {any} statement */
async function checkLog(statement) {
  const answer = await send("GET", `${path}/proof`);
  if (answer.status === 409) return [{ outcome: "skipped", text: say("cert_inclusion_soon") }];
  if (!answer.ok) throw await toProblem(answer);
  const proof = parseProof(await answer.text());
  const isHere = proof !== null && proof.index === statement.log.index && rootOf(entryOf(statement), proof) === proof.root;
  if (proof === null || !isHere) return [{ outcome: "failed", text: say("cert_inclusion_fails") }];
  const numbers = { size: proof.size, index: proof.index, steps: proof.path.length };
  const found = [{ outcome: "passed", text: say("cert_inclusion_holds", numbers) }];
  const own = proof.signatures.find(({ name }) => logKey?.startsWith(`${name}+`));
  const isSigned = own && (await isSignedBy(logKey, new TextEncoder().encode(proof.text), own.content.slice(4)));
  if (isSigned === false || own === undefined) found.push({ outcome: "failed", text: say("cert_inclusion_fails") });
  else if (isSigned) found.push({ outcome: "passed", text: say("cert_checkpoint_holds") });
  return found;
}

/** @param {boolean | null} isSigned null: this browser cannot tell */
function sayOfSignature(isSigned) {
  if (isSigned === null) return { outcome: "skipped", text: say("cert_signature_unable") };
  if (isSigned) return { outcome: "passed", text: say("cert_signature_holds") };
  return { outcome: "failed", text: say("cert_signature_fails") };
}

/**
 * @param {string | null} vkey name+id+base64 of the kind and the key
 * @param {Uint8Array<ArrayBuffer>} message
 * @param {Uint8Array<ArrayBuffer>} signature
 * @returns {Promise<boolean | null>} null where this browser cannot tell
 */
async function isSignedBy(vkey, message, signature) {
  if (vkey === null || crypto.subtle === undefined) return null;
  const bytes = fromBase64(vkey.slice(vkey.indexOf("+", vkey.indexOf("+") + 1) + 1)).slice(1);
  try {
    const key = await crypto.subtle.importKey("raw", bytes, { name: "Ed25519" }, false, ["verify"]);
    return await crypto.subtle.verify({ name: "Ed25519" }, key, signature, message);
  } catch (error) {
    if (error instanceof DOMException) return null; // it does not know the algorithm
    throw error;
  }
}

/**
 * RFC 8785, as far as certificates need it: no fractions, and keys in ASCII.
 * @param {any} value
 * @returns {string}
 */
function canonical(value) {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  const pairs = Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`);
  return `{${pairs.join(",")}}`;
}

check().catch((error) => {
  if (!(error instanceof Problem || error instanceof Offline)) throw error;
  element("certificate-checks").hidden = true; // the page says everything else without it
});
