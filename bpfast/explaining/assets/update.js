// The stages of the update, and of the forward pass that shows what it led to.

import { CLOSE } from "./descent.js";
import { element, scrolling, tableOf } from "./elements.js";
import { formula } from "./formulas.js";
import { listed, number, signed } from "./words.js";

export const updateStage = (model, view) => ({
  phase: "update",
  title: "The update: one step downhill",
  sentence: `Every weight takes a step against its slope, as long as the learning rate says. ${firstUpdate(model, view)}`,
  parts: model.parts.map(({ name }) => name),
  units: [],
  flow: 0,
  body: () => {
    const rule = element("p", "rule", formula("new_w = w - learning_rate·∂E/∂w"));
    const rows = model.parts.map(({ name, index }) => [
      formula(name),
      number(view.parameters[index]),
      number(view.gradient[index]),
      number(view.next.parameters[index]),
    ]);
    const table = tableOf(["weight", "old", "gradient", "new"], rows);
    return [rule, scrolling("Old and new weights", table)];
  },
});

const firstUpdate = ({ parts: [{ name, index }] }, view) => {
  const [old, slope, fresh] = [view.parameters, view.gradient, view.next.parameters].map(
    (row) => row[index],
  );
  if (slope === 0) return `${name} has no slope, and stays.`;
  return (
    `More of ${name} makes the error ${slope < 0 ? "smaller" : "larger"}, ` +
    `so it ${fresh > old ? "grows" : "shrinks"}: ` +
    `${number(old)} − ${number(view.rate)}·${signed(slope)} = ${number(fresh)}.`
  );
};

export const againStage = (model, view) => {
  const { error, next } = view;
  const predictions = listed(next.prediction.map((p) => number(p, 10)));
  return {
    phase: "again",
    title: "Forward again: is it better?",
    sentence:
      `With the new weights the prediction is ${predictions} and the error ` +
      `${number(next.error)}. It was ${number(error)}${changeWords(error, next.error)}. ` +
      verdict(error, next.error),
    units: [...model.computedIds(), "E"],
    parts: [],
    flow: 1,
    fresh: true,
    body: () => [scrolling("Before and after", beforeAndAfter(model, view))],
  };
};

const changeWords = (before, after) => {
  const change = Math.abs(after / before - 1);
  if (before <= 0 || !(change < 10)) return "";
  return `, ${number(100 * change, 2)} % ${after < before ? "less" : "more"}`;
};

const verdict = (before, after) => {
  if (!(after <= before))
    return "The error has grown: the step was too long, the learning rate is too large.";
  if (after <= CLOSE) return "That is close to zero.";
  return "That was one step of gradient descent. Repeat it until the error is close to zero.";
};

const beforeAndAfter = ({ names }, view) => {
  const { next } = view;
  const rows = names.prediction_names.map((name, k) => [
    formula(name),
    number(view.prediction[k], 10),
    number(next.prediction[k], 10),
    number(view.y[k]),
  ]);
  rows.push([formula("E"), number(view.error, 10), number(next.error, 10), "0"]);
  return tableOf(["", "before", "after", "goal"], rows);
};
