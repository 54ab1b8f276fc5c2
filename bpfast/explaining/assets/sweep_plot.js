// The sweep's plot under pointer and keys: a rate can be chosen, a range zoomed into. What is in view
// is trained anew, 10,000 rates of it.

import { makeSweepFigure } from "./sweep_figure.js";
import { number, plural } from "./words.js";

const NARROWEST = 1.0001; // the ends of a range are at least so far apart, as a factor

export class SweepPlot {
  // `choose` is called with a rate that was chosen, `zoom` with a range to train.
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

  // Show a rate that was edited; false where it is out of view.
  showRate(rate) {
    const [low, high] = this.sweep?.range ?? [0, 0];
    if (rate < low || rate > high) return false;
    this.show(this.sweep, this.marks, rate);
    return true;
  }

  draw() {
    const width = Math.floor(this.box.clientWidth);
    if (!width || !this.sweep) return;
    this.figure = makeSweepFigure(this.sweep, this.marks, this.rate, width);
    this.box.replaceChildren(this.figure.svg);
    this.describe();
  }

  // The plot is a slider for the learning rate.
  describe() {
    const k = this.nearest(this.rate || this.sweep.rates[0]);
    this.box.ariaValueMin = this.sweep.range[0];
    this.box.ariaValueMax = this.sweep.range[1];
    this.box.ariaValueNow = this.rate;
    this.box.ariaValueText = this.reading(k);
  }

  nearest(rate) {
    const { rates } = this.sweep;
    const share = Math.log(rate / rates[0]) / Math.log(rates.at(-1) / rates[0]);
    return Math.round(Math.min(1, Math.max(0, share)) * (rates.length - 1));
  }

  reading(k) {
    const { rates, errors, steps } = this.sweep;
    const error = Number.isFinite(errors[k])
      ? `the error is ${number(errors[k], 3)}`
      : "the numbers overflow";
    return `Learning rate ${number(rates[k], 4)}: after ${plural(steps, "step")} ${error}.`;
  }

  // --- pointing, zooming, keys ---------------------------------------------------------------------

  press(event) {
    if (this.sweep && event.button === 0) this.from = event.offsetX;
  }

  moved(event) {
    if (!this.figure) return;
    const { frame, rateAt, y, dot, band } = this.figure;
    const x = Math.min(frame.right, Math.max(frame.left, event.offsetX));
    const k = this.nearest(rateAt(x));
    dot.setAttribute("visibility", "visible");
    dot.setAttribute("cx", x);
    dot.setAttribute("cy", y(this.sweep.errors[k]));
    this.readout.textContent = this.reading(k);
    if (this.from === undefined) return;
    band.setAttribute("x", Math.min(x, this.from));
    band.setAttribute("width", Math.abs(x - this.from));
  }

  release({ offsetX: to }) {
    const { from } = this;
    this.forget();
    if (from === undefined) return;
    const { rateAt } = this.figure;
    if (Math.abs(to - from) < 6) this.choose(rateAt(to));
    else this.zoomTo(rateAt(Math.min(from, to)), rateAt(Math.max(from, to)));
  }

  forget() {
    this.from = undefined;
    this.figure?.band.setAttribute("width", 0);
    this.figure?.dot.setAttribute("visibility", "hidden");
  }

  // A pinch, or the wheel with Ctrl: the wheel alone scrolls the page.
  wheel(event) {
    if (!this.figure || !event.ctrlKey) return;
    event.preventDefault();
    this.zoomBy(1.2 ** Math.sign(event.deltaY), this.figure.rateAt(event.offsetX));
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
    const more = () => this.choose((this.rate || low) * size);
    const less = () => this.choose((this.rate || high) / size);
    const actions = {
      ArrowRight: more,
      ArrowUp: more,
      ArrowLeft: less,
      ArrowDown: less,
      "+": () => this.zoomBy(0.5),
      "-": () => this.zoomBy(2),
    };
    if (!actions[event.key]) return;
    event.preventDefault();
    actions[event.key]();
  }
}
