// The sweep as a plot that can be zoomed into: what is in view is trained anew, 10,000 rates of it.

const SWEEP_HEIGHT = 330;
const NARROWEST = 1.0001; // the ends of a range are at least so far apart, as a factor
const FLOOR = 1e-16; // of the start's error: less is drawn as this

class SweepPlot {
  // `choose` is told a rate that was chosen, `zoom` a range to train.
  constructor(box, readout, choose, zoom) {
    Object.assign(this, { box, readout, choose, zoom });
    new ResizeObserver(() => this.draw()).observe(box);
    box.addEventListener("pointerdown", (event) => this.press(event));
    box.addEventListener("pointermove", (event) => this.moved(event));
    box.addEventListener("pointerup", (event) => this.release(event));
    box.addEventListener("pointercancel", () => this.forget());
    box.addEventListener("pointerleave", () => this.forget());
    box.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    box.addEventListener("keydown", (event) => this.key(event));
  }

  show(sweep, marks, rate) {
    Object.assign(this, { sweep, marks, rate });
    this.draw();
  }

  // The rate was edited: false where it is out of view.
  take(rate) {
    const [low, high] = this.sweep?.range ?? [0, 0];
    if (rate < low || rate > high) return false;
    this.show(this.sweep, this.marks, rate);
    return true;
  }

  draw() {
    const width = Math.floor(this.box.clientWidth);
    if (!width || !this.sweep) return;
    const [low, high] = this.sweep.range.map(Math.log10);
    const frame = { left: 58, right: width - 20, top: 40, bottom: SWEEP_HEIGHT - 44 };
    this.frame = frame;
    this.x = (rate) =>
      frame.left + ((Math.log10(rate) - low) / (high - low)) * (frame.right - frame.left);
    this.rateAt = (x) =>
      10 ** (low + ((x - frame.left) / (frame.right - frame.left)) * (high - low));
    this.scaleErrors();
    const svg = svgElement("svg", {
      viewBox: `0 0 ${width} ${SWEEP_HEIGHT}`,
      width,
      height: SWEEP_HEIGHT,
      "aria-hidden": "true",
    });
    const axis = svgText("learning rate", (frame.left + frame.right) / 2, SWEEP_HEIGHT - 6, "axis");
    this.band = svgElement("rect", {
      class: "band",
      y: frame.top,
      height: frame.bottom - frame.top,
      width: 0,
    });
    this.cross = svgElement("circle", { class: "dot", r: 5, visibility: "hidden" });
    svg.append(
      svgText("error", this.frame.left - 7, this.frame.top - 24, "axis end"),
      ...this.zones(),
      ...this.axes(),
      axis,
      this.curve(),
      ...this.lines(),
      this.band,
      this.cross,
    );
    this.box.replaceChildren(svg);
    this.describe();
  }

  // From the least error in view to a hundred times the start's.
  scaleErrors() {
    const { errors, first } = this.sweep;
    const { top, bottom } = this.frame;
    const least = errors.reduce((min, error) => Math.min(min, error), first);
    const low = Math.log10(Math.max(least, first * FLOOR, 1e-300)) - 0.4;
    const high = Math.log10(Math.max(first, 1e-299)) + 2;
    [this.low, this.high] = [low, high];
    this.y = (error) => {
      const level = error > 0 ? Math.log10(error) : low;
      return (
        bottom - ((Math.min(Math.max(level, low), high) - low) / (high - low)) * (bottom - top)
      );
    };
  }

  axes() {
    const [low, high] = this.sweep.range.map(Math.log10);
    const spread = (from, to, count) =>
      to - from < 1 ? ticks(from, to, count) : ticks(from, to, count).filter(Number.isInteger);
    const across = spread(low, high, this.frame.right / 95);
    return [
      ...axisLines(
        spread(this.low, this.high, 6).map((v) => [this.y(10 ** v), powerOfTen(v)]),
        this.frame,
        true,
      ),
      ...axisLines(
        across.map((v) => [this.x(10 ** v), powerOfTen(v)]),
        this.frame,
        false,
      ),
    ];
  }

  // Grounds behind the curve where it crawls, works and diverges, with their names above.
  zones() {
    const { crawls, diverges, best } = this.marks;
    const { left, right, top, bottom } = this.frame;
    const inside = (rate, fallback) =>
      rate === undefined ? fallback : Math.min(Math.max(this.x(rate), left), right);
    const [slow, wild] = [inside(crawls, left), inside(diverges, right)];
    const zone = (name, text, from, to) => {
      if (to - from < 1) return [];
      const ground = svgElement("rect", {
        class: `zone ${name}`,
        x: from,
        width: to - from,
        y: top,
        height: bottom - top,
      });
      return to - from < 9 * text.length
        ? [ground]
        : [ground, svgText(text, (from + to) / 2, top - 24, `zone-name ${name}`)];
    };
    const works = best === undefined ? [] : zone("learns", "learns", slow, wild);
    return [
      ...zone("crawls", "crawls", left, slow),
      ...works,
      ...zone("diverges", "diverges", wild, right),
    ];
  }

  // One column of pixels shows the least and the greatest error of its rates.
  curve() {
    const { rates, errors } = this.sweep;
    const points = [];
    let column = null;
    for (let k = 0; k < rates.length; k++) {
      const [at, y] = [Math.round(this.x(rates[k]) * 2) / 2, this.y(errors[k])];
      if (column?.at !== at) points.push((column = { at, low: y, high: y }));
      column.low = Math.min(column.low, y);
      column.high = Math.max(column.high, y);
    }
    const text = points.map(
      ({ at, low, high }) =>
        `${at} ${low.toFixed(1)}${high - low > 0.5 ? `L${at} ${high.toFixed(1)}` : ""}`,
    );
    return svgElement("path", { class: "curve done", d: `M${text.join("L")}` });
  }

  lines() {
    const { left, right, top, bottom } = this.frame;
    const line = (name, text, rate, y) => {
      const x = rate > 0 ? this.x(rate) : NaN;
      if (!(x >= left - 0.5 && x <= right + 0.5)) return [];
      const side = x > (left + right) / 2 ? "end" : "";
      const mark = svgElement("line", {
        class: `mark ${name}`,
        x1: x,
        x2: x,
        y1: top - 6,
        y2: bottom,
      });
      return [mark, svgText(text, x + (side ? -6 : 6), y, `mark-name ${name} ${side}`)];
    };
    return [
      ...line("theory", "theory: 2/λmax", this.sweep.border, bottom - 9),
      ...line("best", "best", this.marks.best, top + 14),
      ...line("own", "yours", this.rate, top + 31),
    ];
  }

  // --- pointing, zooming, keys ---------------------------------------------------------------------

  nearest(rate) {
    const { rates } = this.sweep;
    const share = Math.log(rate / rates[0]) / Math.log(rates.at(-1) / rates[0]);
    return Math.round(Math.min(1, Math.max(0, share)) * (rates.length - 1));
  }

  press(event) {
    if (this.sweep && event.button === 0) this.from = event.offsetX;
  }

  moved(event) {
    if (!this.sweep) return;
    const { left, right } = this.frame;
    const x = Math.min(right, Math.max(left, event.offsetX));
    const k = this.nearest(this.rateAt(x));
    this.cross.setAttribute("visibility", "visible");
    this.cross.setAttribute("cx", x);
    this.cross.setAttribute("cy", this.y(this.sweep.errors[k]));
    this.readout.textContent = this.reading(k);
    if (this.from === undefined) return;
    this.band.setAttribute("x", Math.min(x, this.from));
    this.band.setAttribute("width", Math.abs(x - this.from));
  }

  release(event) {
    const { from } = this;
    this.forget();
    if (from === undefined) return;
    if (Math.abs(event.offsetX - from) < 6) this.choose(this.rateAt(event.offsetX));
    else this.zoomTo(...[from, event.offsetX].sort((a, b) => a - b).map((x) => this.rateAt(x)));
  }

  forget() {
    this.from = undefined;
    this.band?.setAttribute("width", 0);
    this.cross?.setAttribute("visibility", "hidden");
  }

  // A pinch, or the wheel with Ctrl: the wheel alone scrolls the page.
  wheel(event) {
    if (!this.sweep || !event.ctrlKey) return;
    event.preventDefault();
    this.zoomBy(1.2 ** Math.sign(event.deltaY), this.rateAt(event.offsetX));
  }

  // Both ends come closer to a rate, by default the user's, by a factor, or move away from it.
  zoomBy(factor, rate = this.rate) {
    if (!this.sweep) return;
    const [low, high] = this.sweep.range;
    const around = rate || this.marks.best || Math.sqrt(low * high);
    const middle = Math.min(high, Math.max(low, around));
    this.zoomTo(middle * (low / middle) ** factor, middle * (high / middle) ** factor);
  }

  zoomTo(low, high) {
    if (high / low > NARROWEST && low > 1e-200 && high < 1e200) this.zoom([low, high]);
  }

  key(event) {
    if (!this.sweep) return;
    const [low, high] = this.sweep.range;
    const size = (high / low) ** (event.shiftKey ? 0.1 : 0.01);
    const actions = {
      ArrowRight: () => this.choose((this.rate || low) * size),
      ArrowUp: () => this.choose((this.rate || low) * size),
      ArrowLeft: () => this.choose((this.rate || high) / size),
      ArrowDown: () => this.choose((this.rate || high) / size),
      "+": () => this.zoomBy(0.5),
      "-": () => this.zoomBy(2),
    };
    if (!actions[event.key]) return;
    event.preventDefault();
    actions[event.key]();
  }

  reading(k) {
    const { rates, errors, steps } = this.sweep;
    const error = Number.isFinite(errors[k])
      ? `the error is ${number(errors[k], 3)}`
      : "the numbers overflow";
    return `Learning rate ${number(rates[k], 4)}: after ${plural(steps, "step")} ${error}.`;
  }

  // The plot is a slider for the learning rate.
  describe() {
    const k = this.nearest(this.rate || this.sweep.rates[0]);
    this.box.ariaValueMin = this.sweep.range[0];
    this.box.ariaValueMax = this.sweep.range[1];
    this.box.ariaValueNow = this.rate;
    this.box.ariaValueText = this.reading(k);
  }
}
