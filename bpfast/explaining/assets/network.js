// A network's forward pass, error and backward pass on one sample, in float64: z and a of every
// neuron, slope = ∂a/∂z, activationGradient = ∂E/∂a, delta = ∂E/∂z, gradient = ∂E/∂w of every weight.

import { ACTIVATIONS, INVERSE_LINKS, LOSSES } from "./functions.js";

// Every pass overwrites the network's arrays, so that training allocates none.
export class Network {
  constructor(network) {
    const { layers, activation, loss, bias } = network;
    const names = Array.isArray(activation) ? activation : layers.slice(2).map(() => activation);
    this.layers = layers;
    this.bias = bias;
    this.activations = names.map((name) => ACTIVATIONS[name]);
    this.loss = LOSSES[loss];
    this.lossParameter = network[this.loss.parameter];
    this.starts = []; // where each layer's weights begin among the parameters; its biases follow
    this.size = 0;
    for (let l = 0; l + 1 < layers.length; l++) {
      this.starts.push(this.size);
      this.size += (layers[l] + (bias ? 1 : 0)) * layers[l + 1];
    }
    const rows = () => layers.slice(1).map((width) => new Float64Array(width));
    [this.z, this.slope, this.activationGradient, this.delta] = [rows(), rows(), rows(), rows()];
    this.a = [new Float64Array(layers[0]), ...rows()]; // the inputs, then what each layer gives
    this.prediction = new Float64Array(layers.at(-1));
    this.terms = new Float64Array(layers.at(-1)); // the loss of each output
    this.gradient = new Float64Array(this.size);
  }

  // The index of the weight from unit i to unit j, or of the bias where i is the number of units.
  parameterIndex(layer, i, j) {
    return this.starts[layer] + i * this.layers[layer + 1] + j;
  }

  // The error of one sample; its gradient is then in this.gradient.
  computeGradient(parameters, x, y) {
    this.forward(parameters, x);
    const error = this.computeError(y);
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

  // The error; its derivative with respect to each output is then in this.delta.
  computeError(y) {
    const [z, delta] = [this.z.at(-1), this.delta.at(-1)];
    const share = this.loss.average ? 1 / z.length : 1;
    const predict = INVERSE_LINKS[this.loss.inverseLink];
    if (this.loss.inverseLink === "softmax") this.computeClassErrors(y);
    else
      for (let k = 0; k < z.length; k++) {
        this.prediction[k] = predict ? predict(z[k]) : z[k];
        this.terms[k] = this.loss.value(z[k], y[k], this.lossParameter);
        delta[k] = share * this.loss.slope(z[k], y[k], this.lossParameter);
      }
    this.activationGradient.at(-1).set(delta);
    this.slope.at(-1).fill(1);
    return share * this.terms.reduce((sum, term) => sum + term, 0);
  }

  computeClassErrors(y) {
    const z = this.z.at(-1);
    const top = Math.max(...z);
    const logSum = Math.log(z.reduce((sum, p) => sum + Math.exp(p - top), 0));
    const total = y.reduce((sum, t) => sum + t, 0);
    for (let k = 0; k < z.length; k++) {
      this.prediction[k] = Math.exp(z[k] - top - logSum);
      this.terms[k] = this.loss.value(z[k] - top, y[k], logSum, this.lossParameter);
      this.delta.at(-1)[k] = this.loss.slope(this.prediction[k], y[k], total);
    }
  }

  // From the last layer to the first: ∂E/∂z of every neuron, ∂E/∂w of every weight.
  backward(parameters) {
    for (let l = this.z.length - 1; l >= 0; l--) {
      const [d_in, d_out] = [this.layers[l], this.layers[l + 1]];
      const [before, delta, start] = [this.a[l], this.delta[l], this.starts[l]];
      for (let i = 0; i < d_in; i++) {
        let sum = 0; // ∂E/∂a of the neuron that the weights come from
        for (let j = 0; j < d_out; j++) {
          this.gradient[start + i * d_out + j] = before[i] * delta[j];
          sum += delta[j] * parameters[start + i * d_out + j];
        }
        if (l > 0) {
          this.activationGradient[l - 1][i] = sum;
          this.slope[l - 1][i] = this.activations[l - 1].slope(this.z[l - 1][i], before[i]);
          this.delta[l - 1][i] = sum * this.slope[l - 1][i];
        }
      }
      if (this.bias) this.gradient.set(delta, start + d_in * d_out);
    }
  }
}
