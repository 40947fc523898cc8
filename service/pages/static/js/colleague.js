/**
 * The API as a colleague: with this browser's own session while that may, else with a password.
 *
 * What a password brings is kept in this module alone: it ends with the page, and nothing is left behind.
 */

import { call as callAsGuest, open as openAsGuest } from "./api.js";
import { isKnown } from "./session.js";
import { Problem, readAnswer, send, toProblem } from "./wire.js";

/** @type {{access_token: string, refresh_token: string} | null} */
let signedIn = null;

export function hasPassword() {
  return signedIn !== null;
}

/** Whether there is anybody to ask as. */
export function canAsk() {
  return signedIn !== null || isKnown();
}

/**
 * @param {string} email
 * @param {string} password
 */
export async function signIn(email, password) {
  signedIn = await grant({ grant_type: "password", email, password });
}

export async function signOut() {
  const left = signedIn;
  signedIn = null;
  if (left) await send("POST", "/v1/auth/sign-out", { body: JSON.stringify({ refresh_token: left.refresh_token }) });
}

/** @param {Record<string, string>} body */
async function grant(body) {
  return readAnswer(await send("POST", "/v1/auth/token", { body: JSON.stringify(body) }));
}

/**
 * The JSON of an answer.
 * @param {string} method
 * @param {string} path
 * @param {import("./api.js").Parts} [parts]
 */
export async function call(method, path, parts = {}) {
  return signedIn === null ? callAsGuest(method, path, parts) : readAnswer(await open(method, path, parts));
}

/**
 * An answer as it comes.
 * @param {string} method
 * @param {string} path
 * @param {import("./api.js").Parts} [parts]
 * @returns {Promise<Response>} a good one
 */
export async function open(method, path, parts = {}) {
  if (signedIn === null) return openAsGuest(method, path, parts);
  const response = await sendAs(signedIn.access_token, method, path, parts);
  if (response.ok) return response;
  if (response.status !== 401) throw await toProblem(response);
  try {
    signedIn = await grant({ grant_type: "refresh_token", refresh_token: signedIn.refresh_token });
  } catch (error) {
    if (error instanceof Problem && error.status === 401) signedIn = null;
    throw error;
  }
  const again = await sendAs(/** @type {any} */ (signedIn).access_token, method, path, parts);
  if (!again.ok) throw await toProblem(again);
  return again;
}

/**
 * @param {string} token
 * @param {string} method
 * @param {string} path
 * @param {import("./api.js").Parts} parts
 */
function sendAs(token, method, path, parts) {
  return send(method, path, { ...parts, headers: { ...parts.headers, Authorization: `Bearer ${token}` } });
}
