/**
 * SHA-256 of short texts. Written out because `crypto.subtle` is missing over plain HTTP, where people try this.
 * Source: FIPS 180-4, sections 4.1.2, 4.2.2, 5.1.1, 5.3.3 and 6.2.2.
 */

const BLOCK_BYTES = 64;
const ROUNDS = 64;
const PRIMES = firstPrimes(ROUNDS);
/** Fractions of the cube roots of the first 64 primes, and of the square roots of the first eight. */
const CONSTANTS = Uint32Array.from(PRIMES, (prime) => fraction(Math.cbrt(prime)));
const START = Uint32Array.from(PRIMES.slice(0, 8), (prime) => fraction(Math.sqrt(prime)));
const schedule = new Uint32Array(ROUNDS);

/** @param {number} count */
function firstPrimes(count) {
  /** @type {number[]} */
  const primes = [];
  for (let number = 2; primes.length < count; number += 1) {
    if (primes.every((prime) => number % prime !== 0)) primes.push(number);
  }
  return primes;
}

/** @param {number} root its first 32 bits after the point */
function fraction(root) {
  return Math.floor((root % 1) * 2 ** 32);
}

/**
 * The digest's first word: enough to judge up to 32 leading zero bits.
 * @param {Uint8Array} message
 */
export function firstWord(message) {
  return digest(message)[0];
}

/**
 * The digest as eight words.
 * @param {Uint8Array} message
 */
export function digest(message) {
  const state = Uint32Array.from(START);
  const view = new DataView(pad(message).buffer);
  for (let at = 0; at < view.byteLength; at += BLOCK_BYTES) mixBlock(state, view, at);
  return state;
}

/**
 * A one bit, zeros, and the length in bits, up to whole blocks.
 * @param {Uint8Array} message
 */
function pad(message) {
  const blocks = Math.ceil((message.length + 9) / BLOCK_BYTES);
  const padded = new Uint8Array(blocks * BLOCK_BYTES);
  padded.set(message);
  padded[message.length] = 0x80;
  new DataView(padded.buffer).setUint32(padded.length - 4, message.length * 8);
  return padded;
}

/**
 * @param {Uint32Array} state changed in place
 * @param {DataView} view
 * @param {number} at where the block begins
 */
function mixBlock(state, view, at) {
  for (let t = 0; t < 16; t += 1) schedule[t] = view.getUint32(at + 4 * t);
  for (let t = 16; t < ROUNDS; t += 1) {
    const [early, late] = [schedule[t - 15], schedule[t - 2]];
    const small0 = turn(early, 7) ^ turn(early, 18) ^ (early >>> 3);
    const small1 = turn(late, 17) ^ turn(late, 19) ^ (late >>> 10);
    schedule[t] = schedule[t - 16] + small0 + schedule[t - 7] + small1;
  }
  let [a, b, c, d, e, f, g, h] = state;
  for (let t = 0; t < ROUNDS; t += 1) {
    const big1 = turn(e, 6) ^ turn(e, 11) ^ turn(e, 25);
    const first = (h + big1 + ((e & f) ^ (~e & g)) + CONSTANTS[t] + schedule[t]) | 0;
    const big0 = turn(a, 2) ^ turn(a, 13) ^ turn(a, 22);
    const second = (big0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    [h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + second) | 0];
  }
  [a, b, c, d, e, f, g, h].forEach((word, index) => {
    state[index] += word;
  });
}

/**
 * @param {number} word
 * @param {number} bits
 */
function turn(word, bits) {
  return (word >>> bits) | (word << (32 - bits));
}
