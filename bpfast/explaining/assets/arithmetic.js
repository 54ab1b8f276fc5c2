// Activations and losses of one number, with their slopes, in float64. The formulas are those of
// bpfast's kernels/math.py; a test compares all of them with the reference.

const sigmoid = (z) => {
  const e = Math.exp(-Math.abs(z)); // never overflows
  return (z >= 0 ? 1 : e) / (1 + e);
};

// erf(x) = 2/√π · exp(-x²) · Σ 2ⁿ·x²ⁿ⁺¹ / (1·3·5···(2n+1)): all terms have one sign, none cancel
const erf = (x) => {
  if (Math.abs(x) > 6) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
};

const normal = (z) => 0.5 * (1 + erf(z * Math.SQRT1_2)); // Φ
const density = (z) => Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI); // φ

// a = value(z), and da/dz = slope(z, a)
export const ACTIVATIONS = {
  identity: { value: (z) => z, slope: () => 1 },
  relu: { value: (z) => (z < 0 ? 0 : z), slope: (z) => (z > 0 ? 1 : 0) },
  leaky_relu: { value: (z) => z * (z > 0 ? 1 : 0.01), slope: (z) => (z > 0 ? 1 : 0.01) },
  tanh: { value: Math.tanh, slope: (z, a) => 1 - a * a },
  sigmoid: { value: sigmoid, slope: (z, a) => a * (1 - a) },
  softplus: { value: (z) => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))), slope: sigmoid },
  elu: {
    value: (z) => Math.max(z, 0) + Math.expm1(Math.min(z, 0)),
    slope: (z, a) => (a > -0.9 ? Math.min(a, 0) + 1 : Math.exp(z)),
  },
  silu: { value: (z) => z * sigmoid(z), slope: (z, a) => sigmoid(z) + a * (1 - sigmoid(z)) },
  gelu: { value: (z) => z * normal(z), slope: (z) => normal(z) + z * density(z) },
};

// What turns an output's linear value into a prediction, one by one.
export const LINKS = { exp: Math.exp, sigmoid };

// Of one output: p is its linear value, t its target, c huber's delta or quantile's level.
export const LOSSES = {
  half_squared_error: { value: (p, t) => 0.5 * (p - t) * (p - t), slope: (p, t) => p - t },
  mse: { value: (p, t) => (p - t) * (p - t), slope: (p, t) => 2 * (p - t), average: true },
  mae: { value: (p, t) => Math.abs(p - t), slope: (p, t) => Math.sign(p - t), average: true },
  huber: {
    value: (p, t, c) => {
      const e = Math.abs(p - t);
      return e < c ? 0.5 * e * e : c * (e - 0.5 * c);
    },
    slope: (p, t, c) => Math.min(Math.max(p - t, -c), c),
    average: true,
  },
  quantile: {
    value: (p, t, c) => (t > p ? c : c - 1) * (t - p),
    slope: (p, t, c) => (p > t ? 1 - c : 0) - (p < t ? c : 0),
  },
  poisson: {
    value: (p, t) => {
      const d = p - Math.log(t > 0 ? t : 1);
      const near = Math.abs(d) < 1 && t > 0;
      return near ? t * (Math.expm1(d) - d) : Math.exp(p) - t * (d + 1);
    },
    slope: (p, t) => Math.exp(p) - t,
    link: "exp",
  },
  binary_cross_entropy: {
    value: (p, t) => p * ((p > 0 ? 1 : 0) - t) + Math.log1p(Math.exp(-Math.abs(p))),
    slope: (p, t) => sigmoid(p) - t,
    link: "sigmoid",
  },
  cross_entropy: { link: "softmax" }, // its outputs depend on each other: see Network.computeError
};
