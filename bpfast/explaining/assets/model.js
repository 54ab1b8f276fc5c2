// The explained network by its names: what bpfast wrote into the page, and the numbers of any step.

import { descend } from "./descent.js";
import { Network } from "./network.js";

// A neuron's name in a stage's sets and in the drawing; layer 0 has the inputs.
export const unitId = (layer, k) => `${layer}:${k}`;

// What a pass leaves in the network, until the next one overwrites it.
const PASS = ["z", "a", "prediction", "terms"];
const GRADIENTS = ["gradient", "slope", "activationGradient", "delta"];

const copied = (network, names) => {
  const copy = (values) => Array.from(values, (v) => (typeof v === "number" ? v : [...v]));
  return Object.fromEntries(names.map((name) => [name, copy(network[name])]));
};

export class Model {
  constructor(explanation) {
    this.names = explanation;
    this.network = new Network(explanation.network);
    this.units = [
      explanation.input_names,
      ...explanation.layers.map((layer) => layer.map((unit) => unit.name)),
    ];
    this.parts = [...explanation.weights, ...explanation.biases].map((part) => this.locate(part));
    this.byName = new Map(this.parts.map((part) => [part.name, part]));
  }

  // A weight or bias with the neurons i and j that it joins, and its index among the parameters.
  locate({ name, layer, source, target, factors }) {
    const j = this.units[layer + 1].indexOf(target);
    const bias = source === "1";
    const i = bias ? this.units[layer].length : this.units[layer].indexOf(source);
    const index = this.network.parameterIndex(layer, i, j);
    return { name, layer, source, target, factors, bias, i, j, index };
  }

  // The weights that lead to a neuron, and its bias last.
  arriving(layer, target) {
    return this.parts.filter((part) => part.layer === layer && part.target === target);
  }

  // The ids of a layer's neurons, or of the neurons in all layers after the inputs.
  unitIds(layer) {
    return this.units[layer].map((_, k) => unitId(layer, k));
  }

  computedIds() {
    return this.names.layers.flatMap((_, l) => this.unitIds(l + 1));
  }

  activationName(layer) {
    const { activation } = this.names.network;
    return Array.isArray(activation) ? activation[layer] : activation;
  }

  // Matrices and vectors as one array, in the order of the network's parameters.
  flatten({ weights, biases }) {
    const flat = new Float64Array(this.network.size);
    weights.forEach((rows, layer) => flat.set(rows.flat(), this.network.starts[layer]));
    biases.forEach((vector, l) =>
      flat.set(vector, this.network.parameterIndex(l, this.units[l].length, 0)),
    );
    return flat;
  }

  // Where bpfast's own step began.
  setup() {
    const { network } = this.names;
    const { x, y, learning_rate: rate } = network;
    return { start: this.flatten(network), x: [...x], y: [...y], rate };
  }

  // All numbers of a step from `parameters`: by layer and neuron, in `values` by name, in `next` after it.
  view(parameters, { x, y, rate }) {
    const { network } = this;
    const error = network.computeGradient(parameters, x, y);
    const before = {
      ...copied(network, [...PASS, ...GRADIENTS]),
      parameters: [...parameters],
      error,
    };
    const moved = Float64Array.from(parameters);
    descend(moved, network.gradient, rate);
    network.forward(moved, x);
    const nextError = network.computeError(y);
    const next = { ...copied(network, PASS), parameters: [...moved], error: nextError };
    return { ...before, x, y, rate, next, values: this.values(before, y) };
  }

  // The numbers of all names that a formula may have.
  values({ z, a, slope, activationGradient, delta, prediction, parameters }, y) {
    const { names } = this;
    const values = { 1: 1 };
    names.input_names.forEach((name, k) => (values[name] = a[0][k]));
    names.layers.forEach((layer, l) =>
      layer.forEach((unit, k) => {
        values[unit.pre_activation_name] = z[l][k];
        values[unit.name] = a[l + 1][k];
        values[unit.gradient.name] = activationGradient[l][k];
        values[`∂E/∂${unit.pre_activation_name}`] = delta[l][k];
        if (unit.slope) values[unit.slope.name] = slope[l][k];
      }),
    );
    names.prediction_names.forEach((name, k) => (values[name] = prediction[k]));
    names.target_names.forEach((name, k) => (values[name] = y[k]));
    this.parts.forEach(({ name, index, factors, source }) => {
      values[name] = parameters[index];
      values[factors.at(-1).name] = values[source];
    });
    names.layers
      .flat()
      .forEach(({ links }) =>
        links.forEach(({ name, formula }) => (values[name] = values[formula])),
      );
    return values;
  }

  // The derivative of the error with respect to an output, in symbols.
  outputFormula(k, y) {
    const total = y.reduce((sum, t) => sum + t, 0);
    const { prediction_names: predictions, target_names: targets } = this.names;
    if (this.network.loss.inverseLink === "softmax" && total !== 1)
      return `${predictions[k]}·${total} - ${targets[k]}`;
    return this.names.layers.at(-1)[k].gradient.formula;
  }
}
