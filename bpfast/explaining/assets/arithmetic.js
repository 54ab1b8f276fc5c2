// One network on one sample: forward pass, error, backward pass and update, in float64.
// The formulas are those of bpfast's kernels/math.py; a test holds all of them against the
// reference. Nothing here knows of a page.

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
const ACTIVATIONS = {
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
const LINKS = { exp: Math.exp, sigmoid };

// Of one output: p is its linear value, t its target, c huber's delta or quantile's level.
const LOSSES = {
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
  cross_entropy: { link: "softmax" }, // its outputs depend on each other: see Network.judge
};

// A network's arithmetic. Its arrays are written over by each pass, so that training makes none.
class Network {
  constructor({ layers, activation, loss, bias, delta, quantile }) {
    const names = Array.isArray(activation) ? activation : layers.slice(2).map(() => activation);
    this.layers = layers;
    this.bias = bias;
    this.activations = names.map((name) => ACTIVATIONS[name]);
    this.loss = LOSSES[loss];
    this.lossParameter = loss === "quantile" ? quantile : delta;
    this.starts = []; // where each layer's weights begin among the parameters; its biases follow
    this.size = 0;
    for (let l = 0; l + 1 < layers.length; l++) {
      this.starts.push(this.size);
      this.size += (layers[l] + (bias ? 1 : 0)) * layers[l + 1];
    }
    const rows = () => layers.slice(1).map((width) => new Float64Array(width));
    [this.z, this.slope, this.rise, this.delta] = [rows(), rows(), rows(), rows()];
    this.a = [new Float64Array(layers[0]), ...rows()]; // the inputs, then what each layer gives
    this.prediction = new Float64Array(layers.at(-1));
    this.terms = new Float64Array(layers.at(-1)); // the loss of each output
    this.gradient = new Float64Array(this.size);
  }

  // Where the weight from unit i (the bias where i is the number of units) to unit j is.
  place(layer, i, j) {
    return this.starts[layer] + i * this.layers[layer + 1] + j;
  }

  // Error of one sample, with its gradient in this.gradient.
  learn(parameters, x, y) {
    this.forward(parameters, x);
    const error = this.judge(y);
    this.backward(parameters);
    return error;
  }

  forward(parameters, x) {
    this.a[0].set(x);
    for (let l = 0; l < this.z.length; l++) {
      const [d_in, d_out] = [this.layers[l], this.layers[l + 1]];
      const [before, z, start] = [this.a[l], this.z[l], this.starts[l]];
      for (let j = 0; j < d_out; j++) {
        let sum = 0;
        for (let i = 0; i < d_in; i++) sum += before[i] * parameters[start + i * d_out + j];
        z[j] = this.bias ? sum + parameters[start + d_in * d_out + j] : sum;
        this.a[l + 1][j] = l < this.activations.length ? this.activations[l].value(z[j]) : z[j];
      }
    }
  }

  // The error, and in this.delta its derivative with respect to each output.
  judge(y) {
    const [z, delta] = [this.z.at(-1), this.delta.at(-1)];
    const share = this.loss.average ? 1 / z.length : 1;
    if (this.loss.link === "softmax") this.judgeClasses(y);
    else
      for (let k = 0; k < z.length; k++) {
        this.prediction[k] = this.loss.link ? LINKS[this.loss.link](z[k]) : z[k];
        this.terms[k] = this.loss.value(z[k], y[k], this.lossParameter);
        delta[k] = share * this.loss.slope(z[k], y[k], this.lossParameter);
      }
    this.rise.at(-1).set(delta);
    this.slope.at(-1).fill(1);
    return share * this.terms.reduce((sum, term) => sum + term, 0);
  }

  judgeClasses(y) {
    const z = this.z.at(-1);
    const top = Math.max(...z);
    const logSum = Math.log(z.reduce((sum, p) => sum + Math.exp(p - top), 0));
    const total = y.reduce((sum, t) => sum + t, 0);
    for (let k = 0; k < z.length; k++) {
      this.prediction[k] = Math.exp(z[k] - top - logSum);
      this.terms[k] = y[k] === 0 ? 0 : y[k] * (logSum - (z[k] - top));
      this.delta.at(-1)[k] = this.prediction[k] * total - y[k];
    }
  }

  // From the last layer to the first: ∂E/∂z of every neuron, ∂E/∂w of every weight.
  backward(parameters) {
    for (let l = this.z.length - 1; l >= 0; l--) {
      const [d_in, d_out] = [this.layers[l], this.layers[l + 1]];
      const [before, delta, start] = [this.a[l], this.delta[l], this.starts[l]];
      for (let i = 0; i < d_in; i++) {
        let rise = 0; // ∂E/∂a of the neuron that the weights come from
        for (let j = 0; j < d_out; j++) {
          this.gradient[start + i * d_out + j] = before[i] * delta[j];
          rise += delta[j] * parameters[start + i * d_out + j];
        }
        if (l > 0) {
          this.rise[l - 1][i] = rise;
          this.slope[l - 1][i] = this.activations[l - 1].slope(this.z[l - 1][i], before[i]);
          this.delta[l - 1][i] = rise * this.slope[l - 1][i];
        }
      }
      if (this.bias) this.gradient.set(delta, start + d_in * d_out);
    }
  }
}

// new w = w - learning rate · ∂E/∂w
const descend = (parameters, gradient, rate) => {
  for (let k = 0; k < parameters.length; k++) parameters[k] -= rate * gradient[k];
};

// Gradient descent: parameters and error before each step, until the error is close to zero, the
// numbers overflow (the last error is then not finite), or so many steps are done.
const train = (network, start, x, y, rate, steps, close) => {
  const parameters = Float64Array.from(start);
  const path = [];
  for (let step = 0; step <= steps; step++) {
    const error = network.learn(parameters, x, y);
    path.push({ parameters: Float64Array.from(parameters), error });
    if (!Number.isFinite(error) || error <= close) break;
    descend(parameters, network.gradient, rate);
  }
  return path;
};

// The error after so many steps; Infinity where the numbers overflow on the way.
const errorAfter = (network, start, x, y, rate, steps) => {
  const parameters = Float64Array.from(start);
  for (let step = 0; step < steps; step++) {
    if (!Number.isFinite(network.learn(parameters, x, y))) return Infinity;
    descend(parameters, network.gradient, rate);
  }
  network.forward(parameters, x);
  const error = network.judge(y);
  return Number.isFinite(error) ? error : Infinity;
};

// The Hessian of the error, from central differences of its gradient.
const hessian = (network, start, x, y) => {
  const parameters = Float64Array.from(start);
  return Array.from(start, (value, k) => {
    const h = 1e-5 * Math.max(1, Math.abs(value));
    const [up, down] = [value + h, value - h].map((moved) => {
      parameters[k] = moved;
      network.learn(parameters, x, y);
      return Float64Array.from(network.gradient);
    });
    parameters[k] = value;
    return up.map((slope, m) => (slope - down[m]) / (2 * h));
  });
};

// The largest eigenvalue of a symmetric matrix, by power iteration on matrix + shift · 1: the
// shift, at least the size of any eigenvalue, makes the largest also the largest in size.
const largestEigenvalue = (matrix) => {
  const shift = Math.max(...matrix.map((row) => row.reduce((sum, v) => sum + Math.abs(v), 0)));
  let vector = matrix.map((_, k) => 1 + 0.01 * k); // at right angles to no eigenvector but by chance
  let value = 0;
  for (let turn = 0; turn < 2000; turn++) {
    const size = Math.hypot(...vector);
    if (size === 0) return 0;
    vector = vector.map((v) => v / size);
    const next = matrix.map((row) => row.reduce((sum, v, k) => sum + v * vector[k], 0));
    const before = value;
    value = next.reduce((sum, v, k) => sum + v * vector[k], 0);
    if (turn > 10 && Math.abs(value - before) <= 1e-12 * shift) break;
    vector = next.map((v, k) => v + shift * vector[k]);
  }
  return value;
};
