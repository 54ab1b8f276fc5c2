// Formulas from plain text such as "½·(prediction - target)²", set as MathML.

import { element } from "./elements.js";
import { number } from "./words.js";

const MATHML = "http://www.w3.org/1998/Math/MathML";
const WORDS = new Set(["if", "else"]);
const RAISED = { "²": "2", ᵀ: "T" };
const OPERATORS = { "-": "−", "*": "·" };
// a derivative, a name, a number, or one sign of an operator
const TOKEN = /∂[\w.]+\/∂[\w.]+|[A-Za-zΦφΣ][\w.]*'?|\d+(?:\.\d+)?(?:e[+-]?\d+)?|\S/gu;

const mathElement = (tag, ...children) => {
  const node = document.createElementNS(MATHML, tag);
  node.append(...children);
  return node;
};

// w1 is w with a small 1, h2.1 is h with a small 2.1; a word stays as it is.
const symbol = (name) => {
  const [, letters, index] = name.match(/^(\D+?)([\d.]*)$/u);
  const base = mathElement("mi", letters.replaceAll("_", " "));
  return index ? mathElement("msub", base, mathElement("mn", index)) : base;
};

const derivative = (name) => {
  const [top, bottom] = name.replaceAll("∂", "").split("/");
  const part = (of) => mathElement("mrow", mathElement("mo", "∂"), symbol(of));
  return mathElement("mfrac", part(top), part(bottom));
};

export const operator = (sign) => mathElement("mo", OPERATORS[sign] ?? sign);

// An operator that begins a piece has the space after it that it had within the formula.
const infix = (node) => {
  node.setAttribute("lspace", "0");
  node.setAttribute("rspace", "0.25rem");
  return node;
};

const atom = (token, values) => {
  if (token === "½") return mathElement("mfrac", mathElement("mn", "1"), mathElement("mn", "2"));
  if (WORDS.has(token)) return mathElement("mtext", `\u2002${token}\u2002`);
  if (values && token in values) return numeral(values[token]);
  if (token.startsWith("∂")) return derivative(token);
  if (/^\d/.test(token)) return numeral(Number(token), 10);
  return /^[\p{L}]/u.test(token) ? symbol(token) : operator(token);
};

// A number that stands alone.
const bareNumeral = (value, digits) => {
  const size = mathElement("mn", number(Math.abs(value), digits));
  if (!(value < 0)) return size;
  const minus = mathElement("mo", "−");
  minus.setAttribute("form", "prefix");
  return mathElement("mrow", minus, size);
};

// A number that may follow an operator.
export const numeral = (value, digits) =>
  value < 0
    ? mathElement("mrow", operator("("), bareNumeral(value, digits), operator(")"))
    : bareNumeral(value, digits);

// The nodes of a formula; names that `values` has are written as their numbers.
export const formulaNodes = (text, values) => {
  const tokens = text.match(TOKEN) ?? [];
  const sequence = (end) => {
    const nodes = [];
    while (tokens.length && tokens[0] !== end) {
      const token = tokens.shift();
      if (token === "(") {
        const inside = sequence(")");
        tokens.shift();
        const doubled = inside.length === 1 && inside[0].firstChild?.textContent === "("; // a number < 0
        nodes.push(
          doubled ? inside[0] : mathElement("mrow", operator("("), ...inside, operator(")")),
        );
      } else if (token in RAISED) {
        nodes.push(mathElement("msup", nodes.pop(), mathElement("mi", RAISED[token])));
      } else nodes.push(atom(token, values));
    }
    return nodes;
  };
  return sequence();
};

export const math = (nodes) => mathElement("math", ...nodes);

export const formula = (text, values) => math(formulaNodes(text, values));

// How a formula is cut into pieces, between which a line may wrap: before these signs, where the piece
// has at least as many characters, and after commas; also inside brackets that are long.
const BEFORE = { "+": 1, "−": 1, if: 1, else: 1, "·": 12, "/": 12 };
const LONG = 18; // characters

const unfolded = (nodes) =>
  nodes.flatMap((node) =>
    node.localName === "mrow" && node.textContent.length > LONG
      ? unfolded([...node.childNodes])
      : [node],
  );

export const pieces = (text, values) => {
  const cut = [[]];
  unfolded(formulaNodes(text, values)).forEach((node) => {
    const here = cut.at(-1);
    const size = here.reduce((sum, { textContent }) => sum + textContent.length, 0);
    if (size >= BEFORE[node.textContent.trim()]) cut.push([infix(node)]);
    else here.push(node);
    if (node.textContent === ",") cut.push([]);
  });
  return cut.map(math);
};

const coloured = (nodes, colour) => {
  const row = mathElement("mrow", ...nodes);
  if (colour) row.setAttribute("class", colour);
  return row;
};

// A product or sum as a formula for each of its parts, between which a line may wrap.
export const joined = (sign, parts) =>
  parts.map(({ nodes, colour }, k) =>
    math([...(k ? [infix(operator(sign))] : []), coloured(nodes, colour)]),
  );

// Two lines of an equation: a formula in symbols, then in numbers.
export const symbolsAndNumbers = (text, values) => [pieces(text), pieces(text, values)];

// An equation with a line for each step: name = symbols = numbers = result.
export const equation = (name, lines, result) => {
  const block = element("div", "equation");
  const last =
    result === undefined ? [] : [[math([coloured([bareNumeral(result, 10)], "result")])]];
  const rows = [...lines, ...last];
  rows.forEach((line, k) => {
    const left = element("span", name.length > 6 ? "left long" : "left");
    if (k === 0) left.append(formula(name));
    block.append(left, math([operator("=")]), element("span", "right", ...line));
  });
  return block;
};

// Numbers in rows and columns between brackets.
export const matrix = (rows) => {
  const cells = rows.map((row) =>
    mathElement("mtr", ...row.map((value) => mathElement("mtd", bareNumeral(value, 5)))),
  );
  return mathElement("mrow", operator("["), mathElement("mtable", ...cells), operator("]"));
};
