// The explained network by its names: what bpfast wrote into the page, and any step's numbers.

class Model {
  constructor(explanation) {
    this.names = explanation;
    this.network = new Network(explanation.network);
    this.units = [
      explanation.input_names,
      ...explanation.layers.map((layer) => layer.map((unit) => unit.name)),
    ];
    this.parts = [...explanation.weights, ...explanation.biases].map((part) => this.locate(part));
    this.byName = new Map(this.parts.map((part) => [part.name, part]));
    this.identity = explanation.network.loss; // which loss, for the words of the story
  }

  // A weight or bias with where it is: its source (null for a bias), target, and parameter index.
  locate({ name, layer, source, target, factors }) {
    const j = this.units[layer + 1].indexOf(target);
    const bias = source === "1";
    const i = bias ? this.units[layer].length : this.units[layer].indexOf(source);
    return {
      name,
      layer,
      source,
      target,
      factors,
      bias,
      i,
      j,
      place: this.network.place(layer, i, j),
    };
  }

  // The parts that lead to a neuron, its bias last.
  arriving(layer, target) {
    return this.parts.filter((part) => part.layer === layer && part.target === target);
  }

  activationName(layer) {
    const { activation } = this.names.network;
    return Array.isArray(activation) ? activation[layer] : activation;
  }

  // The parameters in the order of the network's arithmetic, from matrices and vectors.
  parameters({ weights, biases }) {
    const flat = new Float64Array(this.network.size);
    weights.forEach((rows, layer) => flat.set(rows.flat(), this.network.starts[layer]));
    biases.forEach((vector, l) => flat.set(vector, this.network.place(l, this.units[l].length, 0)));
    return flat;
  }

  // Every number of one step, apart and by name.
  view(parameters, x, y, rate) {
    const { network } = this;
    const copied = () => ({
      z: network.z.map((row) => [...row]),
      a: network.a.map((row) => [...row]),
      prediction: [...network.prediction],
      terms: [...network.terms],
    });
    const error = network.learn(parameters, x, y);
    const before = {
      ...copied(),
      parameters: [...parameters],
      gradient: [...network.gradient],
      slope: network.slope.map((row) => [...row]),
      rise: network.rise.map((row) => [...row]),
      delta: network.delta.map((row) => [...row]),
      error,
    };
    const moved = Float64Array.from(parameters);
    descend(moved, network.gradient, rate);
    network.forward(moved, x);
    const nextError = network.judge(y);
    const next = { ...copied(), parameters: [...moved], error: nextError };
    return { ...before, x, y, rate, next, values: this.values(before, y) };
  }

  // All that a formula may name.
  values({ z, a, slope, rise, delta, prediction, parameters }, y) {
    const { names } = this;
    const values = { 1: 1 };
    names.input_names.forEach((name, k) => (values[name] = a[0][k]));
    names.layers.forEach((layer, l) =>
      layer.forEach((unit, k) => {
        values[unit.pre_activation_name] = z[l][k];
        values[unit.name] = a[l + 1][k];
        values[unit.gradient.name] = rise[l][k];
        values[`∂E/∂${unit.pre_activation_name}`] = delta[l][k];
        if (unit.slope) values[unit.slope.name] = slope[l][k];
      }),
    );
    names.prediction_names.forEach((name, k) => (values[name] = prediction[k]));
    names.target_names.forEach((name, k) => (values[name] = y[k]));
    this.parts.forEach(({ name, place, factors, source }) => {
      values[name] = parameters[place];
      values[factors.at(-1).name] = values[source];
    });
    names.layers.forEach((layer) =>
      layer.forEach((unit) =>
        unit.links.forEach((link) => (values[link.name] = values[link.formula])),
      ),
    );
    return values;
  }

  // The derivative of the error with respect to an output, in symbols.
  outputFormula(k, y) {
    const total = y.reduce((sum, t) => sum + t, 0);
    const { prediction_names: predictions, target_names: targets } = this.names;
    if (this.network.loss.link === "softmax" && total !== 1)
      return `${predictions[k]}·${total} - ${targets[k]}`;
    return this.names.layers.at(-1)[k].gradient.formula;
  }
}
