"""Activations, losses and optimiser rules, each written once as plain scalar functions.

:mod:`tables` gives them their names.

NumPy tests call them as they are; every device compiles the same source. Three habits make that
possible: constants are floats (a compiler narrows them to the dtype it compiles for), functions
call each other and the names imported from :mod:`math` by their global names (a device may put a
faster ``exp`` in their place), and branches are plain selects that a compiler can vectorise.

Where numbers nearly cancel, formulas keep at least the digits that PyTorch's keep; and what is
finite there is finite here.
"""

from __future__ import annotations

from math import erf, exp, expm1, log, log1p, sqrt, tanh

# --- activations: a = f(z), and the slope da/dz from z and a ------------------------------------


def identity(z):
    return z


def identity_slope(z, a):
    return 1.0


def relu(z):
    return 0.0 if z < 0.0 else z  # a NaN stays one


def relu_slope(z, a):
    return 1.0 if z > 0.0 else 0.0


def leaky_relu(z):
    return z * (1.0 if z > 0.0 else 0.01)


def leaky_relu_slope(z, a):
    return 1.0 if z > 0.0 else 0.01


def hyperbolic_tangent(z):
    return tanh(z)


def hyperbolic_tangent_slope(z, a):
    return 1.0 - a * a


def sigmoid(z):
    e = exp(-abs(z))  # never overflows
    return (1.0 if z >= 0.0 else e) / (1.0 + e)


def sigmoid_slope(z, a):
    return a * (1.0 - a)


def softening(z):
    """What softplus is above the larger of 0 and z."""
    return log1p(exp(-abs(z)))


def softplus(z):
    return (0.0 if z < 0.0 else z) + softening(z)


def softplus_slope(z, a):
    return sigmoid(z)


def elu(z):
    return max(z, 0.0) + expm1(min(z, 0.0))


def elu_slope(z, a):
    # close to -1, a has lost digits of the slope
    return min(a, 0.0) + 1.0 if a > -0.9 else exp(min(z, 0.0))


def silu(z):
    return z * sigmoid(z)


def silu_slope(z, a):
    s = sigmoid(z)
    return s + a * (1.0 - s)


def gelu(z):
    return 0.5 * z * (1.0 + erf(0.7071067811865476 * z))


def gelu_slope(z, a):
    x = 0.7071067811865476 * z
    return 0.5 * (1.0 + erf(x)) + 0.3989422804014327 * z * exp(0.0 - x * x)


# --- losses of one output: l(p, t) and dl/dp; c is huber's delta or quantile's level --------------
# p is the output layer's linear value: exp, sigmoid and softmax are folded into the last three. For
# softmax it is handed less the largest of a sample's outputs, and with the logarithm of a sum that
# belongs to that: differences of large numbers would be all that a loss of small ones is made of.


def half_squared_error(p, t, c):
    return 0.5 * (p - t) * (p - t)


def half_squared_error_slope(p, t, c):
    return p - t


def squared_error(p, t, c):
    return (p - t) * (p - t)


def squared_error_slope(p, t, c):
    return 2.0 * (p - t)


def absolute_error(p, t, c):
    return abs(p - t)


def absolute_error_slope(p, t, c):
    return (1.0 if p > t else 0.0) - (1.0 if p < t else 0.0)


def huber(p, t, c):
    e = abs(p - t)
    return 0.5 * e * e if e < c else c * (e - 0.5 * c)


def huber_slope(p, t, c):
    return min(max(p - t, -c), c)


def quantile(p, t, c):
    return c * (t - p) if t > p else (c - 1.0) * (t - p)


def quantile_slope(p, t, c):
    return (1.0 - c if p > t else 0.0) - (c if p < t else 0.0)


def exponential(z):
    return 1e999 if z > 709.782 else exp(z)  # infinite, where Python's own raises


def poisson(p, t, c):
    """Half the deviance of ``exp(p)``, as scikit-learn has it: 0 where that is the target.

    It is ``t (exp(d) - 1 - d)``, which cancels where the prediction is near, and overflows where
    the target is tiny.
    """
    d = p - log(t if t > 0.0 else 1.0)
    near = (abs(d) < 1.0) & (t > 0.0)
    return t * (expm1(d) - d) if near else exponential(p) - t * (d + 1.0)


def poisson_slope(p, t, c):
    return exponential(p) - t


def binary_cross_entropy(p, t, c):
    return p * ((1.0 if p > 0.0 else 0.0) - t) + softening(p)


def binary_cross_entropy_slope(p, t, c):
    return sigmoid(p) - t


def binary_log_loss(p, t, c):
    """Cross entropy as scikit-learn reports it: probabilities stay ``c`` away from 0 and from 1."""
    q = min(max(sigmoid(p), c), 1.0 - c)
    return -(t * log(q) + (1.0 - t) * log(1.0 - q))


def cross_entropy(p, t, log_sum, c):
    """One class's term of the loss; ``log_sum`` is the logarithm of the sum of ``exp(p)``.

    Both are taken from a p of which the classes' largest was subtracted.
    """
    return 0.0 if t == 0.0 else t * (log_sum - p)  # other classes may be infinitely unlikely


def log_loss(p, t, log_sum, c):
    """As :func:`binary_log_loss`: the probability is ``exp(p - log_sum)``."""
    return t * min(max(log_sum - p, c), -log(c))


def cross_entropy_slope(share, t, total):
    """``share`` is the softmax; ``total``, of the targets over the classes, is 1 for a label."""
    return share * total - t


# --- optimisers, after PyTorch's documentation where they name no other ---------------------------
# coefficients(rate, h0..h4, power1, power2) is called once a step in float64 and returns the two
# powers and six numbers c0..c5; update(w, g, m, v, c0..c5) moves one parameter and returns w, m, v.
# A mean forgets by m - gain m, which leaves nothing of m where the gain is 1. Some would be left
# of it in m + gain (g - m), and float32 cannot hold 1 - gain well where the gain is close to 0.

N_HYPERPARAMETERS, N_POWERS, N_COEFFICIENTS = 5, 2, 6  # as counted above


def sgd_coefficients(rate, momentum, nesterov, decay, h3, h4, power1, power2):
    return power1, power2, rate, momentum, nesterov, decay, 0.0, 0.0


def sgd(w, g, m, v, rate, momentum, nesterov, decay, c4, c5):
    """Without momentum: needs no state."""
    return w - rate * (g + decay * w), m, v


def sgd_momentum(w, g, m, v, rate, momentum, nesterov, decay, c4, c5):
    g = g + decay * w
    m = momentum * m + g
    step = g + momentum * m if nesterov > 0.0 else m
    return w - rate * step, m, v


def sgd_velocity(w, g, m, v, rate, momentum, nesterov, decay, c4, c5):
    """Momentum as scikit-learn has it: the velocity remembers steps with their own rates."""
    step = rate * (g + decay * w)
    m = momentum * m - step
    return w + (momentum * m - step if nesterov > 0.0 else m), m, v


def adam_coefficients(rate, beta1, beta2, epsilon, decay, decoupled, power1, power2):
    power1 = power1 * beta1
    power2 = power2 * beta2
    shrink = 1.0 - rate * decay * decoupled
    # step / (sqrt(v) / root + epsilon) == step * root / (sqrt(v) + epsilon * root)
    root = sqrt(1.0 - power2)
    step = rate / (1.0 - power1) * root
    coupled = decay * (1.0 - decoupled)
    return power1, power2, step, 1.0 - beta1, 1.0 - beta2, epsilon * root, coupled, shrink


def adam_epsilon_hat_coefficients(rate, beta1, beta2, epsilon, decay, decoupled, power1, power2):
    """Epsilon is added to the root of v before its bias is corrected, as scikit-learn does."""
    power1, power2, step, gain1, gain2, _, coupled, shrink = adam_coefficients(
        rate, beta1, beta2, epsilon, decay, decoupled, power1, power2
    )
    return power1, power2, step, gain1, gain2, epsilon, coupled, shrink


def ratio(a, b):
    """``a / b`` for b > 0, which a device may take from an estimate."""
    return a / b


def adam(w, g, m, v, step, gain1, gain2, epsilon, decay, shrink):
    """Adam with weight decay in the gradient, AdamW with weights that shrink: one rule."""
    g = g + decay * w
    m = m - gain1 * m + gain1 * g
    v = v - gain2 * v + gain2 * (g * g)
    return shrink * w - step * ratio(m, sqrt(v) + epsilon), m, v


def rmsprop_coefficients(rate, alpha, epsilon, decay, momentum, h4, power1, power2):
    return power1, power2, rate, 1.0 - alpha, epsilon, decay, momentum, 0.0


def rmsprop(w, g, m, v, rate, gain, epsilon, decay, momentum, c5):
    g = g + decay * w
    v = v - gain * v + gain * (g * g)
    m = momentum * m + ratio(g, sqrt(v) + epsilon)
    return w - rate * m, m, v


CLIP_EPSILON = 1e-6  # PyTorch's: a gradient of zeros is not divided by its length


def clip_factor(squares, longest):
    """What a gradient is multiplied with, whose squares have that sum, to be no longer than so."""
    factor = longest / (sqrt(squares) + CLIP_EPSILON)
    return factor if factor < 1.0 else 1.0
