// The learning rate has to be guessed: 10,000 guesses at once, what they lead to, and where theory
// sees the border.

const RATES = 10000;
const SCOUTS = 400; // rates that look for the range worth a sweep
const DECADES = 8; // how far they look, each way
const PATIENCE = 12; // milliseconds of computing before the page gets a turn

const geometric = (low, high, n) =>
  Float64Array.from({ length: n }, (_, k) => low * (high / low) ** (k / (n - 1)));

const breathe = () => new Promise((resolve) => setTimeout(resolve));

// The error after some steps with every rate; null once a newer sweep has begun. `spent` is told
// the milliseconds of computing.
const errorsOf = async ({ model, start, x, y, steps }, rates, current, spent) => {
  const network = new Network(model.names.network);
  const errors = new Float64Array(rates.length);
  let begun = performance.now();
  for (let k = 0; k < rates.length; k++) {
    errors[k] = errorAfter(network, start, x, y, rates[k], steps);
    if (performance.now() - begun < PATIENCE) continue;
    spent(performance.now() - begun);
    await breathe();
    if (!current()) return null;
    begun = performance.now();
  }
  spent(performance.now() - begun);
  return errors;
};

// Where it crawls, is best and diverges, as explaining/sweep.py defines them.
const landmarks = (rates, errors, first) => {
  const wild = errors.findIndex((error) => error > first);
  const calm = errors.subarray(0, wild < 0 ? errors.length : wild);
  const best = calm.reduce((at, error, k) => (error < calm[at] ? k : at), 0);
  const calmest = errors.findLastIndex((error) => error <= first); // above it, every rate diverges
  const always = calmest > wild && calmest + 1 < rates.length ? rates[calmest] : undefined;
  const diverging = { diverges: rates[wild], always };
  if (!calm.length || !(calm[best] < first)) return diverging;
  const slow = errors.findIndex((error) => error <= (first + errors[best]) / 2);
  const crawls = slow > 0 ? rates[slow] : undefined;
  return { best: rates[best], bestError: errors[best], crawls, ...diverging };
};

// 2 / largest eigenvalue of the Hessian; undefined where no direction curves upwards.
const theoryBorder = (network, parameters, x, y) => {
  const curvature = largestEigenvalue(hessian(network, parameters, x, y));
  const noise = 1e-9 * Math.max(...network.gradient.map(Math.abs));
  return curvature > noise ? 2 / curvature : undefined;
};

// All of a sweep over a range, or over the range worth a look where none is given.
const runSweep = async (job, range, current) => {
  let milliseconds = 0;
  const spent = (more) => (milliseconds += more);
  const network = new Network(job.model.names.network);
  const first = network.learn(job.start, job.x, job.y);
  const border = theoryBorder(network, job.start, job.x, job.y);
  const found = range ?? (await scout(job, first, border, current));
  if (!found) return null;
  const rates = geometric(...found, RATES);
  const errors = await errorsOf(job, rates, current, spent);
  return errors && { ...job, range: found, rates, errors, first, border, milliseconds };
};

const scout = async (job, first, border, current) => {
  const guess = border ?? (job.rate || 1);
  const rates = geometric(guess * 10 ** -DECADES, guess * 10 ** DECADES, SCOUTS);
  const errors = await errorsOf(job, rates, current, () => {});
  if (!errors) return null;
  const { best, crawls, diverges } = landmarks(rates, errors, first);
  const middle = best ?? guess;
  const own = job.rate || middle;
  return [
    Math.min((crawls ?? middle) / 10, (diverges ?? middle) / 10, own),
    Math.max((crawls ?? middle) * 10, (diverges ?? middle) * 10, own),
  ];
};

// What a sweep found, in words.
const sweepWords = (
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
