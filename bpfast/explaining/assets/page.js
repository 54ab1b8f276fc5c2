// The page: what is shown, and what happens when something is pressed, dragged, typed or pointed at.

const CLOSE = 1e-6; // the error that counts as close to zero
const MOST_STEPS = 1000; // of gradient descent
const PLAY_SECONDS = 6; // at most, however many steps there are
const FRAME = 300; // milliseconds between two steps while they are few
const SETTLE = 150; // milliseconds without another edit until the sweep runs anew

const at = (id) => document.getElementById(id);

class Page {
  constructor(explanation) {
    this.model = new Model(explanation);
    this.weight = this.model.parts[0];
    this.sweepSteps = at("sweep-steps").valueAsNumber;
    this.drawing = new Drawing(at("network"), this.model, {
      look: (name) => this.look(name),
      leave: () => this.look(this.kept),
      choose: (name) => this.keep(this.kept === name ? undefined : name),
    });
    this.curves = [at("beside"), at("curve")].map(
      (box) => new LossCurve(box, (step) => this.go(step, 0)),
    );
    this.sweepPlot = new SweepPlot(
      at("sweep-plot"),
      at("sweep-reading"),
      (rate) => this.setRate(rate),
      (range) => this.sweep(range),
    );
    this.describe();
    this.listen();
    this.watchSweep();
    this.reset();
  }

  // --- what is there -------------------------------------------------------------------------------

  reset() {
    const { network } = this.model.names;
    this.state = {
      start: this.model.parameters(network),
      x: [...network.x],
      y: [...network.y],
      rate: network.learning_rate,
    };
    makeFields(at("fields"), this.model, this.state, (what) => this.edited(what));
    this.stage = 0;
    this.step = 0;
    this.edited("start");
  }

  // The start, the sample or the rate was edited: train anew, and stay at the stage.
  edited(what) {
    this.stop();
    const { start, x, y, rate } = this.state;
    const path = train(this.model.network, start, x, y, rate, MOST_STEPS, CLOSE);
    this.path = path.filter(({ error }) => Number.isFinite(error));
    this.overflows = this.path.length < path.length;
    if (!this.path.length) this.path = path; // even the start overflows
    this.errors = this.path.map(({ error }) => error);
    this.go(what === "start" ? 0 : Math.min(this.step, this.path.length - 1), this.stage);
    if (what === "rate" && this.sweepPlot.take(rate)) return; // it trained all rates already
    this.planSweep();
  }

  setRate(rate) {
    const rounded = Number(rate.toPrecision(4));
    at("rate").value = rounded;
    this.state.rate = rounded;
    this.edited("rate");
  }

  // --- going through stages and steps --------------------------------------------------------------

  go(step, stage) {
    this.step = Math.min(Math.max(step, 0), this.path.length - 1);
    const { x, y, rate } = this.state;
    this.view = this.model.view(this.path[this.step].parameters, x, y, rate);
    this.stages = new Story(this.model, this.view, this.step, this.errors[0]).stages;
    this.stage = Math.min(stage < 0 ? this.stages.length - 1 : stage, this.stages.length - 1);
    this.render();
  }

  move(by) {
    this.stop();
    const stage = this.stage + by;
    if (stage < 0) {
      if (this.step > 0) this.go(this.step - 1, -1);
    } else if (stage < this.stages.length) this.go(this.step, stage);
    else if (this.step + 1 < this.path.length) this.go(this.step + 1, 0);
  }

  // --- playing ---------------------------------------------------------------------------------------

  play() {
    if (this.playing) return this.stop();
    const last = this.path.length - 1;
    if (this.step === last) this.go(0, 0);
    const stride = Math.max(1, Math.ceil((last * FRAME) / (1000 * PLAY_SECONDS)));
    at("live").ariaLive = "off"; // a screen reader is told the end, not every step
    this.playing = setInterval(() => {
      this.go(this.step + stride, 0);
      if (this.step === last) this.stop();
    }, FRAME);
    this.render();
  }

  stop() {
    if (!this.playing) return;
    clearInterval(this.playing);
    this.playing = undefined;
    at("live").ariaLive = "polite";
    this.render();
  }

  // --- looking at a weight -----------------------------------------------------------------------------

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

  // --- showing -------------------------------------------------------------------------------------------

  render() {
    const stage = this.stages[this.stage];
    const last = this.path.length - 1;
    at("title").replaceChildren(...worded(stage.title));
    at("sentence").replaceChildren(...worded(stage.says));
    at("says").dataset.phase = stage.phase;
    at("formulas").replaceChildren(...stage.body());
    at("where").textContent =
      `Step ${this.step + 1}, stage ${this.stage + 1} of ${this.stages.length}`;
    at("back").disabled = this.step === 0 && this.stage === 0;
    at("next").disabled = this.step === last && this.stage === this.stages.length - 1;
    at("play").textContent = this.playing ? "Pause" : this.step === last ? "Play again" : "Play";
    Object.assign(at("stage"), { max: this.stages.length - 1, value: this.stage });
    at("stage").ariaValueText = `${this.stage + 1} of ${this.stages.length}: ${stage.title}`;
    Object.assign(at("step"), { max: last, value: this.step });
    at("step").ariaValueText =
      `after ${plural(this.step, "update")}, error ${number(this.errors[this.step], 3)}`;
    this.renderPhases(stage.phase);
    at("beside").hidden = stage.phase !== "start"; // there while it plays
    this.curves.forEach((curve) => curve.show(this.errors, this.step));
    at("curve-says").textContent = this.curveWords();
    this.renderWeight();
  }

  renderPhases(phase) {
    if (!at("phases").children.length)
      for (const name of PHASES) {
        const button = element("button", name, name[0].toUpperCase() + name.slice(1));
        button.type = "button";
        button.addEventListener("click", () => {
          this.stop();
          this.go(
            this.step,
            this.stages.findIndex((stage) => stage.phase === name),
          );
        });
        at("phases").append(element("li", "", button));
      }
    PHASES.forEach((name, k) => {
      const button = at("phases").children[k].firstChild;
      if (name === phase) button.ariaCurrent = "step";
      else button.removeAttribute("aria-current");
      const count = this.stages.filter((stage) => stage.phase === name).length;
      at("phases").children[k].style.flexGrow = count;
    });
  }

  renderWeight() {
    const path = this.looked && pathOf(this.model, this.weight);
    const stage = this.stages[this.stage];
    this.drawing.show(this.view, stage, path);
    at("legend").textContent = legend(stage);
    at("weight").value = this.weight.name;
    inspect(at("chain"), this.model, this.weight, this.view);
  }

  curveWords() {
    const last = this.path.length - 1;
    const error = this.errors.at(-1);
    const now = `After ${plural(this.step, "update")} the error is ${number(this.errors[this.step], 4)}. `;
    if (this.overflows)
      return `${now}After ${last} the numbers overflow: the learning rate is too large.`;
    if (error <= CLOSE) return `${now}After ${last} it is close to zero.`;
    if (error > this.errors[0]) return `${now}It grows: the learning rate is too large.`;
    return `${now}After ${last} it is ${number(error, 4)}, not yet close to zero.`;
  }

  describe() {
    const { network, device, weights, biases } = this.model.names;
    const hidden = network.layers
      .slice(1, -1)
      .map((width, l) => `${width} hidden (${this.model.activationName(l)})`);
    const shape = [
      plural(network.layers[0], "input"),
      ...hidden,
      plural(network.layers.at(-1), "output"),
    ].join(" → ");
    at("described").textContent = `${shape}; error: ${network.loss.replaceAll("_", " ")}`;
    const options = this.model.parts.map(({ name }) => new Option(name, name));
    at("weight").replaceChildren(...options);
    const { x, y } = network;
    const own = this.model.view(this.model.parameters(network), x, y, network.learning_rate);
    const gaps = [...weights, ...biases].map((part) => {
      const { place } = this.model.byName.get(part.name);
      return Math.abs(part.gradient - own.gradient[place]);
    });
    const gap = Math.max(...gaps);
    const agreed = gap
      ? `agrees with them to ${number(gap, 2)}`
      : "agrees with them to the last bit";
    at("checked").textContent =
      `bpfast's kernels computed the gradients of the first step too (device: ${device}); ` +
      `what this page computes ${agreed}.`;
  }

  // --- the sweep -------------------------------------------------------------------------------------------

  // Soon, if its plot is in view; or else when it comes there.
  planSweep() {
    at("sweep-plot").ariaBusy = "true";
    at("take-best").disabled = true;
    clearTimeout(this.waiting);
    if (this.sweepInView) this.waiting = setTimeout(() => this.sweep(), SETTLE);
  }

  watchSweep() {
    const observer = new IntersectionObserver((entries) => {
      this.sweepInView = entries.at(-1).isIntersecting;
      if (this.sweepInView && at("sweep-plot").ariaBusy === "true") this.planSweep();
    });
    observer.observe(at("sweep"));
  }

  async sweep(range) {
    const turn = (this.turn = (this.turn ?? 0) + 1);
    const { start, x, y, rate } = this.state;
    const steps = this.sweepSteps;
    const job = {
      model: this.model,
      start: Float64Array.from(start),
      x: [...x],
      y: [...y],
      rate,
      steps,
    };
    at("sweep-plot").ariaBusy = "true";
    at("sweep-says").textContent ||= `Training ${RATES.toLocaleString("en")} networks …`;
    const sweep = await runSweep(job, range, () => turn === this.turn);
    if (!sweep) return; // something was edited meanwhile
    at("sweep-plot").ariaBusy = "false";
    if (!range) {
      this.marks = landmarks(sweep.rates, sweep.errors, sweep.first);
      at("sweep-says").textContent = sweepWords(sweep, this.marks);
      at("take-best").disabled = this.marks.best === undefined;
    }
    this.sweepPlot.show(sweep, this.marks, rate);
  }

  // --- what people do ----------------------------------------------------------------------------------------

  listen() {
    const press = (id, action) => at(id).addEventListener("click", action);
    press("back", () => this.move(-1));
    press("next", () => this.move(1));
    press("play", () => this.play());
    press("reset", () => this.reset());
    press("take-best", () => this.setRate(this.marks.best));
    press("zoom-in", () => this.sweepPlot.zoomBy(0.5));
    press("zoom-out", () => this.sweepPlot.zoomBy(2));
    press("zoom-all", () => this.sweep());
    at("stage").addEventListener("input", (event) => {
      this.stop();
      this.go(this.step, event.target.valueAsNumber);
    });
    at("step").addEventListener("input", (event) => {
      this.stop();
      this.go(event.target.valueAsNumber, this.stage);
    });
    at("weight").addEventListener("change", (event) => this.keep(event.target.value));
    at("sweep-steps").addEventListener("input", ({ target }) => {
      target.setAttribute("aria-invalid", String(!target.validity.valid));
      if (!target.validity.valid) return;
      this.sweepSteps = target.valueAsNumber;
      this.sweep();
    });
    at("fields").addEventListener("submit", (event) => event.preventDefault());
    document.addEventListener("keydown", (event) => this.key(event));
    this.listenTheme();
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

  // Light and dark follow the system until the button is pressed.
  listenTheme() {
    const root = document.documentElement;
    const system = matchMedia("(prefers-color-scheme: dark)");
    const dark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
    const name = () => (at("theme").textContent = dark() ? "Light" : "Dark");
    at("theme").addEventListener("click", () => {
      root.dataset.theme = dark() ? "light" : "dark";
      name();
    });
    system.addEventListener("change", name);
    name();
  }
}

new Page(JSON.parse(at("explanation").textContent));
