/** Plots drawn by hand: bars by day, with one or two series. The same numbers stand in a table beside them. */

import { formatDay, say } from "./facts.js";

const SVG = "http://www.w3.org/2000/svg";
const LEAST = 200;
const HEIGHT = 180;
const LEFT = 44; // for the numbers of the scale
const BOTTOM = 24; // for the days
const TOP = 10;
const STEPS = [1, 2, 2.5, 5, 10];

/** @typedef {{name: string, className: string, values: number[]}} Series later ones are drawn in front */

/**
 * @param {string} title
 * @param {string[]} days ISO dates
 * @param {Series[]} series as many values each as there are days
 * @param {number} roomPx how wide it will stand: drawn to measure, so that its numbers are as large as the page's
 * @returns {HTMLElement}
 */
export function drawPlot(title, days, series, roomPx) {
  const width = Math.max(LEAST, Math.floor(roomPx));
  const figure = document.createElement("figure");
  figure.className = "plot";
  const caption = document.createElement("figcaption");
  caption.append(title, ...(series.length > 1 ? series.map(drawKey) : []));
  const svg = make("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, role: "img", "aria-label": series.map((one) => describe(one, days)).join("; ") });
  const scale = scaleOf(Math.max(1, ...series.flatMap(({ values }) => values)));
  drawGrid(svg, scale, width);
  drawDays(svg, days, width);
  for (const one of series) drawBars(svg, one, scale.top, width);
  figure.append(caption, svg);
  return figure;
}

/**
 * Round steps up to a round top.
 * @param {number} most
 */
export function scaleOf(most) {
  const rough = most / 3;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, (STEPS.find((factor) => factor * power >= rough) ?? 10) * power);
  const count = Math.max(1, Math.ceil(most / step));
  return { step, top: step * count, count };
}

/**
 * @param {Element} svg
 * @param {{step: number, count: number, top: number}} scale
 * @param {number} width
 */
function drawGrid(svg, { step, count, top }, width) {
  for (let index = 0; index <= count; index += 1) {
    const y = toY(index * step, top);
    svg.append(make("line", { x1: LEFT, x2: width, y1: y, y2: y, class: index === 0 ? "plot-base" : "plot-line" }));
    svg.append(make("text", { x: LEFT - 8, y: y + 4, class: "plot-number", "text-anchor": "end" }, String(index * step)));
  }
}

/**
 * @param {Element} svg
 * @param {string[]} days
 * @param {number} width
 */
function drawDays(svg, days, width) {
  const marked = [...new Set([0, Math.floor((days.length - 1) / 2), days.length - 1])];
  for (const index of marked) {
    const x = LEFT + slot(days.length, width) * (index + 0.5);
    const anchor = index === 0 ? "start" : index === days.length - 1 ? "end" : "middle";
    const edge = index === 0 ? LEFT : index === days.length - 1 ? width : x;
    svg.append(make("text", { x: edge, y: HEIGHT - 6, class: "plot-number", "text-anchor": anchor }, days[index].slice(5)));
  }
}

/**
 * @param {Element} svg
 * @param {Series} series
 * @param {number} top
 * @param {number} width
 */
function drawBars(svg, { values, className }, top, width) {
  const room = slot(values.length, width);
  const thick = Math.max(1, Math.min(28, room * 0.72));
  values.forEach((value, index) => {
    if (value === 0) return;
    const y = toY(value, top);
    const x = LEFT + room * (index + 0.5) - thick / 2;
    svg.append(make("rect", { x: x.toFixed(2), y: y.toFixed(2), width: thick.toFixed(2), height: (toY(0, top) - y).toFixed(2), rx: Math.min(2, thick / 4), class: className }));
  });
}

/**
 * @param {number} count
 * @param {number} width
 */
function slot(count, width) {
  return (width - LEFT) / Math.max(1, count);
}

/**
 * @param {number} value
 * @param {number} top
 */
function toY(value, top) {
  return HEIGHT - BOTTOM - (value / top) * (HEIGHT - BOTTOM - TOP);
}

/** @param {Series} series */
function drawKey({ name, className }) {
  const key = document.createElement("span");
  key.className = `plot-key ${className}`;
  key.textContent = name;
  return key;
}

/**
 * What somebody hears instead of seeing it.
 * @param {Series} series
 * @param {string[]} days
 */
function describe({ name, values }, days) {
  const most = Math.max(0, ...values);
  const sum = values.reduce((before, value) => before + value, 0);
  return say("plot_says", { name, n: sum, most, day: formatDay(`${days[Math.max(0, values.indexOf(most))]}T12:00:00`) });
}

/**
 * @param {string} tag
 * @param {Record<string, string | number>} attributes
 * @param {string} [text]
 */
function make(tag, attributes, text = "") {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  made.textContent = text;
  return made;
}
