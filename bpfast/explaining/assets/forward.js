// The stages of a step's beginning and of its forward pass.

import { CLOSE } from "./descent.js";
import { equation, pieces, symbolsAndNumbers } from "./formulas.js";
import { unitId } from "./model.js";
import { listed, number, plural } from "./words.js";

export const firstStage = ({ names }, view) => {
  const { layers } = names.network;
  const hidden = layers.slice(1, -1).map((width) => plural(width, "hidden neuron"));
  const counts = [plural(layers[0], "input"), ...hidden, plural(layers.at(-1), "output")];
  const biases = names.biases.length ? ` and ${plural(names.biases.length, "bias", "biases")}` : "";
  const inputs = listed(view.x.map((v) => number(v)));
  const answer = listed(view.y.map((v) => number(v)));
  const sentence =
    `This network has ${listed(counts)}, joined by ${plural(names.weights.length, "weight")}${biases}. ` +
    `Given ${inputs}, it should answer ${answer}. Its weights are guesses, so its answer will be ` +
    "wrong. Backpropagation finds out how to change every weight to make it less wrong.";
  return { phase: "start", title: "A network that guesses", sentence, body: () => [] };
};

export const laterStage = ({ error, prediction }, step, firstError) => {
  const sentence =
    `After ${plural(step, "update")} the prediction is ` +
    `${listed(prediction.map((p) => number(p)))} and the error ${number(error)}; ` +
    `at the start it was ${number(firstError)}. ` +
    (error <= CLOSE
      ? "That is close to zero: the network has learned its answer."
      : "The same stages once more.");
  return { phase: "start", title: `After ${plural(step, "step")}`, sentence, body: () => [] };
};

// A neuron's weighted sum and activation.
export const neuronStage = (model, view, l, k) => {
  const unit = model.names.layers[l][k];
  const parts = model.arriving(l, unit.name);
  const [z, a] = [view.z[l][k], view.a[l + 1][k]];
  const bias = parts.some((part) => part.bias) ? ", with its bias" : "";
  const sources = parts.filter((part) => !part.bias).map((part) => unitId(l, part.i));
  return {
    phase: "forward",
    title: `Forward: ${unit.name}`,
    sentence:
      `${unit.name} multiplies every number that reaches it by the weight on its way, and adds ` +
      `them up${bias}: ${number(z, unit.slope ? 7 : 10)}. ${activationWords(model, l, unit, a)}`,
    units: [unitId(l + 1, k), ...sources],
    parts: parts.map((part) => part.name),
    flow: 1,
    body: () => neuronEquations(model, view, l, k, parts),
  };
};

const activationWords = (model, l, unit, a) => {
  const { inverseLink } = model.network.loss;
  if (!unit.slope)
    return inverseLink === "identity"
      ? "That is the network's answer."
      : `This is not yet a ${inverseLink === "exp" ? "rate" : "probability"}.`;
  const name = model.activationName(l);
  if (name === "identity") return "Its activation, the identity, hands that on as it is.";
  return `Its activation, ${name}, turns that into ${number(a)}.`;
};

const neuronEquations = (model, view, l, k, parts) => {
  const { name, pre_activation_name: z, slope } = model.names.layers[l][k];
  const terms = parts.map((part) => (part.bias ? part.name : `${part.source}·${part.name}`));
  const sum = equation(z, symbolsAndNumbers(terms.join(" + "), view.values), view.z[l][k]);
  if (!slope) return [sum];
  const activation = model.activationName(l);
  const lines =
    activation === "identity" ? [pieces(z)] : symbolsAndNumbers(`${activation}(${z})`, view.values);
  return [sum, equation(name, lines, view.a[l + 1][k])];
};

const INVERSE_LINK_SENTENCES = {
  softmax:
    "Softmax turns the logits into probabilities: the exponential of each, divided by the sum of " +
    "all, so that together they make 1.",
  sigmoid: "The sigmoid squeezes each logit into a probability between 0 and 1.",
  exp: "The exponential turns each logarithm into a rate above 0.",
};

// What makes predictions of the outputs' logits or logarithms.
export const inverseLinkStage = (model, view) => {
  const { names } = model;
  const { inverseLink } = model.network.loss;
  return {
    phase: "forward",
    title: `Forward: the ${inverseLink === "exp" ? "rate" : "probability"}`,
    sentence: INVERSE_LINK_SENTENCES[inverseLink],
    units: model.unitIds(names.layers.length),
    body: () =>
      names.prediction_names.map((name, k) => {
        const output = names.layers.at(-1)[k].name;
        const text =
          inverseLink === "softmax" ? `exp(${output}) / Σ exp(logit)` : `${inverseLink}(${output})`;
        return equation(name, symbolsAndNumbers(text, view.values), view.prediction[k]);
      }),
  };
};
