/** Looks for a proof of work beside the page, which stays responsive meanwhile. */

import { firstWord } from "./sha256.js";

/**
 * The first number whose digest begins with so many zero bits: SHA-256 over `salt.number`.
 * @param {string} salt
 * @param {number} bits 0 to 32
 */
function findProof(salt, bits) {
  const encoder = new TextEncoder();
  for (let number = 0; ; number += 1) {
    const word = firstWord(encoder.encode(`${salt}.${number}`)) >>> 0;
    if (bits === 0 || word >>> (32 - bits) === 0) return String(number);
  }
}

addEventListener("message", (/** @type {MessageEvent<{salt: string, bits: number}>} */ { data }) => {
  postMessage(findProof(data.salt, data.bits));
});
