// How strongly the error curves: its Hessian and the largest eigenvalue.

// The Hessian of the error, from central differences of its gradient.
export const hessian = (network, { start, x, y }) => {
  const parameters = Float64Array.from(start);
  return Array.from(start, (value, k) => {
    const h = 1e-5 * Math.max(1, Math.abs(value));
    const [up, down] = [value + h, value - h].map((moved) => {
      parameters[k] = moved;
      network.computeGradient(parameters, x, y);
      return Float64Array.from(network.gradient);
    });
    parameters[k] = value;
    return up.map((slope, m) => (slope - down[m]) / (2 * h));
  });
};

// The largest eigenvalue of a symmetric matrix, by power iteration on matrix + shift · 1: the
// shift, at least the size of any eigenvalue, makes the largest also the largest in size.
export const largestEigenvalue = (matrix) => {
  const shift = Math.max(...matrix.map((row) => row.reduce((sum, v) => sum + Math.abs(v), 0)));
  let vector = matrix.map((_, k) => 1 + 0.01 * k); // at right angles to no eigenvector but by chance
  let value = 0;
  for (let iteration = 0; iteration < 2000; iteration++) {
    const size = Math.hypot(...vector);
    if (size === 0) return 0;
    vector = vector.map((v) => v / size);
    const next = matrix.map((row) => row.reduce((sum, v, k) => sum + v * vector[k], 0));
    const before = value;
    value = next.reduce((sum, v, k) => sum + v * vector[k], 0);
    if (iteration > 10 && Math.abs(value - before) <= 1e-12 * shift) break;
    vector = next.map((v, k) => v + shift * vector[k]);
  }
  return value;
};
