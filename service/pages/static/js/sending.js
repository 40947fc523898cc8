/** Send a file to be verified, and tell how much of it has gone: `fetch` does not say. */

import { facts } from "./facts.js";
import { Offline, Problem } from "./wire.js";

const MOST_MS = 300_000;
const EVIDENCE = { certificate: /^certificate[\w.-]*\.json$/i, record: /^export[\w.-]*\.json$/i, proof: /\.tlog-proof$/i };

/**
 * @param {File[]} files the file, and perhaps its certificate, record and proofs
 * @param {{onProgress: (share: number) => void, signal: AbortSignal}} options
 * @returns {Promise<import("./verdict.js").Verdict>}
 */
export function sendToVerify(files, { onProgress, signal }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", "/v1/verify");
    request.timeout = MOST_MS;
    request.responseType = "json";
    request.setRequestHeader("Accept-Language", facts.language);
    request.upload.addEventListener("progress", (event) => onProgress(event.loaded / Math.max(event.total, 1)));
    request.upload.addEventListener("load", () => onProgress(1));
    request.addEventListener("load", () => {
      if (request.status < 300 && request.response) resolve(request.response);
      else reject(new Problem(request.status, request.response ?? {}));
    });
    for (const name of ["error", "timeout", "abort"]) {
      request.addEventListener(name, () => reject(new Offline(name)));
    }
    signal.addEventListener("abort", () => request.abort());
    if (files.length > 1) request.send(formOf(files));
    else {
      request.setRequestHeader("Content-Type", "application/octet-stream"); // what it says of itself counts for nothing
      request.send(files[0]);
    }
  });
}

/** @param {File[]} files */
function formOf(files) {
  const form = new FormData();
  for (const file of files) {
    const kind = Object.entries(EVIDENCE).find(([, pattern]) => pattern.test(file.name));
    form.append(kind ? kind[0] : "file", file);
  }
  return form;
}
