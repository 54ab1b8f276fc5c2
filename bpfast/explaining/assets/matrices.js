// A layer's passes as products of matrices, the way a computer does them.

import { element, scrolling } from "./elements.js";
import { formula, math, matrix, operator } from "./formulas.js";

export const layerAsMatrices = (model, view, l) => {
  const lines = [forwardLine(model, view, l), gradientLine(view, l)];
  if (l > 0) lines.splice(1, 0, backwardLine(model, view, l));
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
};

const forwardLine = ({ network, names }, { parameters, a, z }, l) => {
  const weights = weightRows(network, parameters, l);
  const product = [matrix([a[l]]), operator("·"), matrix(weights)];
  const result = [operator("="), matrix([z[l]])];
  if (!names.biases.length) return ["Forward", "z = a·W", [...product, ...result]];
  const first = network.parameterIndex(l, weights.length, 0);
  const biases = parameters.slice(first, first + z[l].length);
  return ["Forward", "z = a·W + b", [...product, operator("+"), matrix([biases]), ...result]];
};

const backwardLine = ({ network }, { parameters, delta, activationGradient }, l) => {
  const weights = weightRows(network, parameters, l);
  const transposed = delta[l].map((_, j) => weights.map((row) => row[j]));
  const product = [matrix([delta[l]]), operator("·"), matrix(transposed)];
  return [
    "Backward",
    "∂E/∂a = δ·Wᵀ",
    [...product, operator("="), matrix([activationGradient[l - 1]])],
  ];
};

const gradientLine = ({ a, delta }, l) => {
  const product = [matrix(a[l].map((v) => [v])), operator("·"), matrix([delta[l]])];
  const gradients = a[l].map((v) => delta[l].map((d) => v * d));
  return ["Gradients", "∂E/∂W = aᵀ·δ", [...product, operator("="), matrix(gradients)]];
};

// W, a row for each source.
const weightRows = (network, parameters, l) => {
  const [rows, columns] = network.layers.slice(l, l + 2);
  return Array.from({ length: rows }, (_, i) => {
    const first = network.parameterIndex(l, i, 0);
    return parameters.slice(first, first + columns);
  });
};
