/**
 * What the server wrote into the page for its scripts, and how to say it.
 *
 * @typedef {object} Facts
 * @property {"zh" | "en"} language
 * @property {Record<string, string>} texts
 * @property {Record<string, string>} advice what to do about a problem, by its code
 * @property {Record<string, string>} problems titles of problems, by code
 * @property {Record<string, string>} kinds names of what can be made
 * @property {Record<string, number>} limits graphemes, by kind of text
 * @property {number} photo_bytes the largest photo that may be sent
 * @property {number} free_credits credits a month without a membership
 */

import { element } from "./dom.js";

/** @type {Facts} */
export const facts = JSON.parse(element("facts").textContent ?? "");

/**
 * A text in the page's language, with its {places} filled.
 * @param {string} key
 * @param {Record<string, string | number>} [values]
 */
export function say(key, values = {}) {
  const text = facts.texts[key];
  if (text === undefined) throw new Error(`there is no text ${key}`);
  return text.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}

/**
 * Tell a screen reader, without moving the focus. What lies behind an open dialog is not heard: that has a place of its own.
 * @param {string} text
 */
export function announce(text) {
  const place = document.querySelector("dialog[open] [role=status]") ?? element("news");
  place.textContent = text;
}

/**
 * Sentences one after the other, as the page's language writes them.
 * @param {string[]} sentences
 */
export function join(sentences) {
  return sentences.join(facts.language === "en" ? " " : "");
}

const LOCALES = { zh: "zh-CN", en: "en-GB" };

/**
 * A day as people write it; with the time when it is not midnight here.
 * @param {string} moment RFC 3339
 */
export function formatMoment(moment) {
  const date = new Date(moment);
  const isMidnight = date.getHours() === 0 && date.getMinutes() === 0;
  /** @type {Intl.DateTimeFormatOptions} */
  const clock = isMidnight ? {} : { hour: "2-digit", minute: "2-digit" };
  return new Intl.DateTimeFormat(LOCALES[facts.language], { month: "long", day: "numeric", ...clock }).format(date);
}

/**
 * A day, with its year.
 * @param {string} moment RFC 3339
 */
export function formatDay(moment) {
  return new Intl.DateTimeFormat(LOCALES[facts.language], { dateStyle: "long" }).format(new Date(moment));
}
