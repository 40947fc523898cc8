/** Requests and answers as they cross the network, before anybody is signed in. */

import { facts } from "./facts.js";

const ANSWER_MS = 30_000;

/** The server refused, and said why (RFC 9457). */
export class Problem extends Error {
  /**
   * @param {number} status
   * @param {Record<string, any>} body
   */
  constructor(status, body) {
    super(body.title ?? `HTTP ${status}`);
    this.status = status;
    /** @type {string} */
    this.code = body.code ?? "internal_error";
    this.body = body;
  }

  /** Whether the same request, sent again, may be answered differently in a moment. */
  get isPassing() {
    return this.status >= 500;
  }
}

/** No answer came: whether the server did anything is unknown. */
export class Offline extends Error {}

/**
 * Send one request to our own server.
 * @param {string} method
 * @param {string} path
 * @param {{body?: string, headers?: Record<string, string>, signal?: AbortSignal}} [parts] without a
 *   signal, an answer that takes too long counts as none
 * @returns {Promise<Response>}
 */
export async function send(method, path, { body, headers = {}, signal } = {}) {
  /** @type {Record<string, string>} */
  const sent = { "Accept-Language": facts.language, "X-Requested-With": "huajian", ...headers };
  if (body !== undefined) sent["Content-Type"] = "application/json";
  try {
    return await fetch(path, { method, body, headers: sent, signal: signal ?? AbortSignal.timeout(ANSWER_MS) });
  } catch (error) {
    throw new Offline(String(error));
  }
}

/**
 * The JSON of a good answer.
 * @param {Response} response
 * @returns {Promise<any>}
 */
export async function readAnswer(response) {
  if (!response.ok) throw await toProblem(response);
  try {
    return await response.json();
  } catch (error) {
    throw new Offline(String(error)); // it broke off in the middle
  }
}

/**
 * @param {Response} response
 * @returns {Promise<Problem>}
 */
export async function toProblem(response) {
  const isProblem = response.headers.get("content-type")?.startsWith("application/problem+json");
  const body = isProblem ? await response.json().catch(() => ({})) : {}; // a proxy's error page says nothing
  return new Problem(response.status, body);
}
