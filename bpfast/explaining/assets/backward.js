// The stages of the backward pass: every neuron's delta, then every layer's gradients.

import { scrolling, tableOf } from "./elements.js";
import { equation, formula, pieces, symbolsAndNumbers } from "./formulas.js";
import { layerAsMatrices } from "./matrices.js";
import { unitId } from "./model.js";
import { listed, number, plural } from "./words.js";

export const deltaStage = (model, view, l, k) => {
  const unit = model.names.layers[l][k];
  const stage = unit.slope ? hiddenDelta : outputDelta;
  return {
    phase: "backward",
    title: `Backward: ${unit.name}`,
    flow: -1,
    ...stage(model, view, l, k, unit),
  };
};

const outputDelta = (model, { delta, values, y }, l, k, { name, gradient }) => {
  const value = delta[l][k];
  const meaning =
    value === 0
      ? ": not at all."
      : `: a larger ${name} makes the error ${value < 0 ? "smaller" : "larger"}. This is the output's delta.`;
  const text = model.outputFormula(k, y);
  return {
    sentence: `Now backwards, from the error. If ${name} grew a little, E would change ${number(value)} times as much${meaning}`,
    units: [unitId(l + 1, k), "E"],
    body: () => [equation(gradient.name, symbolsAndNumbers(text, values), value)],
  };
};

const hiddenDelta = (model, view, l, k, unit) => {
  const after = model.units[l + 2];
  const ways =
    after.length === 1
      ? `only through ${after[0]}`
      : `through ${plural(after.length, "neuron")} of the next layer`;
  const [gradient, slope, delta] = [view.activationGradient, view.slope, view.delta].map((rows) =>
    number(rows[l][k]),
  );
  return {
    sentence:
      `${unit.name} reaches the error ${ways}. What arrives from there, times the weight on the way, is ` +
      `${gradient}: how E changes with ${unit.name}. Its activation has the slope ${slope} here, ` +
      `so ${unit.pre_activation_name} gets ${delta}. This is its delta.`,
    units: [unitId(l + 1, k), ...model.unitIds(l + 2)],
    parts: unit.links.map((link) => link.formula),
    body: () => hiddenEquations(model, view, l, k, unit),
  };
};

const hiddenEquations = (model, view, l, k, { gradient, slope, pre_activation_name: z }) => {
  const { values } = view;
  const slopeEquation =
    model.activationName(l) === "identity"
      ? equation(slope.name, [pieces("1")])
      : equation(slope.name, symbolsAndNumbers(slope.formula, values), view.slope[l][k]);
  const product = `${gradient.name}·${slope.name}`;
  return [
    equation(
      gradient.name,
      symbolsAndNumbers(gradient.formula, values),
      view.activationGradient[l][k],
    ),
    slopeEquation,
    equation(`∂E/∂${z}`, symbolsAndNumbers(product, values), view.delta[l][k]),
  ];
};

// The gradients of all weights and biases that lead into a layer.
export const gradientStage = (model, view, l) => {
  const { names } = model;
  const parts = model.parts.filter((part) => part.layer === l);
  const units = model.units[l + 1];
  const where = units.length < 3 ? listed(units) : `${units[0]} to ${units.at(-1)}`;
  const first = parts.find((part) => !part.bias);
  const [delta, source] = [deltaName(model, first), first.source].map((name) =>
    number(view.values[name]),
  );
  return {
    phase: "gradients",
    title: `Gradients: the weights into ${where}`,
    sentence:
      "A weight's gradient is the delta of the neuron it leads to, times the number that travels along it. " +
      `Both are known: for ${first.name} they are ${delta} and ${source}, ` +
      `which makes ${number(view.gradient[first.index])}.` +
      (names.biases.length ? " A bias travels with a 1." : ""),
    parts: parts.map((part) => part.name),
    units: model.unitIds(l + 1),
    flow: -1,
    body: () => [gradientTable(model, view, parts), layerAsMatrices(model, view, l)],
  };
};

const deltaName = ({ names }, { layer, j }) => `∂E/∂${names.layers[layer][j].pre_activation_name}`;

const gradientTable = (model, { values, gradient }, parts) => {
  const rows = parts.map((part) => {
    const delta = deltaName(model, part);
    const text = part.bias ? delta : `${delta}·${part.source}`;
    return [
      formula(`∂E/∂${part.name}`),
      formula(text),
      formula(text, values),
      number(gradient[part.index]),
    ];
  });
  return scrolling("Gradients", tableOf(["gradient", "symbols", "numbers", "result"], rows));
};
