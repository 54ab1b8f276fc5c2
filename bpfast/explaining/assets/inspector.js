// One weight: its chain rule in symbols and numbers, each factor in its colour, and which parts of
// the network each factor is.

import { element, worded } from "./elements.js";
import { equation, formulaNodes, joined, numeral, symbolsAndNumbers } from "./formulas.js";
import { unitId } from "./model.js";
import { number } from "./words.js";

const COLOURS = 6; // classes f0 to f5
const WIDEST = 24; // characters of a factor

const factorColour = (k) => `f${k % COLOURS}`;

// What each factor of a chain rule lights in the drawing: unit or part to colour.
export const pathOf = (model, part) => {
  const path = new Map();
  part.factors.forEach((factor, k) => {
    const colour = factorColour(k);
    const bottom = factor.name.split("/∂")[1];
    if (k === 0) lightOnward(model, bottom, path, colour);
    else if (model.byName.has(factor.formula)) path.set(factor.formula, colour);
    else if (bottom !== part.name)
      path.set(unitOf(model, factor.name.slice(1).split("/")[0]), colour);
  });
  const last = factorColour(part.factors.length - 1);
  path.set(part.name, last);
  if (!part.bias) path.set(unitId(part.layer, part.i), last);
  return path;
};

const layerOf = (model, name) => model.units.findIndex((units) => units.includes(name));

const unitOf = (model, name) => {
  const layer = layerOf(model, name);
  return unitId(layer, model.units[layer].indexOf(name));
};

// A neuron and everything between it and the error.
const lightOnward = (model, name, path, colour) => {
  const layer = layerOf(model, name);
  path.set(unitOf(model, name), colour);
  path.set("E", colour);
  for (const part of model.parts) {
    if (part.bias || part.layer < layer) continue;
    if (part.layer > layer || part.source === name) path.set(part.name, colour);
  }
  for (let l = layer + 1; l < model.units.length; l++)
    for (const id of model.unitIds(l)) path.set(id, colour);
};

const factorFormula = (model, factor, view) => {
  const outputs = model.names.layers.at(-1);
  const output = outputs.findIndex((unit) => unit.gradient.name === factor.name);
  const text = output >= 0 ? model.outputFormula(output, view.y) : factor.formula;
  // a sum over paths keeps its name, and so does a formula that would not fit into a product
  if (text.includes("∂") || text.length > WIDEST) return factor.name;
  return text.includes(" ") ? `(${text})` : text;
};

const chainRule = (model, part, view) => {
  const line = (write) =>
    joined(
      "·",
      part.factors.map((factor, k) => ({ nodes: write(factor), colour: factorColour(k) })),
    );
  const result = view.gradient[part.index];
  const symbols = line((factor) => formulaNodes(factor.name));
  const meaning = line((factor) => formulaNodes(factorFormula(model, factor, view)));
  const numbers = line((factor) => [numeral(view.values[factor.name])]);
  return equation(`∂E/∂${part.name}`, [symbols, meaning, numbers], result);
};

const updateRule = (part, view) => {
  const text = `${part.name} - learning_rate·∂E/∂${part.name}`;
  const values = {
    [part.name]: view.parameters[part.index],
    learning_rate: view.rate,
    [`∂E/∂${part.name}`]: view.gradient[part.index],
  };
  const next = view.next.parameters[part.index];
  return equation(`new_${part.name}`, symbolsAndNumbers(text, values), next);
};

// What each factor says, in words.
const factorWords = (model, part, view) => {
  const list = element("ul", "factors");
  part.factors.forEach((factor, k) => {
    const [top, bottom] = factor.name.replaceAll("∂", "").split("/");
    const value = element("span", `swatch ${factorColour(k)}`, number(view.values[factor.name]));
    list.append(element("li", "", value, " ", ...worded(meaningOf(model, part, k, top, bottom))));
  });
  return list;
};

const meaningOf = (model, part, k, top, bottom) => {
  if (k === 0) {
    const several = part.factors[0].formula.includes("∂") ? ", over all paths together" : "";
    return `how the error changes with ${bottom}${several}`;
  }
  if (bottom === part.name)
    return part.bias
      ? `how ${top} changes with its bias: one for one`
      : `how ${top} changes with ${bottom}: the number that comes in, ${part.source}`;
  const factor = part.factors[k];
  if (model.byName.has(factor.formula))
    return `how ${top} changes with ${bottom}: the weight ${factor.formula}`;
  return `how ${top} changes with ${bottom}: the slope of its activation`;
};

export const inspect = (box, model, part, view) => {
  const way = part.bias ? `the bias of ${part.target}` : `from ${part.source} to ${part.target}`;
  const sentence =
    `${part.name}, ${way}, is ${number(view.parameters[part.index])}. A little more of it changes ` +
    `the error ${number(view.gradient[part.index])} times as much, because:`;
  box.replaceChildren(
    element("p", "", ...worded(sentence)),
    chainRule(model, part, view),
    factorWords(model, part, view),
    updateRule(part, view),
  );
};
