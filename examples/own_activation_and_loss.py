"""An activation and a loss of your own: softsign, and Cauchy's loss that shrugs off outliers."""

import math

import numpy as np

import bpfast as bp


def softsign(z):
    return z / (1.0 + abs(z))


def softsign_slope(z, a):
    return (1.0 - abs(a)) * (1.0 - abs(a))


def cauchy(prediction, target, scale):
    return math.log1p(((prediction - target) / scale) ** 2)


def cauchy_slope(prediction, target, scale):
    miss = prediction - target
    return 2.0 * miss / (scale * scale + miss * miss)


bp.register_activation("softsign", softsign, softsign_slope)
bp.register_loss("cauchy", cauchy, cauchy_slope, average=True)

rng = np.random.default_rng(0)
X = rng.uniform(-2, 2, size=(400, 1))
truth = np.sin(2 * X)
y = truth + rng.normal(scale=0.05, size=X.shape)
y[rng.choice(400, 60, replace=False)] += 3  # a broken instrument

for loss in ("mse", "cauchy"):
    mlp = bp.MLP((1, 24, 1), activation="softsign", loss=loss, delta=0.2)  # delta is the scale
    networks = bp.Population(mlp, n=32, seed=0)
    check = bp.check_gradients(networks[:2], X, y)  # is a slope the derivative of its function?
    assert check.passed, check
    bp.fit(networks, X, y, bp.Adam(learning_rate=0.02), epochs=200, record="last", progress=False)
    off = np.abs(np.median(networks.predict(X), axis=0) - truth).mean()
    print(f"{loss:>6}: off by {off:.3f} on average")
print(check)
