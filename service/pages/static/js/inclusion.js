/**
 * What a `.tlog-proof` proves, worked out here: from an entry to the root that the log has signed.
 * Source: RFC 9162 section 2.1.3.2, c2sp.org/tlog-proof, c2sp.org/signed-note.
 */

import { digest } from "./sha256.js";

const HEAD = "c2sp.org/tlog-proof@v1";
const DASH = "\u2014 ";

/**
 * @typedef {object} Proof
 * @property {number} index
 * @property {Uint8Array[]} path
 * @property {string} text what the log signed: origin, size, root
 * @property {number} size
 * @property {string} root base64
 * @property {{name: string, content: Uint8Array}[]} signatures four bytes of key id, then the signature
 */

/**
 * @param {string} proof
 * @returns {Proof | null} null when it is none
 */
export function parseProof(proof) {
  const gap = proof.indexOf("\n\n");
  const lines = proof.slice(0, gap).split("\n");
  const checkpoint = proof.slice(gap + 2);
  const end = checkpoint.lastIndexOf("\n\n");
  if (gap < 0 || end < 0 || lines[0] !== HEAD) return null;
  const [index, ...path] = lines.slice(lines[1]?.startsWith("extra ") ? 2 : 1);
  const text = `${checkpoint.slice(0, end)}\n`;
  const [, size, root] = text.split("\n");
  const signatures = checkpoint.slice(end + 2).trimEnd().split("\n").map(parseSignature);
  return { index: Number(index.slice("index ".length)), path: path.map(fromBase64), text, size: Number(size), root, signatures };
}

/** @param {string} line */
function parseSignature(line) {
  const [name, encoded] = line.slice(DASH.length).split(" ");
  return { name, content: fromBase64(encoded) };
}

/**
 * The root that an entry and the proof's path lead to; null when the path has another length.
 * @param {Uint8Array} entry
 * @param {Proof} proof
 * @returns {string | null} base64
 */
export function rootOf(entry, { index, size, path }) {
  let [node, at, last] = [hash([0], entry), index, size - 1];
  if (!(index >= 0 && index < size)) return null;
  for (const sibling of path) {
    if (last === 0) return null;
    if (at % 2 === 1 || at === last) {
      node = hash([1], sibling, node);
      while (at % 2 === 0 && at !== 0) [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
    } else {
      node = hash([1], node, sibling);
    }
    [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
  }
  return last === 0 ? toBase64(node) : null;
}

/**
 * The leaf of a certificate, as RFC 8785 writes it: its keys in order, nothing between them.
 * @param {any} statement
 * @returns {Uint8Array}
 */
export function entryOf({ v, number, issued_at: at, owner_commitment: commitment, work }) {
  const entry = {
    at,
    certificate: number,
    commitment,
    content_sha256: work.content_sha256,
    manifest_sha256: work.manifest_sha256,
    type: "certificate",
    v,
  };
  return new TextEncoder().encode(JSON.stringify(entry));
}

/**
 * @param {number[]} prefix
 * @param {...Uint8Array} parts
 */
function hash(prefix, ...parts) {
  const message = new Uint8Array(prefix.length + parts.reduce((sum, part) => sum + part.length, 0));
  message.set(prefix);
  let at = prefix.length;
  for (const part of parts) {
    message.set(part, at);
    at += part.length;
  }
  const words = digest(message);
  const bytes = new DataView(new ArrayBuffer(32));
  words.forEach((word, number) => bytes.setUint32(4 * number, word));
  return new Uint8Array(bytes.buffer);
}

/** @param {string} text */
export function fromBase64(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

/** @param {Uint8Array} bytes */
function toBase64(bytes) {
  return btoa(String.fromCharCode(...bytes));
}
