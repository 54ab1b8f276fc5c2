// The network as SVG elements: edges, labels and neurons, still without numbers.

import { svgDrawing, svgElement } from "./elements.js";
import { edgeEnds, labelPoints } from "./layout.js";
import { unitId } from "./model.js";

// The drawing, with its elements by name: edges and labels of weights, nodes, and the wires from the
// outputs to the error.
export const makeFigure = (model, layout) => {
  const { width, height, narrow, many } = layout;
  const svg = svgDrawing(width, height, {
    role: "group",
    "aria-label": "The network. Tab to a weight to see its chain rule.",
  });
  svg.classList.toggle("narrow", narrow);
  svg.classList.toggle("many", many);
  const points = labelPoints(layout, model);
  const byName = (make) => new Map(model.parts.map((part) => [part.name, make(part)]));
  const edges = byName((part) => makeEdge(layout, part));
  const tags = byName((part) => makeTag(layout, part, points.get(part.name)));
  const nodes = new Map(
    model.units.flatMap((layer, l) =>
      layer.map((name, k) => [unitId(l, k), makeNode(layout, l, k, name)]),
    ),
  );
  nodes.set("E", makeErrorNode(layout.error));
  const wires = layout.nodes.at(-1).map((node) => makeWire(layout, node));
  svg.append(
    svgElement("g", { class: "edges" }, ...wires, ...edges.values()),
    svgElement("g", { class: "nodes" }, ...nodes.values()),
    svgElement("g", { class: "tags" }, ...tags.values()),
  );
  return { svg, edges, tags, nodes, wires };
};

const makeEdge = (layout, part) => {
  const [from, to] = edgeEnds(layout, part);
  const ends = { x1: from.x, y1: from.y, x2: to.x, y2: to.y };
  const edge = svgElement(
    "g",
    { class: "edge", tabindex: 0, role: "button", "data-name": part.name },
    svgElement("line", { class: "hit", ...ends }),
    svgElement("line", { class: "line", ...ends }),
  );
  if (part.bias) edge.append(svgElement("circle", { class: "one", cx: from.x, cy: from.y, r: 4 }));
  return edge;
};

// The label of a weight or bias; where there is no point for it, it is hidden on the edge's middle
// until the edge is pointed at.
const makeTag = (layout, part, point) => {
  const [from, to] = edgeEnds(layout, part);
  const { narrow } = layout;
  const { x, y } = point ?? { x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 };
  const [, letter, index] = part.name.match(/^(\D+)(\d+)$/);
  const name = svgElement("tspan", { class: "name" }, letter);
  name.append(svgElement("tspan", { class: "index", dy: 3 }, index));
  const value = svgElement("tspan", { class: "value", dx: narrow ? 3 : 5, dy: -3 });
  return svgElement(
    "g",
    // hidden from screen readers: its edge says the same
    { class: point ? "tag" : "tag hidden", "data-name": part.name, "aria-hidden": "true" },
    svgElement("rect", { y: y - (narrow ? 7 : 9), height: narrow ? 14 : 18, rx: 4 }),
    svgElement("text", { x, y: y + 4 }, name, value),
  );
};

const makeNode = ({ nodes, radius, many }, l, k, name) => {
  const { x, y } = nodes[l][k];
  const below = y + radius + (many ? 13 : 17);
  const [, letters, index] = name.match(/^(\D+?)([\d.]*)$/);
  const label = svgElement("text", { class: "label", x, y: y - radius - (many ? 6 : 9) }, letters);
  if (index) label.append(svgElement("tspan", { class: "index", dy: 3 }, index));
  const node = svgElement(
    "g",
    { class: l ? "node" : "node input", role: "img" },
    svgElement("circle", { cx: x, cy: y, r: radius }),
    label,
    svgElement("text", { class: "inside", x, y: y + 5 }),
    svgElement("text", { class: "delta", x, y: below }),
  );
  if (l === nodes.length - 1)
    node.append(svgElement("text", { class: "target", x, y: many ? below : below + 17 }));
  return node;
};

const makeWire = ({ radius, error }, { x, y }) =>
  svgElement("line", { class: "wire", x1: x + radius, y1: y, x2: error.x - error.r, y2: error.y });

const makeErrorNode = ({ x, y, r }) =>
  svgElement(
    "g",
    { class: "node error", role: "img" },
    svgElement("rect", { x: x - r, y: y - r, width: 2 * r, height: 2 * r, rx: 8 }),
    svgElement("text", { class: "label", x, y: y - r - 9 }, "error"),
    svgElement("text", { class: "inside", x, y: y + 5 }),
  );
