/** The small work that a help costs: nothing to a person, dear to a script that wants thousands. */

/**
 * @typedef {object} Challenge
 * @property {string} algorithm
 * @property {string} salt
 * @property {number} difficulty_bits
 */

/**
 * @param {Challenge} challenge
 * @returns {Promise<string>}
 */
export function solve({ algorithm, salt, difficulty_bits: bits }) {
  if (algorithm !== "sha256") return Promise.reject(new Error(`unknown challenge ${algorithm}`));
  const worker = new Worker(new URL("./proof_worker.js", import.meta.url), { type: "module" });
  return new Promise((resolve, reject) => {
    worker.addEventListener("message", (/** @type {MessageEvent<string>} */ { data }) => resolve(data));
    worker.addEventListener("error", (event) => reject(new Error(event.message)));
    worker.postMessage({ salt, bits });
  }).finally(() => worker.terminate());
}
