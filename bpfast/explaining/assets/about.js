// What the page says of the network as a whole, and of bpfast's own numbers.

import { number, plural } from "./words.js";

// Its layers, activations and loss.
export const shapeWords = (model) => {
  const { layers, loss } = model.names.network;
  const hidden = layers
    .slice(1, -1)
    .map((width, l) => `${width} hidden (${model.activationName(l)})`);
  const shape = [plural(layers[0], "input"), ...hidden, plural(layers.at(-1), "output")];
  return `${shape.join(" → ")}; error: ${loss.replaceAll("_", " ")}`;
};

// How far the page's gradients of the first step are from those of bpfast's kernels.
export const agreementWords = (model) => {
  const { weights, biases, device } = model.names;
  const setup = model.setup();
  const own = model.view(setup.start, setup).gradient;
  const gaps = [...weights, ...biases].map(({ name, gradient }) =>
    Math.abs(gradient - own[model.byName.get(name).index]),
  );
  const gap = Math.max(...gaps);
  return (
    `bpfast's kernels computed the gradients of the first step too (device: ${device}); what this ` +
    `page computes agrees with them to ${gap ? number(gap, 2) : "the last bit"}.`
  );
};
