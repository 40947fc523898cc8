/** The API as the signed-in person; a token that has expired is renewed once. */

import { accessToken, renewToken } from "./session.js";
import { readAnswer, send, toProblem } from "./wire.js";

/**
 * @typedef {object} Job
 * @property {string} id
 * @property {"card" | "lyrics" | "image"} kind
 * @property {string} state
 * @property {number} [progress]
 * @property {number | null} [queue_position]
 * @property {number | null} [eta_seconds]
 * @property {Record<string, any>} [spec]
 * @property {{id: string} | null} [work]
 * @property {Record<string, any> | null} [problem]
 *
 * @typedef {object} WorkFile
 * @property {string} role
 * @property {string} media_type
 * @property {number | null} width_px
 * @property {number | null} height_px
 * @property {string} url
 *
 * @typedef {object} Work
 * @property {string} id
 * @property {"card" | "lyrics" | "image"} kind
 * @property {string} title
 * @property {string | null} text
 * @property {string | null} language
 * @property {string} created_at
 * @property {WorkFile[]} files
 * @property {{ai: boolean, model: string, seed: number}} provenance
 * @property {{rhyme?: import("./lyrics.js").RhymeReport}} details
 */

/** @typedef {{body?: string, headers?: Record<string, string>, signal?: AbortSignal}} Parts */

/**
 * An answer as it comes, for streams.
 * @param {string} method
 * @param {string} path
 * @param {Parts} [parts]
 * @returns {Promise<Response>} a good one
 */
export async function open(method, path, parts = {}) {
  const response = await sendAs(await accessToken(), method, path, parts);
  if (response.ok) return response;
  if (response.status !== 401) throw await toProblem(response);
  const again = await sendAs(await renewToken(), method, path, parts);
  if (!again.ok) throw await toProblem(again);
  return again;
}

/**
 * The JSON of an answer.
 * @param {string} method
 * @param {string} path
 * @param {Parts} [parts]
 */
export async function call(method, path, parts = {}) {
  return readAnswer(await open(method, path, parts));
}

/**
 * @param {string} token
 * @param {string} method
 * @param {string} path
 * @param {Parts} parts
 */
function sendAs(token, method, path, parts) {
  return send(method, path, { ...parts, headers: { ...parts.headers, Authorization: `Bearer ${token}` } });
}
