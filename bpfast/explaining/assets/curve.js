// Axes that both plots share, and the error from step to step.

// Round numbers in a range, about so many.
const ticks = (low, high, count) => {
  const raw = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const size = [1, 2, 5, 10].find((factor) => factor * power >= raw) * power;
  const first = Math.ceil(low / size - 1e-9);
  return Array.from(
    { length: Math.floor(high / size + 1e-9) - first + 1 },
    (_, k) => (first + k) * size,
  );
};

const svgText = (text, x, y, className) => svgElement("text", { x, y, class: className }, text);

// A power of ten, or a number between two of them, for a logarithmic axis.
const powerOfTen = (level) =>
  Number.isInteger(level) && Math.abs(level) > 3
    ? `10${superscript(level)}`
    : number(10 ** level, 4);

// Lines and numbers of an axis; ticks are pairs of a place and a text.
const axisLines = (places, { left, right, top, bottom }, upright) =>
  places.flatMap(([at, text]) =>
    upright
      ? [
          svgElement("line", { class: "grid", x1: left, x2: right, y1: at, y2: at }),
          svgText(text, left - 7, at + 4, "tick end"),
        ]
      : [
          svgElement("line", { class: "grid", x1: at, x2: at, y1: top, y2: bottom }),
          svgText(text, at, bottom + 17, "tick"),
        ],
  );

class LossCurve {
  constructor(box, choose) {
    Object.assign(this, { box, choose });
    new ResizeObserver(() => this.draw()).observe(box);
    const pick = (event) => this.frame && this.choose(Math.round(this.stepAt(event.offsetX)));
    box.addEventListener("pointerdown", pick);
    box.addEventListener("pointermove", (event) => event.buttons & 1 && pick(event));
  }

  show(errors, step, ended) {
    const changed = this.errors !== errors;
    Object.assign(this, { errors, step, ended });
    if (changed || !this.frame) this.draw();
    else this.move();
  }

  stepAt(x) {
    const { left, right } = this.frame;
    const share = Math.min(1, Math.max(0, (x - left) / (right - left)));
    return share * Math.max(1, this.errors.length - 1);
  }

  draw() {
    const { clientWidth: width, clientHeight: height } = this.box;
    if (!width || !this.errors) return;
    const frame = { left: 52, right: width - 20, top: 26, bottom: height - 40 };
    const last = Math.max(1, this.errors.length - 1);
    // an error that explodes leaves the plot instead of flattening the rest of it
    const high = Math.min(Math.max(...this.errors), 4 * this.errors[0]) || 1;
    this.x = (step) => frame.left + ((frame.right - frame.left) * step) / last;
    this.y = (error) => frame.bottom - (frame.bottom - frame.top) * Math.min(error / high, 1.08);
    this.frame = frame;
    const across = ticks(0, last, Math.min(6, width / 70)).filter(Number.isInteger);
    const svg = svgElement("svg", {
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      "aria-hidden": "true",
    });
    this.done = svgElement("path", { class: "curve done" });
    this.dot = svgElement("circle", { class: "dot", r: 6 });
    svg.append(
      ...axisLines(
        ticks(0, high, 4).map((v) => [this.y(v), number(v, 3)]),
        frame,
        true,
      ),
      ...axisLines(
        across.map((v) => [this.x(v), number(v)]),
        frame,
        false,
      ),
      svgText("error", frame.left - 7, 12, "axis end"),
      svgText("step", (frame.left + frame.right) / 2, height - 4, "axis"),
      svgElement("path", { class: "curve ahead", d: this.path(this.errors.length - 1) }),
      this.done,
      this.dot,
    );
    this.box.replaceChildren(svg);
    this.move();
  }

  path(upTo) {
    return this.errors
      .slice(0, upTo + 1)
      .map((error, k) => `${k ? "L" : "M"}${this.x(k).toFixed(1)} ${this.y(error).toFixed(1)}`)
      .join("");
  }

  move() {
    this.done.setAttribute("d", this.path(this.step));
    this.dot.setAttribute("cx", this.x(this.step));
    this.dot.setAttribute("cy", this.y(this.errors[this.step]));
  }
}
