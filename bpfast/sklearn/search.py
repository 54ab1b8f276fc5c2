"""scikit-learn's searches, whose candidates train on all folds as populations."""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import FunctionType

from sklearn import model_selection
from sklearn.base import _fit_context
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection._search import BaseSearchCV

from .candidates import Populations


def _with_populations(fit: Callable) -> Callable:
    """A copy of scikit-learn's own ``fit``, with :class:`Populations` for ``Parallel``.

    ``fit`` looks ``Parallel`` up among its globals. The copy has globals of its own, so that
    scikit-learn stays as it is, in other threads too.
    """
    ours = FunctionType(fit.__code__, {**fit.__globals__, "Parallel": Populations})
    ours.__defaults__ = fit.__defaults__
    return functools.update_wrapper(ours, fit)


class _PopulationSearch(BaseSearchCV):
    """Precedes scikit-learn's base of all searches in the method resolution order."""

    fit = _fit_context(prefer_skip_nested_validation=False)(
        _with_populations(BaseSearchCV.fit.__wrapped__)
    )


class GridSearchCV(model_selection.GridSearchCV, _PopulationSearch):
    """scikit-learn's ``GridSearchCV``, which trains all candidates on all folds together.

    Parameters, methods and attributes are scikit-learn's, and so are the results: those of its own
    search with the same estimator.

    Parameters
    ----------
    estimator, param_grid, scoring, n_jobs, refit, cv, verbose, pre_dispatch, error_score, \
return_train_score
        As for ``sklearn.model_selection.GridSearchCV``.

    Notes
    -----
    An :class:`MLPClassifier` or :class:`MLPRegressor`, alone or as the last step of a ``Pipeline``,
    trains in populations. The steps before it are fitted once for each fold and each of their own
    settings; what they make of the folds is kept in memory until all are trained. Networks are cut
    into populations that fit into half of the memory that is free. ``n_jobs`` does not matter then:
    populations use all threads, or, under ``joblib.parallel_config("dask")``, all workers of the
    cluster, whose logs have their warnings. All other candidates are fitted one by one, as
    scikit-learn does, with ``n_jobs``; the logger "bpfast" says so once, with the reason.

    Accuracy, log loss, R² and mean errors, by the default or by name, are computed for all networks
    of a fold at once, to scikit-learn's bits; other scorers are called for each network.

    Fit times are shares of the time that all took: by parameters, samples and epochs. Lines that
    ``verbose`` prints appear as candidates are scored, and tell the time of that.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from bpfast.sklearn import GridSearchCV, MLPClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> mlp = MLPClassifier((20,), solver="sgd", max_iter=50, tol=0, random_state=0)
    >>> search = GridSearchCV(
    ...     make_pipeline(StandardScaler(), mlp),
    ...     {"mlpclassifier__learning_rate_init": [1e-4, 1e-2]},
    ... ).fit(X, y)
    >>> search.best_params_
    {'mlpclassifier__learning_rate_init': 0.01}
    """


class RandomizedSearchCV(model_selection.RandomizedSearchCV, _PopulationSearch):
    """scikit-learn's ``RandomizedSearchCV``; see :class:`GridSearchCV` for what trains together.

    The same ``random_state`` draws the same candidates as scikit-learn's.

    Parameters
    ----------
    estimator, param_distributions, n_iter, scoring, n_jobs, refit, cv, verbose, pre_dispatch, \
random_state, error_score, return_train_score
        As for ``sklearn.model_selection.RandomizedSearchCV``.
    """


class HalvingGridSearchCV(model_selection.HalvingGridSearchCV, _PopulationSearch):
    """scikit-learn's ``HalvingGridSearchCV``; see :class:`GridSearchCV` for what trains together.

    That is: all that are left in an iteration. ``sklearn.experimental`` need not be imported.

    Parameters
    ----------
    estimator, param_grid, factor, resource, max_resources, min_resources, aggressive_elimination, \
cv, scoring, refit, error_score, return_train_score, random_state, n_jobs, verbose
        As for ``sklearn.model_selection.HalvingGridSearchCV``.
    """


class HalvingRandomSearchCV(model_selection.HalvingRandomSearchCV, _PopulationSearch):
    """scikit-learn's ``HalvingRandomSearchCV``, as :class:`HalvingGridSearchCV` is the other.

    Parameters
    ----------
    estimator, param_distributions, n_candidates, factor, resource, max_resources, min_resources, \
aggressive_elimination, cv, scoring, refit, error_score, return_train_score, random_state, n_jobs, \
verbose
        As for ``sklearn.model_selection.HalvingRandomSearchCV``.
    """
