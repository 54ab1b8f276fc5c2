"""A network for each of 200 sensors, all trained in one call; one of them drifts."""

import numpy as np

import bpfast as bp

SENSORS, READINGS = 200, 200
rng = np.random.default_rng(0)

# Every sensor answers to temperature and load in its own way, with noise.
X = rng.uniform(-1, 1, size=(SENSORS, READINGS, 2))
own = rng.normal(size=(SENSORS, 1, 2))
y = np.tanh(np.sum(own * X, axis=2)) + 0.3 * X[..., 0] ** 2
y += rng.normal(scale=0.02, size=y.shape)

# All readings lie below each other; rows says which of them belong to which network.
rows = np.arange(SENSORS * READINGS).reshape(SENSORS, READINGS)
mlp = bp.MLP((2, 8, 1), activation="tanh", loss="mse")
models = bp.Population(mlp, n=SENSORS, seed=0)
history = bp.fit(
    models,
    X.reshape(-1, 2),
    y.reshape(-1, 1),
    bp.Adam(learning_rate=0.05),
    epochs=60,
    batch_size=32,
    rows=(list(rows), np.arange(SENSORS)),
    record="last",
)
print(f"{SENSORS} models in {history.seconds:.1f} s; noise of the readings: {0.02**2:.1e}")
print(f"mean squared error: median {np.median(history.loss):.1e}, worst {history.loss.max():.1e}")

# A week later sensor 123 reads too high. Its own model says so; nobody else's would.
X_now = rng.uniform(-1, 1, size=(50, 2))
readings = np.tanh(X_now @ own[:, 0].T).T + 0.3 * X_now[:, 0] ** 2
readings[123] += 0.2
expected = models.predict(X_now)[..., 0]  # (sensors, readings)
drift = np.mean(readings - expected, axis=1)
suspect = int(np.argmax(np.abs(drift)))
print(
    f"sensor {suspect} is off by {drift[suspect]:.2f}; all others by less than "
    f"{np.abs(np.delete(drift, suspect)).max():.2f}"
)
