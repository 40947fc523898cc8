/** Figures: what asking friends brings and costs, drawn and as tables. */

import { call, open } from "./colleague.js";
import { element, make, within } from "./dom.js";
import { facts, say } from "./facts.js";
import { drawPlot } from "./plot.js";
import { showRefusal } from "./refusal.js";
import { Offline, Problem } from "./wire.js";

/**
 * @typedef {Record<string, any>} Counts
 * @typedef {object} Figures
 * @property {Counts} total
 * @property {Counts[]} days
 * @property {Counts[]} variants
 * @property {{difference: number, p_value: number} | null} comparison
 * @property {{code: string, state: string, helps: number}[]} reasons
 */

const DAY_MS = 24 * 3600 * 1000;
const USUAL_DAYS = 30;
const CLEAR = 0.05; // what statisticians agree to call so
const SHARES = ["reward_rate", "held_share", "denied_share"];
/** Each step, and what its share is of. */
const FUNNEL = [
  ["links", ""],
  ["views", ""],
  ["taps", "views"],
  ["qualified", "taps"],
  ["rewards", "links"],
  ["first_works", "qualified_new"],
  ["buyers", "first_works"],
];
const COLUMNS = ["links", "views", "taps", "new_taps", "qualified", "qualified_new", "held", "denied", "rewards", "reward_credits", "first_works", "buyers"];

const range = /** @type {HTMLFormElement} */ (element("figures-range"));

/** Yesterday's month, until somebody chooses. */
export function chooseRange() {
  const today = Date.now();
  field("to").value ||= isoDay(today);
  field("from").value ||= isoDay(today - (USUAL_DAYS - 1) * DAY_MS);
}

/** @param {number} time */
function isoDay(time) {
  return new Date(time).toISOString().slice(0, 10);
}

/** @param {string} name */
function field(name) {
  return /** @type {HTMLInputElement} */ (within(range, `[name=${name}]`));
}

/** @param {{id: string, name: string}[]} campaigns */
export function offerCampaigns(campaigns) {
  const select = field("campaign");
  const chosen = select.value;
  const options = campaigns.map(({ id, name }) => new Option(name, id));
  select.replaceChildren(/** @type {Node} */ (select.firstElementChild), ...options);
  select.value = chosen;
}

function path() {
  const query = new URLSearchParams({ from: field("from").value, to: field("to").value });
  if (field("campaign").value) query.set("campaign", field("campaign").value);
  return `/v1/referral/figures?${query}`;
}

export async function showFigures() {
  try {
    draw(await call("GET", path()));
    showRefusal(element("figures-refusal"), null);
  } catch (error) {
    if (error instanceof Problem && [401, 403].includes(error.status)) throw error;
    showRefusal(element("figures-refusal"), error);
  }
}

/** @param {Figures} found */
function draw({ total, days, variants, comparison, reasons }) {
  element("figures").hidden = false;
  element("figures-none").hidden = total.links > 0;
  element("figures-none").textContent = say("figures_none");
  element("figures-key").replaceChildren(...["k_factor", "cost_per_qualified", ...SHARES].flatMap((name) => drawKey(name, total)));
  element("figures-funnel").replaceChildren(...FUNNEL.map(([name, of]) => drawStep(name, of, total)));
  drawPlots(days);
  drawTable("figures-table", days, ["day", ...COLUMNS], COLUMNS.map((name) => say(`figure_${name}`)));
  drawVariants(variants, comparison);
  const rows = reasons.map((one) => [nameReason(one.code), say(`help_state_${one.state}`), number(one.helps)]);
  fill("figures-reasons", rows);
}

/** @param {string} code which says it by itself where a rule is no more */
function nameReason(code) {
  return facts.texts[`reason_${code}`] ?? code;
}

/**
 * @param {string} name
 * @param {Counts} total
 */
function drawKey(name, total) {
  const value = total[name];
  const text = value === null ? "–" : SHARES.includes(name) ? percent(value) : value.toFixed(2);
  const card = make("div", "key-figure");
  card.append(make("dt", "", say(`figure_${name}`)), make("dd", "key-value", text), make("dd", "hint", say(`note_${name}`)));
  return card;
}

/**
 * A step, its number, and which share that is of the step it comes from: views are no people, so not of the first.
 * @param {string} name
 * @param {string} of
 * @param {Counts} total
 */
function drawStep(name, of, total) {
  const share = of && total[of] ? total[name] / total[of] : 0;
  const step = document.createElement("li");
  const bar = make("span", of ? "funnel-bar" : "funnel-bar is-whole");
  bar.style.setProperty("--share", String(Math.min(1, share)));
  const told = of && total[of] ? say("figures_of", { share: percent(share), what: say(`figure_${of}`).toLowerCase() }) : "";
  const label = make("span", "funnel-name", say(`figure_${name}`));
  step.append(label, bar, make("span", "funnel-number", number(total[name])), make("span", "funnel-of", told));
  return step;
}

/** @type {Counts[]} the days that are drawn */
let drawn = [];

/** @param {Counts[]} days */
function drawPlots(days) {
  drawn = days;
  const dates = days.map(({ day }) => day);
  const of = (/** @type {string} */ name) => days.map((day) => day[name]);
  const line = (/** @type {string} */ name, /** @type {string} */ className) => ({ name: say(`figure_${name}`), className, values: of(name) });
  const place = element("figures-plots");
  const column = parseFloat(getComputedStyle(place).gridTemplateColumns) || 0; // of the first of its columns
  place.replaceChildren(
    drawPlot(say("plot_views"), dates, [line("views", "plot-soft")], column),
    drawPlot(say("plot_taps"), dates, [line("taps", "plot-soft"), line("qualified", "plot-strong")], column),
    drawPlot(say("plot_rewards"), dates, [line("rewards", "plot-strong")], column),
  );
}

/**
 * @param {string} id
 * @param {Counts[]} rows
 * @param {string[]} names
 * @param {string[]} heads after the first column's
 */
function drawTable(id, rows, names, heads) {
  const head = within(element(id), "thead tr");
  head.replaceChildren(/** @type {Node} */ (head.firstElementChild), ...heads.map(drawHead));
  fill(id, rows.map((row) => names.map((name) => (name === "day" ? row.day : number(row[name])))));
}

/** @param {string} text */
function drawHead(text) {
  const cell = make("th", "", text);
  cell.setAttribute("scope", "col");
  return cell;
}

/**
 * The first cell of each row names it.
 * @param {string} id
 * @param {string[][]} rows
 */
function fill(id, rows) {
  const lines = rows.map((cells) => {
    const line = document.createElement("tr");
    const [first, ...rest] = cells;
    const name = make("th", "", first);
    name.setAttribute("scope", "row");
    line.append(name, ...rest.map((cell) => make("td", "", cell)));
    return line;
  });
  within(element(id), "tbody").replaceChildren(...lines);
}

/**
 * @param {Counts[]} variants
 * @param {{difference: number, p_value: number} | null} comparison
 */
function drawVariants(variants, comparison) {
  const rows = variants.map((one) => {
    const share = one.rewarded ? `${percent(one.rewarded.share)} (${percent(one.rewarded.low)} – ${percent(one.rewarded.high)})` : "–";
    return [one.variant.toUpperCase(), number(one.links), number(one.taps), number(one.qualified), share];
  });
  fill("figures-ab", rows);
  element("figures-ab-says").textContent = comparison === null ? say("ab_single") : judge(comparison);
}

/** @param {{difference: number, p_value: number}} comparison */
function judge({ difference, p_value: p }) {
  const values = { sign: difference < 0 ? "−" : "+", n: Math.abs(difference * 100).toFixed(1), p: p < 0.001 ? "<0.001" : p.toFixed(3) };
  return say(p < CLEAR ? "ab_clear" : "ab_unclear", values);
}

/** @param {number} value */
function number(value) {
  return new Intl.NumberFormat(facts.language === "zh" ? "zh-CN" : "en-GB").format(value);
}

/** @param {number} share */
function percent(share) {
  return `${(share * 100).toFixed(1)}%`;
}

/** The same figures as a file, asked for as this colleague. */
async function download() {
  try {
    const response = await open("GET", path(), { headers: { Accept: "text/csv" } });
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await response.blob());
    link.download = `referral-${field("from").value}-${field("to").value}.csv`;
    link.click();
    URL.revokeObjectURL(link.href);
  } catch (error) {
    if (!(error instanceof Offline || error instanceof Problem)) throw error;
    showRefusal(element("figures-refusal"), error);
  }
}

range.addEventListener("submit", (event) => {
  event.preventDefault();
  void showFigures();
});
/* Drawn before there was room for them, or for another width. */
let room = 0;
new ResizeObserver(([{ contentRect }]) => {
  if (contentRect.width === room) return;
  room = contentRect.width;
  if (drawn.length > 0) drawPlots(drawn);
}).observe(element("figures-plots"));
element("figures-csv").addEventListener("click", () => void download());
