"""What all ensembles do: draw members' samples, train them together, and combine their outputs."""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator
from numbers import Integral
from typing import ClassVar

import numpy as np
from scipy import sparse
from sklearn.base import _fit_context
from sklearn.ensemble import BaseEnsemble
from sklearn.utils import check_random_state, gen_batches
from sklearn.utils._param_validation import Interval, RealNotInt
from sklearn.utils.random import sample_without_replacement
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from .fits import population_of
from .together import fit_together

MAX_SEED = np.iinfo(np.int32).max  # members' seeds are below it, as in scikit-learn's ensembles
CHUNK = 1 << 24  # numbers that members predict at a time


class MLPEnsemble(BaseEnsemble):
    """What ensembles of classifiers and of regressors have in common.

    Subclasses check targets (``_check``), give a member's outputs and the columns that these belong
    to among the ensemble's (``_read``), and score out-of-bag means (``_keep_out_of_bag``).
    """

    _parameter_constraints: ClassVar[dict] = {
        "n_estimators": [Interval(Integral, 1, None, closed="left")],
        "max_samples": [
            None,
            Interval(Integral, 1, None, closed="left"),
            Interval(RealNotInt, 0, 1, closed="right"),
        ],
        "bootstrap": ["boolean"],
        "oob_score": ["boolean"],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        estimator=None,
        n_estimators=10,
        *,
        max_samples=None,
        bootstrap=True,
        oob_score=False,
        random_state=None,
    ):
        super().__init__(estimator=estimator, n_estimators=n_estimators)
        self.max_samples = max_samples
        self.bootstrap = bootstrap
        self.oob_score = oob_score
        self.random_state = random_state

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y, sample_weight=None):
        """Train all members at once.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        sample_weight : array-like of shape (n_samples,), default=None
            With ``bootstrap`` samples are drawn with probabilities proportional to these, as by
            scikit-learn's ``BaggingClassifier``; otherwise weights for each member's ``fit``.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            Without ``bootstrap``: out-of-bag scores, or ``max_samples`` larger than the number of
            samples. What the members' own ``fit`` raises.
        """
        if self.oob_score and not self.bootstrap:
            raise ValueError("Out of bag estimation only available if bootstrap=True")
        X, y = self._check(X, y)
        if sample_weight is not None:
            sample_weight = _check_sample_weight(sample_weight, X, ensure_non_negative=True)
        self._validate_estimator(self._parameter_constraints["estimator"][0]())
        seeds = check_random_state(self.random_state).randint(MAX_SEED, size=self.n_estimators)
        members = [self._make_estimator(append=False, random_state=seed) for seed in seeds]
        rows = [self._draw_rows(seed, X.shape[0], sample_weight) for seed in seeds]
        for error in fit_together(members, X, y, rows, None if self.bootstrap else sample_weight):
            if error is not None:
                raise error
        self.estimators_ = members
        if self.oob_score:
            self._score_out_of_bag(X, y, rows)
        return self

    def predict_quantiles(self, X, q):
        """Quantiles, over members, of their predictions, or of their probabilities of classes.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        q : float or array-like of floats from 0 to 1

        Returns
        -------
        ndarray of shape (n_samples, n_classes), (n_samples,) or (n_samples, n_outputs), preceded by
        the shape of ``q``
        """
        return self._flat(self._combined(X, lambda outputs: np.quantile(outputs, q, axis=0)))

    def _flat(self, outputs: np.ndarray) -> np.ndarray:
        """Outputs as users get them: regressors leave out the axis of a single one."""
        return outputs

    def _draw_rows(self, seed: int, samples: int, sample_weight: np.ndarray | None) -> np.ndarray:
        """The rows that a member is trained on."""
        random_state, size = check_random_state(seed), samples
        if self.max_samples is not None:
            is_count = isinstance(self.max_samples, Integral)
            size = self.max_samples if is_count else max(1, int(self.max_samples * samples))
        if self.bootstrap and sample_weight is not None:
            return random_state.choice(samples, size, p=sample_weight / sample_weight.sum())
        if self.bootstrap:
            return random_state.randint(samples, size=size)
        if size > samples:
            raise ValueError(
                f"max_samples={self.max_samples} must be at most the number of samples, {samples}, "
                "to draw without replacement: use bootstrap=True"
            )
        if size == samples:
            return np.arange(samples)
        return sample_without_replacement(samples, size, random_state=random_state)

    def _score_out_of_bag(self, X, y, rows: list[np.ndarray]) -> None:
        """Score each sample by the mean over the members that were not trained on it."""
        unseen = np.ones((len(rows), X.shape[0]), dtype=bool)
        for mask, drawn in zip(unseen, rows, strict=True):
            mask[drawn] = False
        sums = [
            np.where(unseen[:, part, None], outputs, 0.0).sum(axis=0)
            for part, outputs in self._outputs(X)
        ]
        count = unseen.sum(axis=0)
        if not count.all():
            warnings.warn(
                "Some inputs do not have OOB scores. This probably means too few estimators were "
                "used to compute any reliable oob estimates.",
                stacklevel=4,
            )
        with np.errstate(invalid="ignore"):
            means = np.concatenate(sums) / count[:, None]
        self._keep_out_of_bag(means, y, count > 0)

    def _mean(self, X, return_std: bool):
        """Mean over members, and standard deviation if asked for."""
        if not return_std:
            return self._combined(X, lambda outputs: outputs.mean(axis=0))
        return tuple(self._combined(X, lambda outputs: np.stack([outputs.mean(0), outputs.std(0)])))

    def _combined(self, X, combine: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        """What ``combine`` makes of members' outputs, (n_estimators, samples, outputs).

        It is called with some samples at a time; its result has the axes (..., samples, outputs).
        """
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse="csr", reset=False)
        return np.concatenate([combine(outputs) for _, outputs in self._outputs(X)], axis=-2)

    def _outputs(self, X) -> Iterator[tuple[slice, np.ndarray]]:
        """Slices of samples, and members' (n_estimators, samples, outputs) float64 for these."""
        members = self.estimators_
        groups = [(k, population_of([members[i] for i in k])) for k in _by_architecture(members)]
        step = max(1, CHUNK // (len(members) * max(self._n_outputs, X.shape[1])))
        for part in gen_batches(X.shape[0], step):
            samples = X[part].toarray() if sparse.issparse(X) else X[part]
            outputs = np.zeros((len(members), len(samples), self._n_outputs))
            for indices, population in groups:
                member = members[indices[0]]
                values, columns = self._read(member, population.predict(samples, member.device))
                outputs[np.ix_(indices, np.arange(len(samples)), columns)] = values
            yield part, outputs


def _by_architecture(members: list) -> list[np.ndarray]:
    """Indices of members that make one population: of one architecture, dtype and classes."""
    groups = defaultdict(list)
    for index, member in enumerate(members):
        classes = tuple(getattr(member, "classes_", ()))
        groups[member._mlp(), member.coefs_[0].dtype.name, classes].append(index)
    return [np.array(indices) for indices in groups.values()]
