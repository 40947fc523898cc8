/**
 * Who is using this browser. The refresh token lies in a cookie that scripts cannot read; the access token
 * lives in this module and dies with the page.
 */

import { facts } from "./facts.js";
import { always, randomHex } from "./keeping.js";
import { Problem, readAnswer, send } from "./wire.js";

const DEVICE_BYTES = 32;

/** @type {string | null} */
let token = null;
/** @type {Promise<string> | null} one sign-in at a time, however many ask */
let signingIn = null;

/** Whether this browser has ever signed in: a newcomer has no account until they make something. */
export function isKnown() {
  return always.read("device") !== null;
}

/**
 * Says which device asks, where that matters: an account need not have been made on it.
 * @returns {Record<string, string>}
 */
export function thisDevice() {
  const device = always.read("device");
  return device === null ? {} : { "Huajian-Device": device };
}

/** A token to send, signing in first when there is none. */
export async function accessToken() {
  return token ?? renewToken();
}

/** A new token: from the cookie, or as this browser's guest. */
export function renewToken() {
  signingIn ??= signIn().finally(() => {
    signingIn = null;
  });
  return signingIn;
}

async function signIn() {
  token = null;
  const session = (await resume()) ?? (await enter());
  token = session.access_token;
  return session.access_token;
}

/** @returns {Promise<{access_token: string} | null>} null when there is no session to go on with */
async function resume() {
  if (always.read("session") === null) return null;
  try {
    return await readAnswer(await send("POST", "/session/refresh"));
  } catch (error) {
    if (!(error instanceof Problem) || error.status !== 401) throw error;
    always.write("session", null);
    return null;
  }
}

/** @returns {Promise<{access_token: string}>} */
async function enter() {
  const device = always.read("device") ?? randomHex(DEVICE_BYTES);
  always.write("device", device);
  const { timeZone } = new Intl.DateTimeFormat().resolvedOptions();
  const body = { device_id: device, locale: facts.language, timezone: timeZone ?? null };
  const session = await readAnswer(await send("POST", "/session", { body: JSON.stringify(body) }));
  always.write("session", "kept");
  return session;
}
