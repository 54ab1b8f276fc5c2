"""Backpropagation in fifteen lines of NumPy, and the same digits from bpfast."""

import numpy as np

import bpfast as bp

# Two inputs, two hidden neurons, one output: w1 to w4 in the first matrix, w5 and w6 in the second.
START = [np.array([[0.11, 0.12], [0.21, 0.08]]), np.array([[0.14], [0.15]])]
x, target, learning_rate, steps = np.array([[2.0, 3.0]]), np.array([[1.0]]), 0.05, 20

W1, W2 = START[0].copy(), START[1].copy()
for step in range(steps):
    hidden = x @ W1  # forward: put the numbers in
    prediction = hidden @ W2
    error = 0.5 * np.sum((prediction - target) ** 2)
    delta = prediction - target  # backward: ∂E/∂prediction
    gradient2 = hidden.T @ delta  # ∂E/∂W2
    gradient1 = x.T @ (delta @ W2.T)  # ∂E/∂W1, by the chain rule
    W1 -= learning_rate * gradient1  # a small step downhill
    W2 -= learning_rate * gradient2
    print(f"step {step:2}: prediction {prediction.item():.6f}, error {error:.7f}")
print(f"after {steps} steps the prediction is {(x @ W1 @ W2).item():.6f}")

mlp = bp.MLP((2, 2, 1), activation="identity", loss="half_squared_error", bias=False)
network = bp.Population.from_arrays(mlp, START, dtype="float64")
bp.fit(network, x, target, bp.SGD(learning_rate=learning_rate), epochs=steps, progress=False)

for by_hand, trained in zip((W1, W2), network.weights, strict=True):
    np.testing.assert_allclose(trained[0], by_hand, rtol=1e-12)
print("bpfast has the same digits:", *(weights[0].ravel().round(6) for weights in network.weights))
