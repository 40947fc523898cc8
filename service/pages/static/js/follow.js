/** A job's news, live, over as many connections as it takes. */

import { call, open } from "./api.js";
import { readEvents } from "./events.js";
import { pause } from "./keeping.js";
import { Problem } from "./wire.js";

const SILENCE_MS = 40_000; // the server says something every 15 s
const MOST_WAIT_MS = 15_000;
const LOOK_MS = 2000;

/** @typedef {{state: string, progress: number, section?: number, text?: string}} News `text`: a finished section */

const ENDS = new Set(["succeeded", "rejected", "failed", "cancelled"]);

/** @param {string} state */
export function isEnd(state) {
  return ENDS.has(state);
}

/**
 * Follow one job until it ends.
 * @param {string} id
 * @param {{onNews: (news: News) => void, onLost: () => void, onBack: () => void}}
 *   hooks `onLost`: the connection broke and is being made again; `onBack`: it is there again
 * @returns {Promise<void>} rejects with a Problem when the job may not be followed
 */
export async function followJob(id, { onNews, onLost, onBack }) {
  let seen = "";
  let isOver = false;
  let isLost = false;
  const onLife = () => {
    if (isLost) onBack();
    isLost = false;
  };
  for (let failures = 0; !isOver; failures += 1) {
    if (failures > 0) await pause(Math.min(500 * 2 ** failures, MOST_WAIT_MS));
    try {
      const onEvent = (/** @type {import("./events.js").ServerEvent} */ event) => {
        seen = event.id || seen;
        failures = 0;
        onNews(JSON.parse(event.data));
      };
      isOver = await listen(id, seen, { onEvent, onLife });
    } catch (error) {
      if (error instanceof Problem && !error.isPassing && error.status !== 429) throw error;
      isLost = true;
      onLost();
    }
  }
}

/**
 * One connection.
 * @param {string} id
 * @param {string} seen the last event that was received
 * @param {{onEvent: (event: import("./events.js").ServerEvent) => void, onLife: () => void}} hooks
 * @returns {Promise<boolean>} whether the job has ended
 */
async function listen(id, seen, { onEvent, onLife }) {
  const connection = new AbortController();
  let timer = setTimeout(() => connection.abort(), SILENCE_MS);
  const onBytes = () => {
    clearTimeout(timer);
    timer = setTimeout(() => connection.abort(), SILENCE_MS);
    onLife();
  };
  try {
    /** @type {Record<string, string>} */
    const headers = seen ? { "Last-Event-ID": seen } : {};
    const path = `/v1/generations/${id}/events`;
    const response = await open("GET", path, { headers, signal: connection.signal });
    if (response.status === 204 || response.body === null) return true;
    for await (const event of readEvents(response.body, onBytes)) {
      onEvent(event);
      if (isEnd(JSON.parse(event.data).state)) return true;
    }
    return false;
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Look at a job's place in the queue every moment while it waits: places are no events.
 * @param {string} id
 * @param {() => boolean} isWaiting
 * @param {(job: import("./api.js").Job) => void} onLook
 */
export async function watchQueue(id, isWaiting, onLook) {
  while (isWaiting()) {
    try {
      const job = await call("GET", `/v1/generations/${id}`);
      if (isWaiting()) onLook(job);
    } catch (error) {
      if (!isWaiting()) return;
      if (error instanceof Problem && !error.isPassing) return; // the follower tells what is wrong
    }
    await pause(LOOK_MS);
  }
}
