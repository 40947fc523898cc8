/** A refusal, said to a person: what happened, and what to do now. */

import { make } from "./dom.js";
import { facts, say } from "./facts.js";
import { Offline, Problem } from "./wire.js";

/**
 * Show why something was refused; null clears the place.
 * @param {HTMLElement} place
 * @param {unknown} error
 */
export function showRefusal(place, error) {
  if (error === null) place.replaceChildren();
  else writeRefusal(place, explain(error));
}

/**
 * @param {HTMLElement} place
 * @param {{title: string, advice: string, note?: string}} words
 */
export function writeRefusal(place, { title, advice, note = "" }) {
  place.replaceChildren(make("p", "refusal-title", title));
  if (advice) place.append(make("p", "refusal-advice", advice));
  if (note) place.append(make("p", "refusal-note", note));
}

/** @param {unknown} error */
export function explain(error) {
  if (error instanceof Offline) return { title: say("network_title"), advice: say("network_advice"), note: "" };
  if (!(error instanceof Problem)) throw error; // a fault of these scripts belongs in the console
  return explainProblem({ code: error.code, ...error.body });
}

/**
 * @param {Record<string, any>} problem of a request, or the one with which a job ended
 */
export function explainProblem(problem) {
  const title = facts.problems[problem.code] ?? problem.title ?? facts.problems.internal_error;
  const advice = problem.retry_after_seconds
    ? say("retry_after", { n: problem.retry_after_seconds })
    : (facts.advice[problem.code] ?? problem.detail ?? facts.advice.internal_error);
  return { title, advice, note: noteOn(problem) };
}

/** @param {Record<string, any>} problem */
function noteOn({ code, category, request_id: id }) {
  if (code === "internal_error" && id) return say("request_id", { id });
  const key = `category_${category}`;
  return key in facts.texts ? say("refused_for", { reason: say(key) }) : "";
}
