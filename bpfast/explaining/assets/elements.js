// HTML and SVG elements.

const SVG = "http://www.w3.org/2000/svg";

export const byId = (id) => document.getElementById(id);

export const element = (tag, className, ...children) => {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...children);
  return node;
};

// Text in which names such as h1 have their number below the line.
export const worded = (text) =>
  text
    .split(/(?<=\b(?:[bhiwz]|logarithm|logit|prediction|target))(\d+(?:\.\d+)?)/u)
    .map((part, k) => (k % 2 ? element("sub", "", part) : part));

export const tableOf = (heads, rows) => {
  const head = element("tr", "", ...heads.map((text) => element("th", "", text)));
  head.querySelectorAll("th").forEach((cell) => (cell.scope = "col"));
  const body = rows.map((cells) =>
    element("tr", "", ...cells.map((cell) => element("td", "", cell))),
  );
  return element("table", "", element("thead", "", head), element("tbody", "", ...body));
};

// A table or matrix may be wider than a phone: it then scrolls by itself.
export const scrolling = (label, ...children) => {
  const box = element("div", "scroll", ...children);
  Object.assign(box, { tabIndex: 0, role: "region", ariaLabel: label });
  return box;
};

export const svgElement = (tag, attributes = {}, ...children) => {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
};

export const svgText = (text, x, y, className) =>
  svgElement("text", { x, y, class: className }, text);

// A drawing whose units are pixels.
export const svgDrawing = (width, height, attributes = { "aria-hidden": "true" }) =>
  svgElement("svg", { viewBox: `0 0 ${width} ${height}`, width, height, ...attributes });
