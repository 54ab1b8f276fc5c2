// A layer's passes as products of matrices, the way a computer does them.

import { element, scrolling } from "./elements.js";
import { formula, math, matrix, operator } from "./formulas.js";

export const layerAsMatrices = (model, view, l) => {
  const lines = [forwardLine(model, view, l), gradientLine(view, l)];
  if (l > 0) lines.splice(1, 0, backwardLine(model, view, l));
  const summary = element("summary", "", "The same as matrices");
  return element("details", "", summary, scrolling("The layer as matrices", ...lines));
};

// Symbols, and below them matrices with the operators between them.
const line = (name, symbols, ...terms) => {
  const nodes = terms.map((term) => (typeof term === "string" ? operator(term) : matrix(term)));
  const label = element("span", "muted", `${name}: `);
  return element("p", "", label, formula(symbols), element("br"), math(nodes));
};

const forwardLine = ({ network, names }, { parameters, a, z }, l) => {
  const weights = weightRows(network, parameters, l);
  if (!names.biases.length) return line("Forward", "z = a·W", [a[l]], "·", weights, "=", [z[l]]);
  const first = network.parameterIndex(l, weights.length, 0);
  const biases = parameters.slice(first, first + z[l].length);
  return line("Forward", "z = a·W + b", [a[l]], "·", weights, "+", [biases], "=", [z[l]]);
};

const backwardLine = ({ network }, { parameters, delta, activationGradient }, l) => {
  const weights = weightRows(network, parameters, l);
  const transposed = delta[l].map((_, j) => weights.map((row) => row[j]));
  const result = [activationGradient[l - 1]];
  return line("Backward", "∂E/∂a = δ·Wᵀ", [delta[l]], "·", transposed, "=", result);
};

const gradientLine = ({ a, delta }, l) => {
  const gradients = a[l].map((v) => delta[l].map((d) => v * d));
  const column = a[l].map((v) => [v]);
  return line("Gradients", "∂E/∂W = aᵀ·δ", column, "·", [delta[l]], "=", gradients);
};

// W, a row for each source.
const weightRows = (network, parameters, l) => {
  const [rows, columns] = network.layers.slice(l, l + 2);
  return Array.from({ length: rows }, (_, i) => {
    const first = network.parameterIndex(l, i, 0);
    return parameters.slice(first, first + columns);
  });
};
