"""An ensemble with error bars: 100 networks, each on its own bootstrap of the samples."""

import matplotlib.pyplot as plt
import numpy as np

import bpfast as bp

rng = np.random.default_rng(0)
x = np.concatenate([rng.uniform(-4, -1, 60), rng.uniform(1, 4, 60)])[:, None]  # nothing between
y = np.sin(2 * x) + rng.normal(scale=0.15, size=x.shape)

MEMBERS = 100
bootstraps = [rng.integers(0, len(x), len(x)) for _ in range(MEMBERS)]
mlp = bp.MLP((1, 32, 1), activation="tanh", loss="mse")
members = bp.Population(mlp, n=MEMBERS, seed=0, init="torch")
history = bp.fit(
    members,
    x,
    y,
    bp.Adam(learning_rate=0.05),
    epochs=300,
    batch_size=32,
    rows=(bootstraps, np.arange(MEMBERS)),
    record="last",
)
print(f"{MEMBERS} members in {history.seconds:.1f} s")

grid = np.linspace(-6, 6, 300)[:, None]
predictions = members.predict(grid)[..., 0]  # (members, points)
low, middle, high = np.quantile(predictions, [0.05, 0.5, 0.95], axis=0)
width = high - low
known, between = np.abs(np.abs(grid[:, 0]) - 2.5) < 1, np.abs(grid[:, 0]) < 0.5
print(
    f"width of the band: {width[known].mean():.2f} among samples, "
    f"{width[between].mean():.2f} between them, {width[[0, -1]].mean():.2f} far from all"
)

plt.figure(figsize=(7, 4), layout="constrained")
plt.fill_between(grid[:, 0], low, high, alpha=0.25, label="90 % of the members")
plt.plot(grid[:, 0], middle, label="median")
plt.plot(x[:, 0], y[:, 0], "k.", markersize=4, label="samples")
plt.ylim(-3, 3)
plt.legend()
plt.savefig("ensemble.png", dpi=120)
