/**
 * A lyric on the page: its sections and lines, and how they rhyme.
 *
 * @typedef {{text: string, class: string | null, group: string, ok: boolean}} RhymeLine
 * @typedef {{section: string, scheme: string, lines: RhymeLine[]}} RhymeSection
 * @typedef {{system: string, sections: RhymeSection[], ok: boolean}} RhymeReport
 * @typedef {{heading: string, lines: string[]}} Stanza
 */

import { make } from "./dom.js";
import { say } from "./facts.js";

const HEADING = /^[[【](.+)[\]】]$/;
const FREE = "X";

/**
 * @param {import("./api.js").Work} work whose text is a lyric
 * @returns {HTMLElement}
 */
export function drawLyrics(work) {
  const sheet = make("div", "lyrics");
  sheet.lang = work.language === "zh" ? "zh-Hans" : "en";
  const { stanzas, label } = splitStanzas(work.text ?? "", work.title);
  const report = work.details.rhyme;
  stanzas.forEach((stanza, index) => sheet.append(drawStanza(stanza, report?.sections?.[index])));
  if (report) sheet.append(drawVerdict(report));
  if (label) sheet.append(make("p", "lyrics-label", label));
  return sheet;
}

/**
 * A section of a song that is still being written: maybe a heading, and lines.
 * @param {string} text
 */
export function drawSection(text) {
  const lines = text.split("\n").map((line) => line.trim()).filter(Boolean);
  const heading = HEADING.exec(lines[0] ?? "");
  return drawStanza({ heading: heading?.[1] ?? "", lines: heading ? lines.slice(1) : lines }, undefined);
}

/**
 * The text's own parts: a title, sections under headings, and the label as the last line.
 * @param {string} text
 * @param {string} title
 * @returns {{stanzas: Stanza[], label: string}}
 */
export function splitStanzas(text, title) {
  /** @type {Stanza[]} */
  const stanzas = [];
  const lines = text.split("\n").map((line) => line.trim());
  const label = lines.findLast((line) => line !== "") ?? "";
  for (const [index, line] of lines.entries()) {
    const heading = HEADING.exec(line);
    if (heading) stanzas.push({ heading: heading[1], lines: [] });
    else if (line !== "" && line !== label && !(index === 0 && line === title)) {
      if (stanzas.length === 0) stanzas.push({ heading: "", lines: [] });
      stanzas[stanzas.length - 1].lines.push(line);
    }
  }
  return { stanzas, label };
}

/**
 * @param {Stanza} stanza
 * @param {RhymeSection | undefined} rhymes
 */
function drawStanza(stanza, rhymes) {
  const section = make("section", "stanza");
  if (stanza.heading) section.append(make("h3", "", stanza.heading));
  const named = new Set();
  stanza.lines.forEach((text, index) => {
    const line = make("p", "line", "");
    line.append(make("span", "line-text", text));
    const rhyme = rhymes?.lines[index];
    if (rhyme?.text === text) line.append(...drawMark(rhyme, named.has(rhyme.group)));
    named.add(rhyme?.group);
    section.append(line);
  });
  return section;
}

/**
 * The line's letter in the margin, with the name of its rhyme where that is news.
 * @param {RhymeLine} rhyme
 * @param {boolean} isNamed whether an earlier line has named it
 */
function drawMark(rhyme, isNamed) {
  const isFree = rhyme.group === FREE;
  const mark = make("span", "mark", isFree ? "·" : rhyme.group);
  mark.setAttribute("aria-hidden", "true"); // the verdict says in words what matters
  mark.title = isFree ? say("rhyme_free") : say("rhyme_line", { group: rhyme.group, class: rhyme.class ?? "?" });
  if (!isFree && !isNamed && rhyme.class) mark.append(make("span", "mark-class", rhyme.class));
  if (rhyme.ok) return [mark];
  mark.classList.add("missed");
  mark.title = say("rhyme_missed", { group: rhyme.group });
  return [mark, make("span", "visually-hidden", mark.title)];
}

/** @param {RhymeReport} report */
function drawVerdict(report) {
  const missed = report.sections.flatMap((section) => section.lines).filter((line) => !line.ok).length;
  const text = say(report.ok ? "rhyme_ok" : "rhyme_broken", { system: report.system, n: missed });
  return make("p", report.ok ? "verdict" : "verdict missed", text);
}
