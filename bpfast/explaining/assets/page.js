// The page: what is shown, and what happens when something is pressed, dragged, typed or pointed at.

import { agreementWords, shapeWords } from "./about.js";
import { LossCurve, curveWords } from "./curve.js";
import { train } from "./descent.js";
import { Drawing, legend } from "./drawing.js";
import { byId, element, worded } from "./elements.js";
import { makeFields } from "./fields.js";
import { inspect, pathOf } from "./inspector.js";
import { Model } from "./model.js";
import { PHASES, stagesOf } from "./stages.js";
import { SweepPanel } from "./sweep_panel.js";
import { listenTheme } from "./theme.js";
import { number, plural } from "./words.js";

const MOST_STEPS = 1000; // of gradient descent
const PLAY_SECONDS = 6; // at most, however many steps there are
const FRAME = 300; // milliseconds between two steps that are shown

class Page {
  constructor(explanation) {
    this.model = new Model(explanation);
    this.weight = this.model.parts[0];
    this.drawing = new Drawing(byId("network"), this.model, {
      look: (name) => this.look(name),
      leave: () => this.look(this.kept),
      choose: (name) => this.keep(this.kept === name ? undefined : name),
    });
    this.curves = [byId("beside"), byId("curve")].map(
      (box) => new LossCurve(box, (step) => this.go(step, 0)),
    );
    this.sweep = new SweepPanel(explanation.network, (rate) => this.setRate(rate));
    this.makePhases();
    this.describe();
    this.listen();
    this.reset();
  }

  describe() {
    byId("described").textContent = shapeWords(this.model);
    const options = this.model.parts.map(({ name }) => new Option(name, name));
    byId("weight").replaceChildren(...options);
    byId("checked").textContent = agreementWords(this.model);
  }

  // --- the setup -----------------------------------------------------------------------------------

  reset() {
    this.setup = this.model.setup();
    makeFields(byId("fields"), this.model, this.setup, (what) => this.edited(what));
    this.stage = 0;
    this.step = 0;
    this.edited("start");
  }

  // The start, the sample or the rate was edited: train anew, and stay at the stage.
  edited(what) {
    this.stop();
    const path = train(this.model.network, this.setup, MOST_STEPS);
    this.path = path.filter(({ error }) => Number.isFinite(error));
    this.overflows = this.path.length < path.length;
    if (!this.path.length) this.path = path; // even the start overflows
    this.errors = this.path.map(({ error }) => error);
    this.go(what === "start" ? 0 : Math.min(this.step, this.path.length - 1), this.stage);
    this.sweep.update(this.setup, what === "rate");
  }

  setRate(rate) {
    const rounded = Number(rate.toPrecision(4));
    byId("rate").value = rounded;
    this.setup.rate = rounded;
    this.edited("rate");
  }

  // --- going through stages and steps --------------------------------------------------------------

  get lastStep() {
    return this.path.length - 1;
  }

  // Go to a stage of a step; to the step's last where it is negative.
  go(step, stage) {
    this.step = Math.min(Math.max(step, 0), this.lastStep);
    this.view = this.model.view(this.path[this.step].parameters, this.setup);
    this.stages = stagesOf(this.model, this.view, this.step, this.errors[0]);
    this.stage = Math.min(stage < 0 ? this.stages.length - 1 : stage, this.stages.length - 1);
    this.render();
  }

  move(by) {
    this.stop();
    const stage = this.stage + by;
    if (stage < 0) {
      if (this.step > 0) this.go(this.step - 1, -1);
    } else if (stage < this.stages.length) this.go(this.step, stage);
    else if (this.step < this.lastStep) this.go(this.step + 1, 0);
  }

  play() {
    if (this.playing) return this.stop();
    if (this.step === this.lastStep) this.go(0, 0);
    const stride = Math.max(1, Math.ceil((this.lastStep * FRAME) / (1000 * PLAY_SECONDS)));
    byId("live").ariaLive = "off"; // a screen reader is told the end, not every step
    this.playing = setInterval(() => {
      this.go(this.step + stride, 0);
      if (this.step === this.lastStep) this.stop();
    }, FRAME);
    this.render();
  }

  stop() {
    if (!this.playing) return;
    clearInterval(this.playing);
    this.playing = undefined;
    byId("live").ariaLive = "polite";
    this.render();
  }

  // --- looking at a weight -------------------------------------------------------------------------

  // A weight that is pointed at or focused; the one that is kept, or none, when it is left.
  look(name) {
    this.looked = name;
    if (name) this.weight = this.model.byName.get(name);
    this.renderWeight();
  }

  keep(name) {
    this.kept = name;
    this.look(name);
  }

  // --- showing -------------------------------------------------------------------------------------

  render() {
    const stage = this.stages[this.stage];
    byId("title").replaceChildren(...worded(stage.title));
    byId("sentence").replaceChildren(...worded(stage.sentence));
    byId("says").dataset.phase = stage.phase;
    byId("formulas").replaceChildren(...stage.body());
    this.renderBar(stage);
    byId("beside").hidden = stage.phase !== "start"; // there while it plays
    this.curves.forEach((curve) => curve.show(this.errors, this.step));
    byId("curve-says").textContent = curveWords(this.errors, this.step, this.overflows);
    Object.assign(byId("step"), { max: this.lastStep, value: this.step });
    byId("step").ariaValueText =
      `after ${plural(this.step, "update")}, error ${number(this.errors[this.step], 3)}`;
    this.renderWeight();
  }

  renderBar({ title, phase }) {
    const [stage, count] = [this.stage + 1, this.stages.length];
    const isLast = this.step === this.lastStep;
    byId("where").textContent = `Step ${this.step + 1}, stage ${stage} of ${count}`;
    byId("back").disabled = this.step === 0 && this.stage === 0;
    byId("next").disabled = isLast && stage === count;
    byId("play").textContent = this.playing ? "Pause" : isLast ? "Play again" : "Play";
    Object.assign(byId("stage"), { max: count - 1, value: this.stage });
    byId("stage").ariaValueText = `${stage} of ${count}: ${title}`;
    [...byId("phases").children].forEach((item, k) => {
      if (PHASES[k] === phase) item.firstChild.ariaCurrent = "step";
      else item.firstChild.removeAttribute("aria-current");
      item.style.flexGrow = this.stages.filter((other) => other.phase === PHASES[k]).length;
    });
  }

  renderWeight() {
    const path = this.looked && pathOf(this.model, this.weight);
    const stage = this.stages[this.stage];
    this.drawing.show(this.view, stage, path);
    byId("legend").textContent = legend(stage);
    byId("weight").value = this.weight.name;
    inspect(byId("chain"), this.model, this.weight, this.view);
  }

  // A button for each phase, which leads to its first stage.
  makePhases() {
    for (const phase of PHASES) {
      const button = element("button", phase, phase[0].toUpperCase() + phase.slice(1));
      button.type = "button";
      button.addEventListener("click", () => {
        this.stop();
        const first = this.stages.findIndex((stage) => stage.phase === phase);
        this.go(this.step, first);
      });
      byId("phases").append(element("li", "", button));
    }
  }

  // --- what people do ------------------------------------------------------------------------------

  listen() {
    const on = (id, type, action) => byId(id).addEventListener(type, action);
    on("back", "click", () => this.move(-1));
    on("next", "click", () => this.move(1));
    on("play", "click", () => this.play());
    on("reset", "click", () => this.reset());
    on("stage", "input", ({ target }) => {
      this.stop();
      this.go(this.step, target.valueAsNumber);
    });
    on("step", "input", ({ target }) => {
      this.stop();
      this.go(target.valueAsNumber, this.stage);
    });
    on("weight", "change", ({ target }) => this.keep(target.value));
    on("fields", "submit", (event) => event.preventDefault());
    document.addEventListener("keydown", (event) => this.key(event));
    listenTheme(byId("theme"));
  }

  key(event) {
    if (event.altKey || event.ctrlKey || event.metaKey || event.defaultPrevented) return;
    if (event.target.closest?.("input, select, [role=slider], .scroll")) return; // arrows mean something there
    const actions = {
      ArrowRight: () => this.move(1),
      ArrowLeft: () => this.move(-1),
      Escape: () => this.keep(undefined),
    };
    if (!actions[event.key]) return;
    event.preventDefault();
    actions[event.key]();
  }
}

new Page(JSON.parse(byId("explanation").textContent));
