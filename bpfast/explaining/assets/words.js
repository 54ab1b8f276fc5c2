// Words, and the HTML elements that hold them.

const plural = (n, word, words = `${word}s`) => `${n} ${n === 1 ? word : words}`;
const listed = (words) =>
  words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;

// Text in which names such as h1 have their number below the line.
const worded = (text) =>
  text
    .split(/(?<=\b(?:[bhiwz]|logarithm|logit|prediction|target))(\d+(?:\.\d+)?)/u)
    .map((part, k) => (k % 2 ? element("sub", "", part) : part));

const element = (tag, className, ...children) => {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...children);
  return node;
};

const tableOf = (heads, rows) => {
  const head = element("tr", "", ...heads.map((text) => element("th", "", text)));
  head.querySelectorAll("th").forEach((cell) => (cell.scope = "col"));
  const body = rows.map((cells) =>
    element("tr", "", ...cells.map((cell) => element("td", "", cell))),
  );
  return element("table", "", element("thead", "", head), element("tbody", "", ...body));
};

// A table or matrix may be wider than a phone: it then scrolls by itself.
const scrolling = (label, ...children) => {
  const box = element("div", "scroll", ...children);
  Object.assign(box, { tabIndex: 0, role: "region", ariaLabel: label });
  return box;
};
