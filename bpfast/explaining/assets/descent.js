// Gradient descent on one sample.

export const CLOSE = 1e-6; // the error that counts as close to zero

// new w = w - learning rate · ∂E/∂w
export const descend = (parameters, gradient, rate) => {
  for (let k = 0; k < parameters.length; k++) parameters[k] -= rate * gradient[k];
};

// A setup is where a network starts: { start: its parameters, x, y, rate }.

// Parameters and error before each step, until the error is close to zero, the numbers overflow
// (the last error is then not finite), or all steps are done.
export const train = (network, { start, x, y, rate }, steps) => {
  const parameters = Float64Array.from(start);
  const path = [];
  for (let step = 0; step <= steps; step++) {
    const error = network.computeGradient(parameters, x, y);
    path.push({ parameters: Float64Array.from(parameters), error });
    if (!Number.isFinite(error) || error <= CLOSE) break;
    descend(parameters, network.gradient, rate);
  }
  return path;
};

// The error after all steps; Infinity where the numbers overflow on the way.
export const errorAfter = (network, { start, x, y, rate }, steps) => {
  const parameters = Float64Array.from(start);
  for (let step = 0; step < steps; step++) {
    if (!Number.isFinite(network.computeGradient(parameters, x, y))) return Infinity;
    descend(parameters, network.gradient, rate);
  }
  network.forward(parameters, x);
  const error = network.computeError(y);
  return Number.isFinite(error) ? error : Infinity;
};
