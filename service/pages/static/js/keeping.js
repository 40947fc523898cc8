/** What this browser keeps between pages. A browser that keeps nothing still works, until it is closed. */

/** @type {Map<string, string>} */
const memory = new Map();

/** A place that a browser may refuse to open: private windows and strict settings do. */
class Shelf {
  /** @param {() => Storage} open */
  constructor(open) {
    this.open = open;
  }

  /** @param {string} name */
  read(name) {
    try {
      return this.open().getItem(`huajian.${name}`);
    } catch {
      return memory.get(name) ?? null;
    }
  }

  /**
   * @param {string} name
   * @param {string | null} value null forgets
   */
  write(name, value) {
    try {
      if (value === null) this.open().removeItem(`huajian.${name}`);
      else this.open().setItem(`huajian.${name}`, value);
    } catch {
      if (value === null) memory.delete(name);
      else memory.set(name, value);
    }
  }

  /**
   * What was written with `writeData`; null when there is none or it cannot be understood.
   * @param {string} name
   */
  readData(name) {
    try {
      return JSON.parse(this.read(name) ?? "null");
    } catch {
      return null; // an older page wrote it differently
    }
  }

  /**
   * @param {string} name
   * @param {unknown} data
   */
  writeData(name, data) {
    this.write(name, data === null ? null : JSON.stringify(data));
  }
}

/** Kept until the person clears it. */
export const always = new Shelf(() => localStorage);

/** Kept while the tab is open. */
export const thisVisit = new Shelf(() => sessionStorage);

/**
 * Random bits as hexadecimal; also where `crypto.randomUUID` is missing, over plain HTTP.
 * @param {number} bytes
 */
export function randomHex(bytes) {
  const bits = crypto.getRandomValues(new Uint8Array(bytes));
  return Array.from(bits, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @param {number} milliseconds */
export function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
