/** A job's news, live, over as many connections as it takes. */

import { call } from "./api.js";
import { pause } from "./keeping.js";
import { followEvents } from "./stream.js";
import { Problem } from "./wire.js";

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
export function followJob(id, { onNews, onLost, onBack }) {
  const onEvent = (/** @type {import("./events.js").ServerEvent} */ event) => {
    const news = JSON.parse(event.data);
    onNews(news);
    return isEnd(news.state);
  };
  return followEvents(`/v1/generations/${id}/events`, { onEvent, onLost, onBack });
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
