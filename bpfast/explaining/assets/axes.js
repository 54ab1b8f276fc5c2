// The axes of the page's plots.

import { svgElement, svgText } from "./elements.js";
import { number, superscript } from "./words.js";

// Round numbers in a range, about `count` of them.
export const ticks = (low, high, count) => {
  const raw = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const size = [1, 2, 5, 10].find((factor) => factor * power >= raw) * power;
  const first = Math.ceil(low / size - 1e-9);
  return Array.from(
    { length: Math.floor(high / size + 1e-9) - first + 1 },
    (_, k) => (first + k) * size,
  );
};

// A power of ten, or a number between two of them, for a logarithmic axis.
export const powerOfTen = (level) =>
  Number.isInteger(level) && Math.abs(level) > 3
    ? `10${superscript(level)}`
    : number(10 ** level, 4);

// The lines and numbers of the upright axis and of the one below; ticks are pairs of a position and
// a text.
export const axisLines = ({ left, right, top, bottom }, upright, below) => [
  ...upright.flatMap(([y, text]) => [
    svgElement("line", { class: "grid", x1: left, x2: right, y1: y, y2: y }),
    svgText(text, left - 7, y + 4, "tick end"),
  ]),
  ...below.flatMap(([x, text]) => [
    svgElement("line", { class: "grid", x1: x, x2: x, y1: top, y2: bottom }),
    svgText(text, x, bottom + 17, "tick"),
  ]),
];
