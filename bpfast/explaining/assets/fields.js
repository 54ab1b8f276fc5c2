// The fields for inputs, targets, the learning rate and the weights at the start.

import { element } from "./elements.js";

const GREATEST = 1e6; // the largest number that can be typed: from it, no network overflows at once

const field = (name, value, change, attributes = {}) => {
  const input = element("input");
  const shown = Number(value.toPrecision(7)); // what is not edited keeps its other digits
  const limits = { min: -GREATEST, max: GREATEST };
  Object.assign(input, { type: "number", step: "any", name, ...limits, ...attributes });
  input.value = shown;
  input.addEventListener("input", () => {
    const typed = input.valueAsNumber;
    const fits = Number.isFinite(typed) && typed >= input.min && typed <= input.max;
    input.setAttribute("aria-invalid", String(!fits));
    if (fits) change(typed);
  });
  return element("label", "field", element("span", "", name), input);
};

const fieldGroup = (title, fields) => {
  const rows = element("div", "fields", ...fields);
  return element("fieldset", "", element("legend", "", title), rows);
};

// `changed` is called after each edit of the setup, with what was edited: "start", "sample" or "rate".
export const makeFields = (form, model, setup, changed) => {
  const { names } = model;
  const row = (labels, values) =>
    labels.map((name, k) =>
      field(name, values[k], (value) => {
        values[k] = value;
        changed("sample");
      }),
    );
  const rate = field(
    "learning rate",
    setup.rate,
    (value) => {
      setup.rate = value;
      changed("rate");
    },
    { min: 0, id: "rate" },
  );
  const parts = (wanted) =>
    model.parts
      .filter(({ bias }) => bias === wanted)
      .map(({ name, index }) =>
        field(name, setup.start[index], (value) => {
          setup.start[index] = value;
          changed("start");
        }),
      );
  const groups = [
    fieldGroup("Learning rate", [rate]),
    fieldGroup("Inputs", row(names.input_names, setup.x)),
    fieldGroup("Targets", row(names.target_names, setup.y)),
    fieldGroup("Weights at the start", parts(false)),
  ];
  if (names.biases.length) groups.push(fieldGroup("Biases at the start", parts(true)));
  form.replaceChildren(...groups);
};
