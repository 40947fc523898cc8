/** Events of a resource, live, over as many connections as it takes. */

import { open } from "./api.js";
import { readEvents } from "./events.js";
import { pause } from "./keeping.js";
import { Problem } from "./wire.js";

const SILENCE_MS = 40_000; // the server says something every 15 s
const MOST_WAIT_MS = 15_000;

/**
 * @typedef {object} Hooks
 * @property {(event: import("./events.js").ServerEvent) => boolean} onEvent whether this was the last one
 * @property {() => void} [onLost] the connection broke and is being made again
 * @property {() => void} [onBack] it is there again
 * @property {AbortSignal} [signal] stops following
 */

/**
 * Follow until the last event, or until nobody wants to know any more.
 * @param {string} path
 * @param {Hooks} hooks
 * @returns {Promise<void>} rejects with a Problem when this may not be followed
 */
export async function followEvents(path, { onEvent, onLost, onBack, signal }) {
  let seen = "";
  let isOver = false;
  let isLost = false;
  const onLife = () => {
    if (isLost) onBack?.();
    isLost = false;
  };
  for (let failures = 0; !isOver && !signal?.aborted; failures += 1) {
    if (failures > 0) await pause(Math.min(500 * 2 ** failures, MOST_WAIT_MS));
    try {
      const take = (/** @type {import("./events.js").ServerEvent} */ event) => {
        seen = event.id || seen;
        failures = 0;
        return onEvent(event);
      };
      isOver = await listen(path, seen, { take, onLife, signal });
    } catch (error) {
      if (signal?.aborted) return;
      if (error instanceof Problem && !error.isPassing && error.status !== 429) throw error;
      isLost = true;
      onLost?.();
    }
  }
}

/**
 * One connection.
 * @param {string} path
 * @param {string} seen the last event that was received
 * @param {{take: (event: import("./events.js").ServerEvent) => boolean, onLife: () => void, signal?: AbortSignal}} hooks
 * @returns {Promise<boolean>} whether the last event came
 */
async function listen(path, seen, { take, onLife, signal }) {
  const connection = new AbortController();
  const stop = () => connection.abort();
  signal?.addEventListener("abort", stop);
  let timer = setTimeout(stop, SILENCE_MS);
  const onBytes = () => {
    clearTimeout(timer);
    timer = setTimeout(stop, SILENCE_MS);
    onLife();
  };
  try {
    /** @type {Record<string, string>} */
    const headers = seen ? { "Last-Event-ID": seen } : {};
    const response = await open("GET", path, { headers, signal: connection.signal });
    if (response.status === 204 || response.body === null) return true;
    for await (const event of readEvents(response.body, onBytes)) {
      if (take(event)) return true;
    }
    return false;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", stop);
  }
}
