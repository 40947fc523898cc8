/** Send a file and tell how much of it has gone: `fetch` does not say. */

import { facts } from "./facts.js";
import { accessToken, renewToken } from "./session.js";
import { Offline, Problem } from "./wire.js";

const MOST_MS = 180_000; // 12 MB at half a megabit a second

/**
 * @typedef {object} Photo
 * @property {string} id
 * @property {string} url
 * @property {string} created_at
 */

/**
 * Send one photo; a token that has expired is renewed once.
 * @param {File} file
 * @param {{key: string, onProgress: (share: number) => void, signal: AbortSignal}} options
 *   `key`: the same for every try with this file
 * @returns {Promise<Photo>}
 */
export async function sendPhoto(file, options) {
  try {
    return await post(file, await accessToken(), options);
  } catch (error) {
    if (!(error instanceof Problem) || error.status !== 401) throw error;
    return post(file, await renewToken(), options);
  }
}

/**
 * @param {File} file
 * @param {string} token
 * @param {{key: string, onProgress: (share: number) => void, signal: AbortSignal}} options
 * @returns {Promise<Photo>}
 */
function post(file, token, { key, onProgress, signal }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", "/v1/photos");
    request.timeout = MOST_MS;
    request.responseType = "json";
    request.setRequestHeader("Authorization", `Bearer ${token}`);
    request.setRequestHeader("Accept-Language", facts.language);
    request.setRequestHeader("Content-Type", file.type);
    request.setRequestHeader("Idempotency-Key", `"${key}"`);
    request.upload.addEventListener("progress", (event) => onProgress(event.loaded / Math.max(event.total, 1)));
    request.addEventListener("load", () => {
      if (request.status < 300 && request.response) resolve(request.response);
      else reject(new Problem(request.status, request.response ?? {}));
    });
    for (const name of ["error", "timeout", "abort"]) {
      request.addEventListener(name, () => reject(new Offline(name)));
    }
    signal.addEventListener("abort", () => request.abort());
    if (signal.aborted) reject(new Offline("abort"));
    else request.send(file);
  });
}
