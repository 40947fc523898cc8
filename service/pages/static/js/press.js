/**
 * One press of the button is one paid work, however often its request must be sent.
 *
 * The key is kept, across reloads too, until the server has answered for certain.
 */

import { call } from "./api.js";
import { pause, randomHex, thisVisit } from "./keeping.js";
import { Offline, Problem } from "./wire.js";

const WAITS_MS = [600, 1800]; // before the second and the third attempt

/**
 * @param {string} kind
 * @param {Record<string, unknown>} spec
 * @returns {Promise<import("./api.js").Job>} the queued job
 */
export async function requestWork(kind, spec) {
  const body = JSON.stringify({ kind, spec });
  const headers = { "Idempotency-Key": `"${keyOf(body)}"` };
  for (const wait of [...WAITS_MS, null]) {
    try {
      const job = await call("POST", "/v1/generations", { body, headers });
      forget();
      return job;
    } catch (error) {
      if (!isUncertain(error)) forget();
      if (!isUncertain(error) || wait === null) throw error;
      await pause(wait);
    }
  }
  throw new Error("unreachable");
}

/**
 * The key of the press whose outcome is unknown, when it asked for exactly this; else a new one.
 * @param {string} body
 */
function keyOf(body) {
  const open = thisVisit.readData("press");
  if (open?.body === body && typeof open.key === "string") return open.key;
  const key = crypto.randomUUID?.() ?? randomHex(16);
  thisVisit.writeData("press", { key, body });
  return key;
}

function forget() {
  thisVisit.writeData("press", null);
}

/** @param {unknown} error */
function isUncertain(error) {
  return error instanceof Offline || (error instanceof Problem && error.isPassing);
}
