"""The learning rate has to be guessed: 2,048 guesses at once, drawn."""

import matplotlib.pyplot as plt
import numpy as np

import bpfast as bp

rng = np.random.default_rng(0)
X = rng.uniform(-3, 3, size=(512, 2))
y = np.sin(X[:, :1]) * np.cos(X[:, 1:])
train, test = slice(0, 384), slice(384, 512)

rates = np.geomspace(1e-4, 10, 2048)
mlp = bp.MLP((2, 16, 1), activation="tanh", loss="mse")
networks = bp.Population(mlp, n=rates.size, seed=0)
history = bp.fit(
    networks,
    X[train],
    y[train],
    bp.SGD(learning_rate=rates),
    epochs=30,
    batch_size=32,
    validation=(X[test], y[test]),
    record="last",
)
loss = history.validation_loss[:, -1]
best = networks.best(history)  # the network itself, to use
right = np.mean((best.predict(X[test])[0] - y[test]) ** 2)
k = np.argmin(history.score())
print(f"{rates.size} networks in {history.seconds:.1f} s; {history.diverged.sum()} diverged")
print(f"best learning rate: {rates[k]:.3g}, with an error of {right:.4f}")

fine = ~history.diverged
plt.figure(figsize=(7, 4), layout="constrained")
plt.loglog(rates[fine], loss[fine], ".", markersize=2)
plt.axvline(rates[k], color="green", linewidth=1, label=f"best: {rates[k]:.3g}")
if history.diverged.any():
    first = rates[history.diverged].min()
    plt.axvspan(first, rates[-1], color="red", alpha=0.1, label=f"diverges from {first:.3g}")
plt.xlabel("learning rate")
plt.ylabel("validation loss after 30 epochs")
plt.legend()
plt.savefig("learning_rates.png", dpi=120)
