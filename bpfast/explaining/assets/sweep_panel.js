// The section of the sweep: when it runs, its plot, its buttons and what it says.

import { byId } from "./elements.js";
import { RATES, landmarks, runSweep, sweepWords } from "./sweep.js";
import { SweepPlot } from "./sweep_plot.js";

const SETTLE = 150; // milliseconds without another edit until the sweep runs anew

export class SweepPanel {
  // `choose` is called with a rate that was chosen.
  constructor(network, choose) {
    this.network = network;
    this.steps = byId("sweep-steps").valueAsNumber;
    this.runs = 0;
    this.box = byId("sweep-plot");
    this.plot = new SweepPlot(this.box, byId("sweep-reading"), choose, (range) => this.run(range));
    this.listen(choose);
    this.watch();
  }

  listen(choose) {
    const press = (id, action) => byId(id).addEventListener("click", action);
    press("take-best", () => choose(this.marks.best));
    press("zoom-in", () => this.plot.zoomBy(0.5));
    press("zoom-out", () => this.plot.zoomBy(2));
    press("zoom-all", () => this.run());
    byId("sweep-steps").addEventListener("input", ({ target }) => {
      target.setAttribute("aria-invalid", String(!target.validity.valid));
      if (!target.validity.valid) return;
      this.steps = target.valueAsNumber;
      this.run();
    });
  }

  // A sweep that is due runs when its plot comes into view.
  watch() {
    const observer = new IntersectionObserver((entries) => {
      this.inView = entries.at(-1).isIntersecting;
      if (this.inView && this.box.ariaBusy === "true") this.plan();
    });
    observer.observe(byId("sweep"));
  }

  // The setup was edited: sweep anew, unless the rate alone was and the sweep has it in view.
  update(setup, onlyRate) {
    this.setup = setup;
    if (!onlyRate || !this.plot.showRate(setup.rate)) this.plan();
  }

  plan() {
    this.runs += 1; // a sweep under way is of what was there before
    this.box.ariaBusy = "true";
    byId("take-best").disabled = true;
    clearTimeout(this.waiting);
    if (this.inView) this.waiting = setTimeout(() => this.run(), SETTLE);
  }

  async run(range) {
    const run = ++this.runs;
    const { start, x, y, rate } = this.setup;
    const setup = { start: Float64Array.from(start), x: [...x], y: [...y], rate };
    const says = byId("sweep-says");
    this.box.ariaBusy = "true";
    says.textContent ||= `Training ${RATES.toLocaleString("en")} networks …`;
    const job = { network: this.network, setup, steps: this.steps };
    const sweep = await runSweep(job, range, () => run === this.runs);
    if (!sweep) return; // something was edited meanwhile
    this.box.ariaBusy = "false";
    if (!range) {
      this.marks = landmarks(sweep.rates, sweep.errors, sweep.first);
      says.textContent = sweepWords(sweep, this.marks);
      byId("take-best").disabled = this.marks.best === undefined;
    }
    this.plot.show(sweep, this.marks, rate);
  }
}
