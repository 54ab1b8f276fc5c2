// The network's drawing, brought up to date with every stage. Weights can be pointed at, tabbed to
// and pressed.

import { makeFigure } from "./figure.js";
import { layOut } from "./layout.js";
import { unitId } from "./model.js";
import { number } from "./words.js";

const CHARACTER = 0.6; // of the font's size: a digit's width

// What the numbers in the drawing are.
export const legend = ({ known }) => {
  const wires = known.updated
    ? "their new weights"
    : known.gradients.size
      ? "their gradients ∂E/∂w, in red, or weights"
      : "their weights";
  const below = known.deltas.size ? " δ below a neuron is its delta, ∂E/∂z." : "";
  return `In the neurons stand their values, on the wires ${wires}.${below}`;
};

export class Drawing {
  // `listeners`: look and choose are called with a weight's name, leave without one.
  constructor(box, model, listeners) {
    Object.assign(this, { box, model });
    this.listen(listeners);
    new ResizeObserver(() => this.resize()).observe(box);
  }

  // On the box: an SVG that listens to focus would be a stop of its own for the Tab key.
  listen({ look, leave, choose }) {
    const named = (event) => event.target.closest("[data-name]")?.dataset.name;
    const on = (type, action) => this.box.addEventListener(type, action);
    on("pointerover", (event) => {
      if (event.pointerType === "touch") return; // a finger presses
      named(event) ? look(named(event)) : leave();
    });
    on("pointerleave", leave);
    on("focusin", (event) => named(event) && look(named(event)));
    on("focusout", leave);
    on("click", (event) => named(event) && choose(named(event)));
    on("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      choose(named(event));
    });
  }

  resize() {
    const width = Math.floor(this.box.clientWidth);
    if (!width || width === this.layout?.width) return;
    const focused =
      this.box.contains(document.activeElement) && document.activeElement.dataset.name;
    this.layout = layOut(this.model, width);
    this.figure = makeFigure(this.model, this.layout);
    this.box.replaceChildren(this.figure.svg);
    if (focused) this.figure.edges.get(focused).focus();
    if (this.shown) this.show(...this.shown);
  }

  // A stage's numbers, with a weight's path in the colours of its chain rule where one is looked at.
  show(view, stage, path) {
    this.shown = [view, stage, path];
    if (!this.figure) return;
    const { svg, nodes, wires } = this.figure;
    svg.dataset.phase = stage.phase;
    svg.classList.toggle("following", Boolean(path));
    for (const [id, node] of nodes) mark(node, stage.units?.includes(id), path?.get(id));
    for (const wire of wires) mark(wire, stage.units?.includes("E"), path?.get("E"), stage.flow);
    this.showNeurons(view, stage);
    this.showError(stage.known.error ? (stage.fresh ? view.next : view).error : null);
    this.showWeights(view, stage, path);
  }

  showNeurons(view, { known, fresh }) {
    const { radius, narrow, many } = this.layout;
    const { a } = fresh ? view.next : view;
    this.model.units.forEach((layer, l) =>
      layer.forEach((name, k) => {
        const id = unitId(l, k);
        const delta = known.deltas.has(id) ? view.delta[l - 1][k] : null;
        const value = known.values.has(id) ? a[l][k] : null;
        const node = this.figure.nodes.get(id);
        let spoken = `${name}: ${write(node, value, 2 * radius - 6, narrow ? 11 : 14)}`;
        node.querySelector(".delta").textContent =
          delta === null ? "" : `δ ${fit(delta, narrow || many ? 6 : 9)}`;
        if (delta !== null) spoken += `, delta ${number(delta)}`;
        if (l === this.model.units.length - 1) {
          // where neurons stand close, the delta takes the target's place
          const target = many && delta !== null ? "" : `target ${fit(view.y[k], 6)}`;
          node.querySelector(".target").textContent = target;
          spoken += `, target ${number(view.y[k])}`;
        }
        node.setAttribute("aria-label", spoken);
      }),
    );
  }

  showError(value) {
    const { error, narrow } = this.layout;
    const node = this.figure.nodes.get("E");
    const spoken = write(node, value, 2 * error.r - 4, narrow ? 10 : 13);
    node.setAttribute("aria-label", `error: ${spoken}`);
  }

  showWeights(view, { known, parts, flow }, path) {
    const largest = Math.max(...view.parameters.map(Math.abs), 1e-300);
    for (const part of this.model.parts) {
      const [edge, tag] = [this.figure.edges.get(part.name), this.figure.tags.get(part.name)];
      const weight = (known.updated ? view.next : view).parameters[part.index];
      const graded = known.gradients.has(part.layer) && !known.updated;
      const gradient = view.gradient[part.index];
      mark(edge, parts?.includes(part.name), path?.get(part.name), flow);
      edge.style.setProperty("--wide", `${1 + (2.5 * Math.abs(weight)) / largest}px`);
      this.label(tag, fit(graded ? gradient : weight, this.layout.digits));
      mark(tag, parts?.includes(part.name), path?.get(part.name));
      tag.classList.toggle("slope", graded);
      tag.classList.toggle("fresh", known.updated);
      const way = part.bias ? `bias of ${part.target}` : `from ${part.source} to ${part.target}`;
      edge.setAttribute(
        "aria-label",
        `${part.name}, ${way}: ${number(weight)}${graded ? `, gradient ${number(gradient)}` : ""}`,
      );
    }
  }

  // A weight's label, on a ground as wide as the text.
  label(tag, text) {
    tag.querySelector(".value").textContent = text;
    const [ground, label] = tag.children;
    const width = (label.textContent.length + 0.7) * (this.layout.narrow ? 6 : 7.3);
    ground.setAttribute("width", width);
    ground.setAttribute("x", label.getAttribute("x") - width / 2);
  }
}

// A node's number, or a question mark for null; what a screen reader says of it.
const write = (node, value, width, fontSize) => {
  const room = Math.floor(width / (fontSize * CHARACTER));
  node.classList.toggle("unknown", value === null);
  node.querySelector(".inside").textContent = value === null ? "?" : fit(value, room);
  return value === null ? "not known yet" : number(value);
};

// A number with as many digits as there is room for.
const fit = (value, room) => {
  for (let digits = 7; digits > 1; digits--) {
    const text = number(value, digits);
    if (text.length <= room) return text;
  }
  return Math.abs(value) < 0.01 ? "≈0" : number(value, 1);
};

const mark = (node, lit, colour, flow) => {
  for (const name of [...node.classList]) if (/^f\d$/.test(name)) node.classList.remove(name);
  node.classList.toggle("lit", Boolean(lit));
  node.classList.toggle("followed", Boolean(colour));
  if (colour) node.classList.add(colour);
  node.classList.toggle("onward", flow === 1);
  node.classList.toggle("backward", flow === -1);
};
