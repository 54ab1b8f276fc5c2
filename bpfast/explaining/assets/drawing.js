// The network as SVG: made once for a width, then brought up to date with every stage. Weights can
// be pointed at, tabbed to and pressed.

const SVG = "http://www.w3.org/2000/svg";
const CHARACTER = 0.6; // of the font's size: a digit's width

const svgElement = (tag, attributes = {}, ...children) => {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
};

// A number with as many digits as there is room for.
const fit = (value, room) => {
  for (let digits = 7; digits > 1; digits--) {
    const text = number(value, digits);
    if (text.length <= room) return text;
  }
  return Math.abs(value) < 0.01 ? "≈0" : number(value, 1);
};

// Where everything is, in pixels, for a width.
const layOut = (units, width) => {
  const most = Math.max(...units.map((layer) => layer.length));
  const narrow = width < 520;
  const many = most > 5 || units.length > 4;
  const radius = many ? (narrow ? 16 : 22) : narrow ? 23 : 36;
  const apart = narrow ? (many ? 34 : 66) : most > 5 ? 42 : most > 2 ? 76 : 140;
  const pitch = 2 * radius + apart;
  const [left, errorRadius] = [radius + (narrow ? 4 : 14), narrow ? 19 : 30];
  const right = width - errorRadius - 4;
  const last = right - errorRadius - radius - (narrow ? 24 : 74);
  const top = radius + 34;
  const height = top + (most - 1) * pitch + radius + 46;
  const middle = top + ((most - 1) * pitch) / 2;
  const column = (l) => left + ((last - left) * l) / (units.length - 1);
  const nodes = units.map((layer, l) =>
    layer.map((_, k) => ({ x: column(l), y: middle + (k - (layer.length - 1) / 2) * pitch })),
  );
  const gap = column(1) - column(0) - 2 * radius;
  return {
    width,
    height,
    radius,
    narrow,
    many,
    nodes,
    gap,
    error: { x: right, y: middle, r: errorRadius },
  };
};

// The point at a share of the way between two circles' edges.
const between = (from, to, radius, share) => {
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  const along = (radius + share * (length - 2 * radius)) / length;
  return { x: from.x + along * (to.x - from.x), y: from.y + along * (to.y - from.y) };
};

// What the numbers in the drawing are.
const legend = (stage) => {
  const wires = stage.updated
    ? "their new weights"
    : stage.graded.size
      ? "their gradients ∂E/∂w, in red, or weights"
      : "their weights";
  const below = stage.felt.size ? " δ below a neuron is its delta, ∂E/∂z." : "";
  return `In the neurons stand their values, on the wires ${wires}.${below}`;
};

class Drawing {
  constructor(box, model, listeners) {
    Object.assign(this, { box, model });
    this.listen(listeners);
    new ResizeObserver(() => this.resize()).observe(box);
  }

  resize() {
    const width = Math.floor(this.box.clientWidth);
    if (!width || width === this.place?.width) return;
    const focused =
      this.box.contains(document.activeElement) && document.activeElement.dataset.name;
    this.make(layOut(this.model.units, width));
    if (focused) this.edges.get(focused).focus();
    if (this.shown) this.show(...this.shown);
  }

  make(place) {
    this.place = place;
    this.digits = place.narrow || this.model.parts.length > 24 ? 5 : 8; // characters of a weight
    const { width, height, narrow } = place;
    this.svg = svgElement("svg", {
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      role: "group",
    });
    this.svg.setAttribute("aria-label", "The network. Tab to a weight to see its chain rule.");
    this.svg.classList.toggle("narrow", narrow);
    this.svg.classList.toggle("many", place.many);
    this.edges = new Map();
    this.tags = new Map();
    this.nodes = new Map();
    const tags = this.tagPlaces();
    const [edgeLayer, nodeLayer, tagLayer] = ["edges", "nodes", "tags"].map((name) =>
      svgElement("g", { class: name }),
    );
    this.wires = this.model.units.at(-1).map((_, k) => this.errorWire(edgeLayer, k));
    for (const part of this.model.parts) {
      edgeLayer.append(this.makeEdge(part));
      tagLayer.append(this.makeTag(part, tags.get(part.name)));
    }
    this.model.units.forEach((layer, l) =>
      layer.forEach((name, k) => nodeLayer.append(this.makeNode(l, k, name))),
    );
    nodeLayer.append(this.makeError());
    this.svg.append(edgeLayer, nodeLayer, tagLayer);
    this.box.replaceChildren(this.svg);
  }

  ends(part) {
    const { nodes, radius } = this.place;
    const target = nodes[part.layer + 1][part.j];
    if (!part.bias) {
      const source = nodes[part.layer][part.i];
      return [between(source, target, radius, 0), between(source, target, radius, 1)];
    }
    const from = { x: target.x - radius - 8, y: target.y - radius - 6 };
    const reach = radius / Math.hypot(radius + 8, radius + 6);
    return [from, { x: target.x - (radius + 8) * reach, y: target.y - (radius + 6) * reach }];
  }

  makeEdge(part) {
    const [from, to] = this.ends(part);
    const at = { x1: from.x, y1: from.y, x2: to.x, y2: to.y };
    const edge = svgElement("g", {
      class: "edge",
      tabindex: 0,
      role: "button",
      "data-name": part.name,
    });
    edge.append(
      svgElement("line", { class: "hit", ...at }),
      svgElement("line", { class: "line", ...at }),
    );
    if (part.bias)
      edge.append(svgElement("circle", { class: "one", cx: from.x, cy: from.y, r: 4 }));
    this.edges.set(part.name, edge);
    return edge;
  }

  makeTag(part, at) {
    const [from, to] = this.ends(part);
    const { narrow } = this.place;
    const { x, y } = at ?? { x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 };
    const [, letter, index] = part.name.match(/^(\D+)(\d+)$/);
    const name = svgElement("tspan", { class: "name" }, letter);
    name.append(svgElement("tspan", { class: "index", dy: 3 }, index));
    const value = svgElement("tspan", { class: "value", dx: narrow ? 3 : 5, dy: -3 });
    const tag = svgElement("g", { class: at ? "tag" : "tag hidden", "data-name": part.name });
    tag.setAttribute("aria-hidden", "true"); // its edge tells it
    tag.append(
      svgElement("rect", { y: y - (narrow ? 7 : 9), height: narrow ? 14 : 18, rx: 4 }),
      svgElement("text", { x, y: y + 4 }, name, value),
    );
    this.tags.set(part.name, tag);
    return tag;
  }

  // A weight's label, on a ground as wide as the text.
  write(tag, text) {
    tag.querySelector(".value").textContent = text;
    const [ground, label] = tag.children;
    const width = (label.textContent.length + 0.7) * (this.place.narrow ? 6 : 7.3);
    ground.setAttribute("width", width);
    ground.setAttribute("x", label.getAttribute("x") - width / 2);
  }

  // For each layer the share of the way at which its labels do not overlap, if there is one.
  tagPlaces() {
    const { nodes, radius, narrow, gap } = this.place;
    const places = new Map();
    const [wide, high] = narrow ? [54, 13] : [(this.digits + 2) * 8, 17];
    this.model.network.starts.forEach((_, l) => {
      const parts = this.model.parts.filter((part) => part.layer === l);
      const at = (share) => (part) => {
        if (!part.bias) return between(nodes[l][part.i], nodes[l + 1][part.j], radius, share);
        const [from] = this.ends(part);
        return { x: from.x - 4, y: from.y - 12 };
      };
      for (const share of [0.32, 0.28, 0.36, 0.24, 0.4, 0.62, 0.68, 0.56]) {
        const points = parts.map(at(share));
        const apart = points.every((p, k) =>
          points.every(
            (q, m) => m <= k || Math.abs(p.x - q.x) > wide || Math.abs(p.y - q.y) > high,
          ),
        );
        if (!apart || gap < wide) continue;
        parts.forEach((part, k) => places.set(part.name, points[k]));
        break;
      }
    });
    return places;
  }

  makeNode(l, k, name) {
    const { nodes, radius, many } = this.place;
    const { x, y } = nodes[l][k];
    const below = y + radius + (many ? 13 : 17);
    const [, letters, index] = name.match(/^(\D+?)([\d.]*)$/);
    const label = svgElement(
      "text",
      { class: "label", x, y: y - radius - (many ? 6 : 9) },
      letters,
    );
    if (index) label.append(svgElement("tspan", { class: "index", dy: 3 }, index));
    const node = svgElement("g", { class: l ? "node" : "node input", role: "img" });
    node.append(
      svgElement("circle", { cx: x, cy: y, r: radius }),
      label,
      svgElement("text", { class: "inside", x, y: y + 5 }),
      svgElement("text", { class: "delta", x, y: below }),
    );
    if (l === nodes.length - 1)
      node.append(svgElement("text", { class: "target", x, y: many ? below : below + 17 }));
    this.nodes.set(`${l}:${k}`, node);
    return node;
  }

  errorWire(layer, k) {
    const { nodes, radius, error } = this.place;
    const { x, y } = nodes.at(-1)[k];
    const wire = svgElement("line", {
      class: "wire",
      x1: x + radius,
      y1: y,
      x2: error.x - error.r,
      y2: error.y,
    });
    layer.append(wire);
    return wire;
  }

  makeError() {
    const { x, y, r } = this.place.error;
    const node = svgElement("g", { class: "node error", role: "img" });
    node.append(
      svgElement("rect", { x: x - r, y: y - r, width: 2 * r, height: 2 * r, rx: 8 }),
      svgElement("text", { class: "label", x, y: y - r - 9 }, "error"),
      svgElement("text", { class: "inside", x, y: y + 5 }),
    );
    this.nodes.set("E", node);
    return node;
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

  // A stage's numbers, with a weight's path in the colours of its chain rule where one is looked at.
  show(view, stage, path) {
    this.shown = [view, stage, path];
    if (!this.svg) return;
    this.svg.dataset.phase = stage.phase;
    this.svg.classList.toggle("following", Boolean(path));
    this.showNodes(view, stage, path);
    this.showEdges(view, stage, path);
  }

  showNodes(view, stage, path) {
    const { radius, error, narrow, many } = this.place;
    const room = Math.floor((2 * radius - 6) / ((narrow ? 11 : 14) * CHARACTER));
    const now = stage.fresh ? view.next : view;
    this.model.units.forEach((layer, l) =>
      layer.forEach((name, k) => {
        const id = `${l}:${k}`;
        const known = stage.seen.has(id);
        const delta = stage.felt.has(id) ? view.delta[l - 1][k] : null;
        const node = this.nodes.get(id);
        this.mark(node, stage.units?.includes(id), path?.get(id));
        node.classList.toggle("unknown", !known);
        const value = known ? fit(now.a[l][k], room) : "?";
        node.querySelector(".inside").textContent = value;
        node.querySelector(".delta").textContent =
          delta === null ? "" : `δ ${fit(delta, narrow || many ? 6 : 9)}`;
        let spoken = `${name}: ${known ? number(now.a[l][k]) : "not known yet"}`;
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
    const node = this.nodes.get("E");
    const value = stage.judged ? now.error : null;
    this.mark(node, stage.units?.includes("E"), path?.get("E"));
    node.classList.toggle("unknown", value === null);
    node.querySelector(".inside").textContent =
      value === null
        ? "?"
        : fit(value, Math.floor((2 * error.r - 4) / ((narrow ? 10 : 13) * CHARACTER)));
    node.setAttribute("aria-label", `error: ${value === null ? "not known yet" : number(value)}`);
    this.wires.forEach((wire) =>
      this.mark(wire, stage.units?.includes("E"), path?.get("E"), stage.flow),
    );
  }

  showEdges(view, stage, path) {
    const largest = Math.max(...view.parameters.map(Math.abs), 1e-300);
    for (const part of this.model.parts) {
      const edge = this.edges.get(part.name);
      const weight = (stage.updated ? view.next : view).parameters[part.place];
      const graded = stage.graded.has(part.layer) && !stage.updated;
      const slope = view.gradient[part.place];
      this.mark(edge, stage.parts?.includes(part.name), path?.get(part.name), stage.flow);
      edge.style.setProperty("--wide", `${1 + (2.5 * Math.abs(weight)) / largest}px`);
      const tag = this.tags.get(part.name);
      this.write(tag, fit(graded ? slope : weight, this.digits));
      this.mark(tag, stage.parts?.includes(part.name), path?.get(part.name));
      tag.classList.toggle("slope", graded);
      tag.classList.toggle("fresh", Boolean(stage.updated));
      const way = part.bias ? `bias of ${part.target}` : `from ${part.source} to ${part.target}`;
      edge.setAttribute(
        "aria-label",
        `${part.name}, ${way}: ${number(weight)}${graded ? `, gradient ${number(slope)}` : ""}`,
      );
    }
  }

  mark(node, lit, colour, flow) {
    for (const name of [...node.classList]) if (/^f\d$/.test(name)) node.classList.remove(name);
    node.classList.toggle("lit", Boolean(lit));
    node.classList.toggle("followed", Boolean(colour));
    if (colour) node.classList.add(colour);
    node.classList.toggle("onward", flow === 1);
    node.classList.toggle("backward", flow === -1);
  }
}
