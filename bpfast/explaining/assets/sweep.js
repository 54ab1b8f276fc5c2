// The learning rate has to be guessed: 10,000 guesses at once, what they lead to, and where theory
// sees the border.

import { hessian, largestEigenvalue } from "./curvature.js";
import { errorAfter } from "./descent.js";
import { Network } from "./network.js";
import { number, plural } from "./words.js";

export const RATES = 10000;
const SCOUTS = 400; // rates that look for the range worth a sweep
const DECADES = 8; // how far they look, each way
const PATIENCE = 12; // milliseconds of computing before the page may respond to events

const geometric = (low, high, n) =>
  Float64Array.from({ length: n }, (_, k) => low * (high / low) ** (k / (n - 1)));

const letPageRespond = () => new Promise((resolve) => setTimeout(resolve));

// The error after all steps with each rate; null once a newer sweep has begun. `spent` is called
// with milliseconds of computing.
const errorsOf = async ({ network, setup, steps }, rates, current, spent) => {
  const errors = new Float64Array(rates.length);
  let begun = performance.now();
  for (let k = 0; k < rates.length; k++) {
    errors[k] = errorAfter(network, { ...setup, rate: rates[k] }, steps);
    if (performance.now() - begun < PATIENCE) continue;
    spent(performance.now() - begun);
    await letPageRespond();
    if (!current()) return null;
    begun = performance.now();
  }
  spent(performance.now() - begun);
  return errors;
};

// The rates where it crawls, is best and diverges, as bpfast's LearningRateSweep defines them.
export const landmarks = (rates, errors, first) => {
  const wild = errors.findIndex((error) => error > first);
  const calm = errors.subarray(0, wild < 0 ? errors.length : wild);
  const best = calm.reduce((least, error, k) => (error < calm[least] ? k : least), 0);
  const calmest = errors.findLastIndex((error) => error <= first); // above it, every rate diverges
  const always = calmest > wild && calmest + 1 < rates.length ? rates[calmest] : undefined;
  const diverging = { diverges: rates[wild], always };
  if (!calm.length || !(calm[best] < first)) return diverging;
  const slow = errors.findIndex((error) => error <= (first + errors[best]) / 2);
  const crawls = slow > 0 ? rates[slow] : undefined;
  return { best: rates[best], bestError: errors[best], crawls, ...diverging };
};

// 2 / largest eigenvalue of the Hessian; undefined where no direction curves upwards.
const theoryBorder = (network, setup) => {
  const curvature = largestEigenvalue(hessian(network, setup));
  const noise = 1e-9 * Math.max(...network.gradient.map(Math.abs));
  return curvature > noise ? 2 / curvature : undefined;
};

// Train with all rates of a range, or of the range worth a look where it is undefined. A job has the
// numbers of a network (as Network takes them), a setup and the steps of each training; null once
// `current` says that a newer sweep has begun.
export const runSweep = async (job, range, current) => {
  let milliseconds = 0;
  const spent = (more) => (milliseconds += more);
  const { setup, steps } = job;
  const training = { network: new Network(job.network), setup, steps };
  const first = training.network.computeGradient(setup.start, setup.x, setup.y);
  const border = theoryBorder(training.network, setup);
  const found = range ?? (await scout(training, first, border, current));
  if (!found) return null;
  const rates = geometric(...found, RATES);
  const errors = await errorsOf(training, rates, current, spent);
  return errors && { steps, range: found, rates, errors, first, border, milliseconds };
};

// The range worth a look.
const scout = async (training, first, border, current) => {
  const { rate } = training.setup;
  const guess = border ?? (rate || 1);
  const rates = geometric(guess * 10 ** -DECADES, guess * 10 ** DECADES, SCOUTS);
  const errors = await errorsOf(training, rates, current, () => {});
  if (!errors) return null;
  const { best, crawls, diverges } = landmarks(rates, errors, first);
  const middle = best ?? guess;
  const own = rate || middle;
  return [
    Math.min((crawls ?? middle) / 10, (diverges ?? middle) / 10, own),
    Math.max((crawls ?? middle) * 10, (diverges ?? middle) * 10, own),
  ];
};

// What a sweep found, in words.
export const sweepWords = (
  { steps, milliseconds, border, first },
  { best, bestError, crawls, diverges, always },
) => {
  const after = `after ${plural(steps, "step")}`;
  const said = [];
  if (best === undefined) said.push(`No rate here makes the error smaller ${after}.`);
  else
    said.push(
      `Best is ${number(best, 3)}: ${after} the error is ${number(bestError, 3)}, from ${number(first, 3)}.`,
    );
  if (crawls !== undefined)
    said.push(`Below ${number(crawls, 3)} it crawls: not half of the way is done.`);
  if (diverges === undefined) said.push("Nothing diverges in this range.");
  else {
    const mixed =
      always === undefined ? "" : `, here and there at first, above ${number(always, 3)} always`;
    said.push(
      `From ${number(diverges, 3)} on it diverges${mixed}: the error ends greater than it began.`,
    );
  }
  said.push(
    border === undefined
      ? "Theory has no border here: at the start the error curves upwards in no direction."
      : `Theory puts the border at 2/λmax = ${number(border, 3)}, from the curvature at the start; the curvature changes on the way, and the border with it.`,
  );
  said.push(
    `${RATES.toLocaleString("en")} trainings took ${number(milliseconds / 1000, 2)} s, here in your browser.`,
  );
  return said.join(" ");
};
