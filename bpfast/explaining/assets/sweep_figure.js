// A sweep's plot as SVG elements: the error against the learning rate, both on logarithmic axes.

import { axisLines, powerOfTen, ticks } from "./axes.js";
import { svgDrawing, svgElement, svgText } from "./elements.js";

const HEIGHT = 330;
const FLOOR = 1e-16; // of the start's error: less is drawn as this

// The plot for a width, and what pointing at it needs: its frame and scales, the band that is
// dragged across it, and the dot that follows the pointer.
export const makeSweepFigure = (sweep, marks, rate, width) => {
  const scales = makeScales(sweep, width);
  const { frame } = scales;
  const { left, right, top, bottom } = frame;
  const band = svgElement("rect", { class: "band", y: top, height: bottom - top, width: 0 });
  const dot = svgElement("circle", { class: "dot", r: 5, visibility: "hidden" });
  const svg = svgDrawing(width, HEIGHT);
  svg.append(
    svgText("error", left - 7, top - 24, "axis end"),
    ...zones(scales, marks),
    ...axes(scales),
    svgText("learning rate", (left + right) / 2, HEIGHT - 6, "axis"),
    curve(scales, sweep),
    ...verticals(scales, { theory: sweep.border, best: marks.best, own: rate }),
    band,
    dot,
  );
  return { svg, band, dot, ...scales };
};

// Pixels of rates and errors. The errors go from the least in view to a hundred times the start's.
const makeScales = ({ range, errors, first }, width) => {
  const frame = { left: 58, right: width - 20, top: 40, bottom: HEIGHT - 44 };
  const { left, right, top, bottom } = frame;
  const rates = range.map(Math.log10);
  const least = errors.reduce((min, error) => Math.min(min, error), first);
  const low = Math.log10(Math.max(least, first * FLOOR, 1e-300)) - 0.4;
  const high = Math.log10(Math.max(first, 1e-299)) + 2;
  return {
    frame,
    rates,
    levels: [low, high],
    x: (rate) => left + ((Math.log10(rate) - rates[0]) / (rates[1] - rates[0])) * (right - left),
    rateAt: (x) => 10 ** (rates[0] + ((x - left) / (right - left)) * (rates[1] - rates[0])),
    y: (error) => {
      const level = error > 0 ? Math.log10(error) : low;
      const inside = Math.min(Math.max(level, low), high);
      return bottom - ((inside - low) / (high - low)) * (bottom - top);
    },
  };
};

const axes = ({ frame, rates, levels, x, y }) => {
  const spread = ([from, to], count) =>
    to - from < 1 ? ticks(from, to, count) : ticks(from, to, count).filter(Number.isInteger);
  return axisLines(
    frame,
    spread(levels, 6).map((v) => [y(10 ** v), powerOfTen(v)]),
    spread(rates, frame.right / 95).map((v) => [x(10 ** v), powerOfTen(v)]),
  );
};

// Grounds behind the curve where it crawls, learns and diverges, with their names above.
const zones = ({ frame, x }, { crawls, diverges, best }) => {
  const { left, right, top, bottom } = frame;
  const inside = (rate, fallback) =>
    rate === undefined ? fallback : Math.min(Math.max(x(rate), left), right);
  const [slow, wild] = [inside(crawls, left), inside(diverges, right)];
  const zone = (name, from, to) => {
    const width = to - from;
    if (width < 1) return [];
    const box = { x: from, width, y: top, height: bottom - top };
    const ground = svgElement("rect", { class: `zone ${name}`, ...box });
    if (width < 9 * name.length) return [ground];
    return [ground, svgText(name, (from + to) / 2, top - 24, `zone-name ${name}`)];
  };
  return [
    ...zone("crawls", left, slow),
    ...(best === undefined ? [] : zone("learns", slow, wild)),
    ...zone("diverges", wild, right),
  ];
};

// One column of pixels shows the least and the greatest error of its rates.
const curve = ({ x, y }, { rates, errors }) => {
  const columns = [];
  let column = null;
  for (let k = 0; k < rates.length; k++) {
    const [pixel, height] = [Math.round(x(rates[k]) * 2) / 2, y(errors[k])];
    if (column?.pixel !== pixel) columns.push((column = { pixel, low: height, high: height }));
    column.low = Math.min(column.low, height);
    column.high = Math.max(column.high, height);
  }
  const text = columns.map(
    ({ pixel, low, high }) =>
      `${pixel} ${low.toFixed(1)}${high - low > 0.5 ? `L${pixel} ${high.toFixed(1)}` : ""}`,
  );
  return svgElement("path", { class: "curve done", d: `M${text.join("L")}` });
};

// Lines at the rates that have a name.
const verticals = ({ frame, x }, { theory, best, own }) => {
  const { left, right, top, bottom } = frame;
  const line = (name, text, rate, y) => {
    const at = rate > 0 ? x(rate) : NaN;
    if (!(at >= left - 0.5 && at <= right + 0.5)) return [];
    const side = at > (left + right) / 2 ? "end" : "";
    const ends = { x1: at, x2: at, y1: top - 6, y2: bottom };
    return [
      svgElement("line", { class: `mark ${name}`, ...ends }),
      svgText(text, at + (side ? -6 : 6), y, `mark-name ${name} ${side}`),
    ];
  };
  return [
    ...line("theory", "theory: 2/λmax", theory, bottom - 9),
    ...line("best", "best", best, top + 14),
    ...line("own", "yours", own, top + 31),
  ];
};
