"""The estimators: their parameters, their architecture in bpfast, and their predictions.

They are subclasses of scikit-learn's own. What users meet stays scikit-learn's: validation and its
messages, labels, tags, metadata routing, ``isinstance``. Training and predictions are ours.
"""

from __future__ import annotations

import functools
from numbers import Integral, Real
from typing import ClassVar

import numpy as np
from sklearn import neural_network
from sklearn.neural_network._multilayer_perceptron import BaseMultilayerPerceptron
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import validate_data

from ..checks import check_choice
from ..kernels.tables import ACTIVATIONS
from ..kernels.task import ARCHITECTURES
from ..training.dispatch import DEVICES
from ..training.docstring import docstring
from ..training.network import ScikitLearnMLP
from ..training.parameters import Parameters
from ..training.population import DTYPES, predictions
from . import together
from .fits import write_parameters
from .plain import has_known_columns

LOSSES = {  # by ``out_activation_``
    "softmax": "cross_entropy",
    "logistic": "binary_cross_entropy",
    "identity": "half_squared_error",
    "exp": "poisson",
}
ACTIVATION_NAMES = {row.sklearn or name: name for name, row in ACTIVATIONS.items()}
DENSE = 1 << 24  # numbers of a sparse matrix that are made dense at a time, for predictions

_CONSTRAINTS = {
    "activation": [StrOptions(set(ACTIVATION_NAMES))],
    "solver": [StrOptions({"lbfgs", "sgd", "adam", "adamw", "rmsprop"})],
    "learning_rate": [StrOptions({"constant", "invscaling", "adaptive", "exponential", "cosine"})],
    "decay": [Interval(Real, 0, 1, closed="right")],
    "warmup": [Interval(Integral, 0, None, closed="left")],
    "weight_decay": [Interval(Real, 0, None, closed="left")],
    "clip_norm": [Interval(Real, 0, None, closed="neither"), None],
    "dropout": [Interval(Real, 0, 1, closed="left")],
    "dtype": [StrOptions({"auto", *DTYPES})],
    "device": [StrOptions(set(DEVICES))],
}


class FusedMLP(BaseMultilayerPerceptron):
    """What both estimators do in another way than scikit-learn's."""

    @classmethod
    @functools.cache
    def _get_param_names(cls) -> list[str]:
        """Cached: a search asks thousands of times, and scikit-learn inspects each time."""
        return super()._get_param_names()

    def _check_solver(self) -> bool:
        if self.solver == "lbfgs":
            raise AttributeError(
                "partial_fit is only available for stochastic optimizers. lbfgs is not stochastic."
            )
        return True

    def _fit(self, X, y, sample_weight=None, incremental=False):
        # scikit-learn's fit has validated the parameters; partial_fit does so the first time alone
        (error,) = together.train(
            [self], X, y, [None], sample_weight, incremental, validated=not incremental
        )
        if error is not None:
            raise error
        return self

    def _forward_pass_fast(self, X, check_input=True) -> np.ndarray:
        """Predictions (samples, outputs) in the dtype of ``coefs_``."""
        if check_input and not has_known_columns(X, self):
            X = validate_data(self, X, accept_sparse=["csr", "csc"], reset=False)
        mlp = self._mlp()
        row = np.empty((1, mlp.n_parameters), self.coefs_[0].dtype.newbyteorder("="))
        write_parameters([self], mlp, row)
        parameters = Parameters(row)
        if not hasattr(X, "toarray"):
            return predictions(mlp, parameters, X, self.device)[0]
        X, step = X.tocsr(), max(1, DENSE // X.shape[1])
        parts = (X[start : start + step].toarray() for start in range(0, X.shape[0], step))
        return np.concatenate([predictions(mlp, parameters, X, self.device)[0] for X in parts])

    def _mlp(self, dtype=None) -> ScikitLearnMLP:
        """The architecture that was fitted, for arithmetic in its dtype or another."""
        return _architecture(
            (len(self.coefs_[0]), *(len(biases) for biases in self.intercepts_)),
            ACTIVATION_NAMES[self.activation],
            LOSSES[self.out_activation_],
            dtype or self.coefs_[0].dtype,
        )

    def _keep(self, arguments: dict) -> None:
        """Set the parameters, given the local variables of ``__init__``."""
        for name in self._get_param_names():
            setattr(self, name, arguments[name])


@functools.lru_cache(maxsize=ARCHITECTURES)
def _architecture(layers: tuple[int, ...], activation: str, loss: str, dtype) -> ScikitLearnMLP:
    """Checked once: a prediction of one row takes as long as the checks."""
    check_choice("dtype of coefs_", np.dtype(dtype).name, DTYPES)
    return ScikitLearnMLP(layers, activation, loss, delta=float(np.finfo(dtype).eps))


@docstring(activations=(f'"{name}"' for name in ACTIVATION_NAMES))
class MLPClassifier(FusedMLP, neural_network.MLPClassifier):
    """scikit-learn's ``MLPClassifier`` with all its parameters, methods and attributes, and more.

    For the same integer ``random_state`` it starts from the weights, sees the batches, and stops by
    the rules of scikit-learn's. With ``dtype="float64"`` weights and losses follow scikit-learn's
    to rounding. Some settings are added to scikit-learn's parameters, and these are new:

    Parameters
    ----------
    activation : {{activations}}
    solver : {"lbfgs", "sgd", "adam", "adamw", "rmsprop"}
        "lbfgs" computes in float64 whatever ``dtype`` is: its line search needs it. "rmsprop"
        smoothes by ``beta_2``; it and "adamw" are PyTorch's.
    learning_rate : {"constant", "invscaling", "adaptive", "exponential", "cosine"}
        "exponential" multiplies the rate by ``decay`` after every epoch, "cosine" takes half a wave
        down to 0, reached after ``max_iter`` epochs; these are for all stochastic solvers,
        "invscaling" and "adaptive" for "sgd" only, as in scikit-learn.
    decay : float, default=0.95
    warmup : int, default=0
        Epochs in which an "exponential" or "cosine" schedule first climbs in equal steps.
    weight_decay : float, default=0.01
        Only used when solver="adamw", where all parameters shrink by it times the learning rate
        in every step, as PyTorch's do. ``alpha`` counts too.
    clip_norm : float or None, default=None
        Longest gradient that a stochastic solver takes; longer ones are scaled down to it.
    dropout : float, default=0.0
        Probability that a hidden unit is left out of a step, by stochastic solvers.
    class_weight : dict, "balanced" or None, default=None
        As in ``sklearn.linear_model.LogisticRegression``: the same as sample weights of
        ``sklearn.utils.class_weight.compute_sample_weight``, times those that are given.
    dtype : {"auto", "float32", "float64"}, default="auto"
        Of ``coefs_`` and of all arithmetic, whatever the dtype of X. "auto" is float64 for up to
        200 samples, where it costs little, and float32 for more.
    device : {"auto", "cpu", "cuda", "reference"}, default="auto"

    Notes
    -----
    Sparse samples are made dense: all of them in ``fit``, some at a time in predictions.

    ``skl2onnx`` converts it to ONNX, alone, in pipelines, searches and ensembles.

    Probabilities count as at least the machine epsilon of ``dtype`` in losses, and at most 1 less
    that, as in scikit-learn: a loss on samples that were not scaled can stand still at 36.04, or
    15.94 in float32.

    A fit that diverges ends as scikit-learn's does: with a ``ValueError`` and ``coefs_`` that are
    NaN, or under ``early_stopping`` with the best parameters that it had. From the epoch on in
    which it diverged, losses are NaN, and so are scores of regressors; a classifier is scored as if
    it chose the first class, and ends with the ``ValueError`` where nothing before was better.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from bpfast.sklearn import MLPClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> classifier = MLPClassifier(learning_rate_init=0.01, class_weight="balanced", random_state=0)
    >>> classifier.fit(X / 16, y).score(X / 16, y) > 0.99
    True
    """

    _parameter_constraints: ClassVar[dict] = {
        **neural_network.MLPClassifier._parameter_constraints,
        **_CONSTRAINTS,
        "class_weight": [dict, list, StrOptions({"balanced"}), None],
    }
    loss = "log_loss"

    def __init__(
        self,
        hidden_layer_sizes=(100,),
        activation="relu",
        *,
        solver="adam",
        alpha=0.0001,
        batch_size="auto",
        learning_rate="constant",
        learning_rate_init=0.001,
        power_t=0.5,
        max_iter=200,
        shuffle=True,
        random_state=None,
        tol=1e-4,
        verbose=False,
        warm_start=False,
        momentum=0.9,
        nesterovs_momentum=True,
        early_stopping=False,
        validation_fraction=0.1,
        beta_1=0.9,
        beta_2=0.999,
        epsilon=1e-8,
        n_iter_no_change=10,
        max_fun=15000,
        decay=0.95,
        warmup=0,
        weight_decay=0.01,
        clip_norm=None,
        dropout=0.0,
        class_weight=None,
        dtype="auto",
        device="auto",
    ):
        self._keep(locals())

    def _predict(self, X, check_input=True) -> np.ndarray:
        """The likeliest class of each sample; with several labels a sample, 0 and 1 for each."""
        found = self._forward_pass_fast(X, check_input)
        if self.out_activation_ == "softmax":
            return self.classes_[found.argmax(axis=1)]
        if self.n_outputs_ == 1 and len(self.classes_) == 2:
            return self.classes_[(found[:, 0] > 0.5).astype(np.intp)]
        return self._label_binarizer.inverse_transform(
            found.ravel() if self.n_outputs_ == 1 else found
        )


class MLPRegressor(FusedMLP, neural_network.MLPRegressor):
    """scikit-learn's ``MLPRegressor`` with all its parameters, methods and attributes, and more.

    What is new is as in :class:`MLPClassifier`, but for ``class_weight``.

    Notes
    -----
    As for :class:`MLPClassifier`. A fit has diverged, too, when the squares of its errors or
    gradients overflow; and the Poisson loss stays right where scikit-learn's is infinite or NaN,
    for predictions that are so small that they are 0.

    Examples
    --------
    >>> from sklearn.datasets import make_regression
    >>> from bpfast.sklearn import MLPRegressor
    >>> X, y = make_regression(n_samples=200, n_features=20, random_state=1)
    >>> regressor = MLPRegressor(learning_rate_init=0.05, batch_size=20, random_state=1)
    >>> regressor.fit(X, y).score(X, y) > 0.99
    True
    """

    _parameter_constraints: ClassVar[dict] = {
        **neural_network.MLPRegressor._parameter_constraints,
        **_CONSTRAINTS,
    }
    class_weight = None

    def __init__(
        self,
        loss="squared_error",
        hidden_layer_sizes=(100,),
        activation="relu",
        *,
        solver="adam",
        alpha=0.0001,
        batch_size="auto",
        learning_rate="constant",
        learning_rate_init=0.001,
        power_t=0.5,
        max_iter=200,
        shuffle=True,
        random_state=None,
        tol=1e-4,
        verbose=False,
        warm_start=False,
        momentum=0.9,
        nesterovs_momentum=True,
        early_stopping=False,
        validation_fraction=0.1,
        beta_1=0.9,
        beta_2=0.999,
        epsilon=1e-8,
        n_iter_no_change=10,
        max_fun=15000,
        decay=0.95,
        warmup=0,
        weight_decay=0.01,
        clip_norm=None,
        dropout=0.0,
        dtype="auto",
        device="auto",
    ):
        self._keep(locals())
