// The error from step to step, as a curve that can be pressed and in words.

import { axisLines, ticks } from "./axes.js";
import { CLOSE } from "./descent.js";
import { svgDrawing, svgElement, svgText } from "./elements.js";
import { number, plural } from "./words.js";

export class LossCurve {
  constructor(box, choose) {
    Object.assign(this, { box, choose });
    new ResizeObserver(() => this.draw()).observe(box);
    const pick = (event) => this.frame && this.choose(Math.round(this.stepAt(event.offsetX)));
    box.addEventListener("pointerdown", pick);
    box.addEventListener("pointermove", (event) => event.buttons & 1 && pick(event));
  }

  show(errors, step) {
    const changed = this.errors !== errors;
    Object.assign(this, { errors, step });
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
    const steps = ticks(0, last, Math.min(6, width / 70)).filter(Number.isInteger);
    const svg = svgDrawing(width, height);
    this.done = svgElement("path", { class: "curve done" });
    this.dot = svgElement("circle", { class: "dot", r: 6 });
    svg.append(
      ...axisLines(
        frame,
        ticks(0, high, 4).map((v) => [this.y(v), number(v, 3)]),
        steps.map((v) => [this.x(v), number(v)]),
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

// `overflows` says that the numbers overflow after the last of the errors.
export const curveWords = (errors, step, overflows) => {
  const last = errors.length - 1;
  const now = `After ${plural(step, "update")} the error is ${number(errors[step], 4)}. `;
  if (overflows) return `${now}After ${last} the numbers overflow: the learning rate is too large.`;
  if (errors[last] <= CLOSE) return `${now}After ${last} it is close to zero.`;
  if (errors[last] > errors[0]) return `${now}It grows: the learning rate is too large.`;
  return `${now}After ${last} it is ${number(errors[last], 4)}, not yet close to zero.`;
};
