// One step of gradient descent as stages: their order, and what is known at each.
//
// A stage has its phase, a title, a sentence with the numbers put in, a `body` that makes its
// formulas, and what the drawing lights: `units`, `parts` (weights and biases), and the direction
// of the `flow` through them. `fresh` says that neurons show their values after the update.

import { errorStage, slopeStage } from "./error.js";
import { deltaStage, gradientStage } from "./backward.js";
import { firstStage, laterStage, inverseLinkStage, neuronStage } from "./forward.js";
import { againStage, updateStage } from "./update.js";

export const PHASES = ["start", "forward", "error", "backward", "gradients", "update", "again"];

export const stagesOf = (model, view, step, firstError) => {
  const { layers } = model.names;
  const backwards = [...layers.keys()].reverse();
  const stages = [];
  const known = {
    values: new Set(model.unitIds(0)), // ids of neurons
    deltas: new Set(), // ids of neurons
    gradients: new Set(), // layers
    error: false,
    updated: false,
  };
  // The sets are copied: the next stages know more. What is `different` holds for this stage only.
  const add = (stage, different = {}) => {
    const [values, deltas, gradients] = [known.values, known.deltas, known.gradients].map(
      (set) => new Set(set),
    );
    stages.push({ ...stage, known: { ...known, values, deltas, gradients, ...different } });
  };

  if (step === 0) add(firstStage(model, view));
  else {
    const values = new Set([...known.values, ...model.computedIds()]);
    add(laterStage(view, step, firstError), { values, error: true });
  }
  layers.forEach((units, l) =>
    model.unitIds(l + 1).forEach((id, k) => {
      known.values.add(id);
      add(neuronStage(model, view, l, k));
    }),
  );
  if (model.network.loss.inverseLink !== "identity") add(inverseLinkStage(model, view));
  known.error = true;
  add(errorStage(model, view));
  add(slopeStage(model, view));
  backwards.forEach((l) =>
    model.unitIds(l + 1).forEach((id, k) => {
      known.deltas.add(id);
      add(deltaStage(model, view, l, k));
    }),
  );
  backwards.forEach((l) => {
    known.gradients.add(l);
    add(gradientStage(model, view, l));
  });
  known.updated = true;
  add(updateStage(model, view));
  add(againStage(model, view), { deltas: new Set(), gradients: new Set() });
  return stages;
};
