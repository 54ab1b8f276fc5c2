// The stages of the error: how large it is, and how it changes with one weight.

import { equation, pieces, symbolsAndNumbers } from "./formulas.js";
import { listed, number, plain } from "./words.js";

export const errorStage = (model, view) => {
  const { names, network } = model;
  const mean = view.y.length > 1 && network.loss.average ? ", averaged over outputs" : "";
  const words = network.loss.meaning + mean;
  return {
    phase: "error",
    title: "The error: how wrong is that?",
    sentence: `${comparison(view)} The error E makes one number of it, ${words}.`,
    units: [...model.unitIds(names.layers.length), "E"],
    flow: 1,
    body: () => errorEquations(model, view),
  };
};

const comparison = ({ prediction, y }) => {
  if (y.length > 1) {
    const [predicted, wanted] = [prediction, y].map((row) => listed(row.map((v) => number(v, 4))));
    return `The prediction is ${predicted}, the target ${wanted}.`;
  }
  const [p, t] = [prediction[0], y[0]];
  const gap = `${number(Math.abs(p - t))} too ${p < t ? "low" : "high"}`;
  return `The prediction is ${number(p)}, the target ${number(t)}: ${p === t ? "exactly right" : gap}.`;
};

const errorEquations = ({ names, network }, { values, terms, y, error }) => {
  const many = y.length > 1;
  const symbols = names.error_formulas.map((_, k) => (many ? `E${k + 1}` : "E"));
  const each = names.error_formulas.map((text, k) =>
    equation(symbols[k], symbolsAndNumbers(text, values), terms[k]),
  );
  if (!many) return each;
  const sum = symbols.join(" + ");
  const total = network.loss.average ? `(${sum}) / ${y.length}` : sum;
  return [...each, equation("E", [pieces(total)], error)];
};

const NUDGE = 0.001;

// A derivative found the slow way, so that the chain rule has something to explain.
export const slopeStage = ({ network, parts: [part] }, view) => {
  const parameters = Float64Array.from(view.parameters);
  parameters[part.index] += NUDGE;
  network.forward(parameters, view.x);
  const error = network.computeError(view.y);
  const slope = (error - view.error) / NUDGE;
  const nudged = parameters[part.index];
  return {
    phase: "error",
    title: "Which way is down?",
    sentence:
      `Nudge ${part.name} from ${number(nudged - NUDGE)} to ${number(nudged)}, ` +
      `run forward again, and E goes from ${number(view.error)} to ${number(error, 10)}: about ` +
      `${number(slope, 3)} for each unit that ${part.name} grows. This slope, ∂E/∂${part.name}, says which ` +
      "way is down. But a forward pass for every weight takes far too long in a large network. The " +
      "chain rule finds all slopes at once, exactly, in one pass backwards.",
    parts: [part.name],
    units: [],
    flow: 0,
    body: () => [
      equation("slope", [pieces(`(${plain(error)} - ${plain(view.error)}) / ${NUDGE}`)], slope),
    ],
  };
};
