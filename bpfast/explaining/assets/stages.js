// One step of gradient descent as stages: for each a title, what it says with the numbers put in,
// its formulas, and what the drawing shows by then.

const PHASES = ["start", "forward", "error", "backward", "gradients", "update", "again"];

const ERROR_WORDS = {
  half_squared_error: "half the squared difference: twice as far off is four times as wrong",
  mse: "the squared difference: twice as far off is four times as wrong",
  mae: "the size of the difference",
  huber: "a square for small differences and a straight line for large ones",
  quantile: "the difference, where too low counts otherwise than too high",
  poisson: "how surprised the network is by the truth: zero if the rate is the target",
  binary_cross_entropy: "how surprised the network is by the truth: zero if it was sure of it",
  cross_entropy: "how surprised the network is by the truth: zero if it was sure of it",
};

class Story {
  constructor(model, view, step, firstError) {
    Object.assign(this, { model, view, step, firstError });
    this.names = model.names;
    this.seen = new Set(); // neurons whose value is known by now, as "layer:index"
    this.felt = new Set(); // neurons whose delta is known
    this.graded = new Set(); // layers whose gradients are known
    this.judged = false;
    this.updated = false;
    this.stages = [];
    this.tell();
  }

  tell() {
    const layers = this.names.layers.length;
    this.model.units[0].forEach((_, k) => this.seen.add(`0:${k}`));
    this.start();
    this.names.layers.forEach((units, l) => units.forEach((unit, k) => this.forward(l, k, unit)));
    if (this.model.network.loss.link) this.link();
    this.error();
    this.idea();
    for (let l = layers - 1; l >= 0; l--)
      this.names.layers[l].forEach((unit, k) => this.backward(l, k, unit));
    for (let l = layers - 1; l >= 0; l--) this.gradients(l);
    this.update();
    this.again();
  }

  // What is known is copied: the next stage will know more.
  add(phase, title, says, lit, body) {
    const { judged, updated } = this;
    const [seen, felt, graded] = [this.seen, this.felt, this.graded].map((set) => new Set(set));
    this.stages.push({ phase, title, says, body, seen, felt, graded, judged, updated, ...lit });
  }

  start() {
    const { names, view } = this;
    if (this.step > 0) return this.restart();
    const { layers } = names.network;
    const hidden = layers.slice(1, -1).map((width) => plural(width, "hidden neuron"));
    const counts = [plural(layers[0], "input"), ...hidden, plural(layers.at(-1), "output")];
    const biases = names.biases.length
      ? ` and ${plural(names.biases.length, "bias", "biases")}`
      : "";
    const inputs = listed(view.x.map((v) => number(v)));
    const answer = listed(view.y.map((v) => number(v)));
    const says =
      `This network has ${listed(counts)}, joined by ${plural(names.weights.length, "weight")}${biases}. ` +
      `Given ${inputs}, it should answer ${answer}. Its weights are guesses, so its answer will be ` +
      "wrong. Backpropagation finds out how to change every weight to make it less wrong.";
    return this.add("start", "A network that guesses", says, {}, () => []);
  }

  restart() {
    const known = this.names.layers.flatMap((units, l) => units.map((_, k) => `${l + 1}:${k}`));
    const inputs = this.seen;
    const { error } = this.view;
    const close =
      error <= CLOSE ? "That is close to zero: the network has learned its answer." : "";
    const says =
      `After ${plural(this.step, "update")} the prediction is ` +
      `${listed(this.view.prediction.map((p) => number(p)))} and the error ${number(error)}; ` +
      `at the start it was ${number(this.firstError)}. ${close || "The same stages once more."}`;
    this.seen = new Set([...inputs, ...known]);
    this.judged = true;
    this.add("start", `After ${plural(this.step, "step")}`, says, {}, () => []);
    this.seen = inputs;
    this.judged = false;
  }

  forward(l, k, unit) {
    const { model, view } = this;
    const parts = model.arriving(l, unit.name);
    const [z, a] = [view.z[l][k], view.a[l + 1][k]];
    const bias = parts.some((part) => part.bias) ? ", with its bias" : "";
    const sum = `${unit.name} multiplies every number that reaches it by the weight on its way, and adds them up${bias}: ${number(z, unit.slope ? 7 : 10)}.`;
    this.seen.add(`${l + 1}:${k}`);
    const lit = { units: this.ends(parts, l, k), parts: parts.map((part) => part.name), flow: 1 };
    this.add(
      "forward",
      `Forward: ${unit.name}`,
      `${sum} ${this.activated(l, unit, z, a)}`,
      lit,
      () => {
        const terms = parts
          .map((part) => (part.bias ? part.name : `${part.source}·${part.name}`))
          .join(" + ");
        const sumEquation = equation(
          unit.pre_activation_name,
          [pieces(terms), pieces(terms, view.values)],
          z,
        );
        if (!unit.slope) return [sumEquation];
        const name = model.activationName(l);
        const text =
          name === "identity" ? unit.pre_activation_name : `${name}(${unit.pre_activation_name})`;
        const lines =
          name === "identity" ? [pieces(text)] : [pieces(text), pieces(text, view.values)];
        return [sumEquation, equation(unit.name, lines, a)];
      },
    );
  }

  activated(l, unit, z, a) {
    if (!unit.slope)
      return this.model.network.loss.link
        ? `This is not yet a ${this.model.network.loss.link === "exp" ? "rate" : "probability"}.`
        : "That is the network's answer.";
    const name = this.model.activationName(l);
    if (name === "identity") return "Its activation, the identity, hands that on as it is.";
    return `Its activation, ${name}, turns that into ${number(a)}.`;
  }

  ends(parts, l, k) {
    return [`${l + 1}:${k}`, ...parts.filter((part) => !part.bias).map((part) => `${l}:${part.i}`)];
  }

  link() {
    const { names, view } = this;
    const outputs = names.layers.at(-1);
    const kind = this.model.network.loss.link;
    const says = {
      softmax:
        "Softmax turns the logits into probabilities: the exponential of each, divided by the sum of all, so that together they make 1.",
      sigmoid: "The sigmoid squeezes each logit into a probability between 0 and 1.",
      exp: "The exponential turns each logarithm into a rate above 0.",
    }[kind];
    const last = names.layers.length;
    const lit = { units: outputs.map((_, k) => `${last}:${k}`) };
    const title = `Forward: the ${kind === "exp" ? "rate" : "probability"}`;
    this.add("forward", title, says, lit, () =>
      names.prediction_names.map((name, k) => {
        const from = outputs[k].name;
        const text = kind === "softmax" ? `exp(${from}) / Σ exp(logit)` : `${kind}(${from})`;
        return equation(name, [pieces(text), pieces(text, view.values)], view.prediction[k]);
      }),
    );
  }

  error() {
    const { names, view, model } = this;
    const many = view.y.length > 1;
    const [p, t] = [view.prediction[0], view.y[0]];
    const gap = `${number(Math.abs(p - t))} too ${p < t ? "low" : "high"}`;
    const verdict = p === t ? "exactly right" : gap;
    const compared = many
      ? `The prediction is ${listed(view.prediction.map((v) => number(v, 4)))}, the target ${listed(view.y.map((v) => number(v, 4)))}.`
      : `The prediction is ${number(p)}, the target ${number(t)}: ${verdict}.`;
    const mean = many && model.network.loss.average ? ", averaged over outputs" : "";
    const words = ERROR_WORDS[names.network.loss] + mean;
    this.judged = true;
    const lit = { units: [...this.outputs(), "E"], flow: 1 };
    this.add(
      "error",
      "The error: how wrong is that?",
      `${compared} The error E makes one number of it, ${words}.`,
      lit,
      () => {
        const each = names.error_formulas.map((text, k) =>
          equation(
            many ? `E${k + 1}` : "E",
            [pieces(text), pieces(text, view.values)],
            view.terms[k],
          ),
        );
        if (!many) return each;
        const sum = names.error_formulas.map((_, k) => `E${k + 1}`).join(" + ");
        const total = model.network.loss.average ? `(${sum}) / ${view.y.length}` : sum;
        return [...each, equation("E", [pieces(total)], view.error)];
      },
    );
  }

  outputs() {
    const last = this.names.layers.length;
    return this.names.layers.at(-1).map((_, k) => `${last}:${k}`);
  }

  // A derivative found the slow way, so that the chain rule has something to explain.
  idea() {
    const { model, view } = this;
    const [part, nudge] = [model.parts[0], 0.001];
    const parameters = Float64Array.from(view.parameters);
    parameters[part.place] += nudge;
    model.network.forward(parameters, view.x);
    const error = model.network.judge(view.y);
    const rise = (error - view.error) / nudge;
    const says =
      `Nudge ${part.name} from ${number(parameters[part.place] - nudge)} to ${number(parameters[part.place])}, ` +
      `run forward again, and E goes from ${number(view.error)} to ${number(error, 10)}: about ` +
      `${number(rise, 3)} for each unit that ${part.name} grows. This slope, ∂E/∂${part.name}, says which ` +
      "way is down. But a forward pass for every weight takes far too long in a large network. The " +
      "chain rule finds all slopes at once, exactly, in one pass backwards.";
    const lit = { parts: [part.name], units: [], flow: 0 };
    this.add("error", "Which way is down?", says, lit, () => [
      equation("slope", [pieces(`(${plain(error)} - ${plain(view.error)}) / ${nudge}`)], rise),
    ]);
  }

  backward(l, k, unit) {
    const { view } = this;
    this.felt.add(`${l + 1}:${k}`);
    if (!unit.slope) return this.backwardOutput(l, k, unit);
    const after = this.names.layers[l + 1];
    const links = unit.links.map((link) => link.formula);
    const ways =
      after.length === 1
        ? `only through ${after[0].name}`
        : `through ${plural(after.length, "neuron")} of the next layer`;
    const [rise, slope, delta] = [view.rise[l][k], view.slope[l][k], view.delta[l][k]];
    const says =
      `${unit.name} reaches the error ${ways}. What arrives from there, times the weight on the way, is ` +
      `${number(rise)}: how E changes with ${unit.name}. Its activation has the slope ${number(slope)} here, ` +
      `so ${unit.pre_activation_name} gets ${number(delta)}. This is its delta.`;
    const lit = {
      units: [`${l + 1}:${k}`, ...after.map((_, m) => `${l + 2}:${m}`)],
      parts: links,
      flow: -1,
    };
    return this.add("backward", `Backward: ${unit.name}`, says, lit, () =>
      this.deltaEquations(l, k, unit),
    );
  }

  deltaEquations(l, k, unit) {
    const { view } = this;
    const terms = unit.gradient.formula;
    const product = `${unit.gradient.name}·${unit.slope.name}`;
    const slope =
      this.model.activationName(l) === "identity"
        ? [pieces("1")]
        : [pieces(unit.slope.formula), pieces(unit.slope.formula, view.values)];
    return [
      equation(unit.gradient.name, [pieces(terms), pieces(terms, view.values)], view.rise[l][k]),
      equation(unit.slope.name, slope, slope.length > 1 ? view.slope[l][k] : undefined),
      equation(
        `∂E/∂${unit.pre_activation_name}`,
        [pieces(product), pieces(product, view.values)],
        view.delta[l][k],
      ),
    ];
  }

  backwardOutput(l, k, unit) {
    const { model, view } = this;
    const delta = view.delta[l][k];
    const turn = delta < 0 ? "smaller" : "larger";
    const says =
      `Now backwards, from the error. If ${unit.name} grew a little, E would change ${number(delta)} times as much` +
      (delta === 0
        ? ": not at all."
        : `: a larger ${unit.name} makes the error ${turn}. This is the output's delta.`);
    const text = model.outputFormula(k, view.y);
    this.add(
      "backward",
      `Backward: ${unit.name}`,
      says,
      { units: [`${l + 1}:${k}`, "E"], flow: -1 },
      () => [equation(unit.gradient.name, [pieces(text), pieces(text, view.values)], delta)],
    );
  }

  gradients(l) {
    const { model, names } = this;
    const parts = model.parts.filter((part) => part.layer === l);
    const units = names.layers[l];
    const where =
      units.length < 3
        ? listed(units.map((unit) => unit.name))
        : `${units[0].name} to ${units.at(-1).name}`;
    this.graded.add(l);
    const weights = parts.filter((part) => !part.bias);
    const first = weights[0];
    const { values, gradient } = this.view;
    const delta = `∂E/∂${units[first.j].pre_activation_name}`;
    const says =
      "A weight's gradient is the delta of the neuron it leads to, times the number that travels along it. " +
      `Both are known: for ${first.name} they are ${number(values[delta])} and ${number(values[first.source])}, ` +
      `which makes ${number(gradient[first.place])}.` +
      (names.biases.length ? " A bias travels with a 1." : "");
    const lit = {
      parts: parts.map((part) => part.name),
      units: units.map((_, k) => `${l + 1}:${k}`),
      flow: -1,
    };
    this.add("gradients", `Gradients: the weights into ${where}`, says, lit, () => [
      this.gradientTable(parts, units),
      this.asMatrices(l),
    ]);
  }

  gradientTable(parts, units) {
    const { values, gradient } = this.view;
    const rows = parts.map((part) => {
      const delta = `∂E/∂${units[part.j].pre_activation_name}`;
      const text = part.bias ? delta : `${delta}·${part.source}`;
      return [
        formula(`∂E/∂${part.name}`),
        formula(text),
        formula(text, values),
        number(gradient[part.place]),
      ];
    });
    return scrolling("Gradients", tableOf(["gradient", "symbols", "numbers", "result"], rows));
  }

  // A layer's passes, the way a computer does them.
  asMatrices(l) {
    const { view, model, names } = this;
    const [d_in, d_out] = model.network.layers.slice(l, l + 2);
    const at = (i, j) => view.parameters[model.network.place(l, i, j)];
    const grid = (rows, columns, cell) =>
      Array.from({ length: rows }, (_, i) => Array.from({ length: columns }, (_, j) => cell(i, j)));
    const [a, delta] = [view.a[l], view.delta[l]];
    const bias = names.biases.length > 0;
    const forward = [matrix([a]), operator("·"), matrix(grid(d_in, d_out, at))];
    if (bias) forward.push(operator("+"), matrix([grid(1, d_out, (_, j) => at(d_in, j))[0]]));
    const lines = [
      ["Forward", `z = a·W${bias ? " + b" : ""}`, [...forward, operator("="), matrix([view.z[l]])]],
      [
        "Gradients",
        "∂E/∂W = aᵀ·δ",
        [
          matrix(a.map((v) => [v])),
          operator("·"),
          matrix([delta]),
          operator("="),
          matrix(grid(d_in, d_out, (i, j) => a[i] * delta[j])),
        ],
      ],
    ];
    if (l > 0)
      lines.splice(1, 0, [
        "Backward",
        "∂E/∂a = δ·Wᵀ",
        [
          matrix([delta]),
          operator("·"),
          matrix(grid(d_out, d_in, (j, i) => at(i, j))),
          operator("="),
          matrix([view.rise[l - 1]]),
        ],
      ]);
    const rows = lines.map(([name, symbols, nodes]) =>
      element(
        "p",
        "",
        element("span", "muted", `${name}: `),
        formula(symbols),
        element("br"),
        math(nodes),
      ),
    );
    return element(
      "details",
      "",
      element("summary", "", "The same as matrices"),
      scrolling("The layer as matrices", ...rows),
    );
  }

  update() {
    const { model, view } = this;
    const part = model.parts[0];
    const [old, slope, fresh] = [view.parameters, view.gradient, view.next.parameters].map(
      (row) => row[part.place],
    );
    this.updated = true;
    const grows = fresh > old ? "grows" : "shrinks";
    const says =
      "Every weight takes a step against its slope, as long as the learning rate says. " +
      (slope === 0
        ? `${part.name} has no slope, and stays.`
        : `More of ${part.name} makes the error ${slope < 0 ? "smaller" : "larger"}, so it ${grows}: ${number(old)} − ${number(view.rate)}·${signed(slope)} = ${number(fresh)}.`);
    const lit = { parts: model.parts.map(({ name }) => name), units: [], flow: 0 };
    this.add("update", "The update: one step downhill", says, lit, () => {
      const rule = element("p", "rule", formula("new_w = w - learning_rate·∂E/∂w"));
      const rows = model.parts.map(({ name, place }) => [
        formula(name),
        number(view.parameters[place]),
        number(view.gradient[place]),
        number(view.next.parameters[place]),
      ]);
      return [
        rule,
        scrolling("Old and new weights", tableOf(["weight", "old", "gradient", "new"], rows)),
      ];
    });
  }

  again() {
    const { names, view } = this;
    const { error, next } = view;
    const change = Math.abs(next.error / error - 1);
    const share =
      change < 10 ? `, ${number(100 * change, 2)} % ${next.error < error ? "less" : "more"}` : "";
    const verdict =
      next.error <= error
        ? next.error <= CLOSE
          ? "That is close to zero."
          : "That was one step of gradient descent. Repeat it until the error is close to zero."
        : "The error has grown: the step was too long, the learning rate is too large.";
    const says =
      `With the new weights the prediction is ${listed(next.prediction.map((p) => number(p, 10)))} and the error ` +
      `${number(next.error)}. It was ${number(error)}${error > 0 ? share : ""}. ${verdict}`;
    const everything = names.layers.flatMap((units, l) => units.map((_, k) => `${l + 1}:${k}`));
    this.felt.clear();
    this.graded.clear();
    this.add(
      "again",
      "Forward again: is it better?",
      says,
      { units: [...everything, "E"], parts: [], flow: 1, fresh: true },
      () => {
        const rows = [
          ...names.prediction_names.map((name, k) => [
            formula(name),
            number(view.prediction[k], 10),
            number(next.prediction[k], 10),
            number(view.y[k]),
          ]),
          [formula("E"), number(error, 10), number(next.error, 10), "0"],
        ];
        return [scrolling("Before and after", tableOf(["", "before", "after", "goal"], rows))];
      },
    );
  }
}
