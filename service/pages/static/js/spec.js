/** From a form to the spec that the API takes, and the first look at whether it can be made. */

import { facts, say } from "./facts.js";
import { needsPhoto } from "./layouts.js";

const SEPARATORS = /[,，、;；\n]+/;
const LINK = /^https:\/\/[^\s"<>\\^`{|}]+$/;

/** @typedef {Record<string, string>} Fields what a form holds, by name */

/** @type {Record<string, (fields: Fields) => Record<string, unknown>>} */
const SPECS = {
  card: (fields) => ({
    occasion: fields.occasion,
    recipient: fields.recipient.trim(),
    sender: fields.sender.trim(),
    message: fields.words === "own" ? fields.message.trim() : null,
    language: fields.language,
    style: fields.style,
    direction: hasDirection(fields) && fields.direction ? fields.direction : null,
    qr_url: fields.qr_url.trim() || null,
    format: fields.format,
    template: fields.template || null,
    photo_id: fields.photo_id || null,
  }),
  lyrics: (fields) => ({
    theme: fields.theme.trim(),
    mood: fields.mood,
    language: fields.language,
    sections: fields.sections.split(","),
    rhyme: fields.rhyme,
    words: toWords(fields.words),
  }),
  image: (fields) => {
    const [width, height] = fields.size.split("x").map(Number);
    const style = fields.style || null;
    return { prompt: fields.prompt.trim(), width_px: width, height_px: height, style, format: fields.format };
  },
};

/**
 * @param {HTMLFormElement} form
 * @returns {Fields}
 */
export function readFields(form) {
  return Object.fromEntries(Array.from(new FormData(form), ([name, value]) => [name, String(value)]));
}

/**
 * @param {string} kind
 * @param {Fields} fields
 */
export function toSpec(kind, fields) {
  return SPECS[kind](fields);
}

/**
 * Whether one may say how the words run: English is always horizontal, and a layout decides for itself.
 * @param {Fields} fields
 */
export function hasDirection(fields) {
  return fields.language === "zh" && !fields.template && !fields.photo_id;
}

/** @param {string} text */
function toWords(text) {
  return text
    .split(SEPARATORS)
    .map((word) => word.trim())
    .filter(Boolean);
}

/**
 * Characters as people count them: a family emoji is one.
 * @param {string} text
 */
export function countGraphemes(text) {
  if (typeof Intl.Segmenter === "undefined") return [...text].length; // the server counts again
  return Array.from(new Intl.Segmenter(undefined, { granularity: "grapheme" }).segment(text)).length;
}

/**
 * What is wrong with what a form holds, by field; the server has the last word.
 * @param {HTMLFormElement} form
 * @returns {Map<string, string>}
 */
export function findFaults(form) {
  const faults = new Map();
  const fields = readFields(form);
  for (const control of form.querySelectorAll("input, textarea")) {
    const fault = findFault(/** @type {HTMLInputElement} */ (control), fields);
    if (fault) faults.set(/** @type {HTMLInputElement} */ (control).name, fault);
  }
  const photoFault = findPhotoFault(form, fields);
  if (photoFault) faults.set("photo_id", photoFault);
  if (form.dataset.kind === "lyrics") {
    const fault = findWordsFault(toWords(fields.words));
    if (fault) faults.set("words", fault);
  }
  return faults;
}

/**
 * @param {HTMLInputElement | HTMLTextAreaElement} control
 * @param {Fields} fields
 */
function findFault(control, fields) {
  const text = control.value.trim();
  if (control.name === "message" && fields.words !== "own") return null;
  if (control.required && text === "") return say("error_required");
  const limit = Number(control.dataset.limit ?? 0);
  const found = limit ? countGraphemes(text) : 0;
  if (found > limit) return say("error_too_long", { n: limit, found });
  return control.type === "url" && text !== "" && !LINK.test(text) ? say("error_link") : null;
}

/**
 * @param {HTMLFormElement} form
 * @param {Fields} fields
 */
function findPhotoFault(form, fields) {
  if (form.querySelector("[data-sending]")) return say("photo_wait");
  return needsPhoto(form) && !fields.photo_id ? say("photo_needed") : null;
}

/** @param {string[]} words */
function findWordsFault(words) {
  if (words.length > facts.limits.words) return say("error_too_many", { n: facts.limits.words });
  const limit = facts.limits.name;
  return words.some((word) => countGraphemes(word) > limit) ? say("error_too_long_plain", { n: limit }) : null;
}
