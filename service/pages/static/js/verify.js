/** The page that verifies: take a file, send it, show the answer. Nothing is remembered. */

import "./page.js";
import { element } from "./dom.js";
import { announce, facts, say } from "./facts.js";
import { showRefusal, writeRefusal } from "./refusal.js";
import { sendToVerify } from "./sending.js";
import { clearVerdict, showVerdict } from "./verdict.js";

const MEGABYTE = 1024 * 1024;
const mostBytes = /** @type {any} */ (facts).verified_bytes;
const input = /** @type {HTMLInputElement} */ (element("verify-file"));
const drop = element("drop");
const refusal = element("verify-refusal");
/** @type {AbortController | null} */
let sending = null;

/** @param {File[]} files */
async function verify(files) {
  if (files.length === 0) return;
  clearVerdict();
  showRefusal(refusal, null);
  if (!isFit(files)) return;
  sending?.abort();
  const mine = (sending = new AbortController());
  showSending(files[0]);
  try {
    const verdict = await sendToVerify(files, { onProgress: showProgress, signal: mine.signal });
    endSending();
    drop.hidden = true;
    showVerdict(verdict);
  } catch (error) {
    if (sending !== mine) return; // another file was chosen meanwhile
    endSending();
    element("verify-three").hidden = false;
    if (!mine.signal.aborted) showRefusal(refusal, error);
  }
}

/** @param {File[]} files */
function isFit(files) {
  const bytes = files.reduce((sum, file) => sum + file.size, 0);
  if (bytes > mostBytes) {
    const advice = say("verify_too_large_advice", { n: Math.floor(mostBytes / MEGABYTE) });
    writeRefusal(refusal, { title: say("verify_too_large"), advice });
  } else if (bytes === 0) {
    writeRefusal(refusal, { title: say("verify_empty"), advice: say("verify_empty_advice") });
  }
  return bytes > 0 && bytes <= mostBytes;
}

/** @param {File} file */
function showSending(file) {
  drop.hidden = true;
  element("verify-three").hidden = true;
  element("sending").hidden = false;
  element("sending-name").textContent = file.name;
  showProgress(0);
  element("sending-cancel").focus();
}

/** @param {number} share */
function showProgress(share) {
  const bar = /** @type {HTMLProgressElement} */ (element("sending-progress"));
  const percent = Math.round(share * 100);
  const told = percent < 100 ? say("verify_sent", { n: percent }) : say("verify_reading");
  if (percent < 100) bar.value = percent;
  else bar.removeAttribute("value"); // sent: how long reading takes, nobody knows
  if (element("sending-state").textContent === told) return;
  element("sending-state").textContent = told;
  if (percent === 100) announce(told);
}

function endSending() {
  sending = null;
  element("sending").hidden = true;
  drop.hidden = false;
  input.value = ""; // the same file may be chosen again
}

input.addEventListener("change", () => void verify([...(input.files ?? [])]));
element("sending-cancel").addEventListener("click", () => {
  sending?.abort();
  input.focus();
});
element("verify-again").addEventListener("click", () => {
  clearVerdict();
  drop.hidden = false;
  element("verify-three").hidden = false;
  input.focus();
});
element("verify-form").addEventListener("submit", (event) => event.preventDefault());

// A file that misses the field must not replace the page, so the whole window takes it.
for (const name of ["dragenter", "dragover"]) {
  window.addEventListener(name, (event) => {
    event.preventDefault();
    drop.classList.add("is-over");
  });
}
window.addEventListener("dragleave", (event) => {
  if (event.relatedTarget === null) drop.classList.remove("is-over");
});
window.addEventListener("drop", (event) => {
  event.preventDefault();
  drop.classList.remove("is-over");
  void verify([...(event.dataTransfer?.files ?? [])]);
});
void verify([...(input.files ?? [])]); // put down before this script ran
