"""skl2onnx converts our estimators: what comes of it predicts what they predict."""

import numpy as np
import pytest
from examples_budget import drawn
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import model_selection
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import StackingRegressor, VotingClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from bpfast.sklearn import (
    GridSearchCV,
    HalvingRandomSearchCV,
    MLPClassifier,
    MLPEnsembleClassifier,
    MLPEnsembleRegressor,
    MLPRegressor,
    RandomizedSearchCV,
)

skl2onnx = pytest.importorskip("skl2onnx")
runtime = pytest.importorskip("onnxruntime")
from skl2onnx.common.data_types import (  # noqa: E402
    FloatTensorType,
    Int64TensorType,
    StringTensorType,
)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(90, 3)).astype(np.float32)
THIRDS = np.digitize(X[:, 0] + X[:, 1], [-0.5, 0.5])
TARGETS = {
    "classes": THIRDS,
    "words": np.array(["low", "middle", "höher"])[THIRDS],
    "objects": np.array(["low", "middle", "höher"], object)[THIRDS],
    "two classes": THIRDS % 2 + 3,
    "two words": np.array(["no", "yes"])[THIRDS % 2],
    "truth values": X[:, 0] > 0,
    "unsigned": THIRDS.astype(np.uint8),
    "whole fractions": THIRDS.astype(float),
    "one class": np.full(90, 7),
    "labels": np.stack([X[:, 0] > 0, X[:, 1] > 0], axis=1).astype(int),
    "three labels": np.stack([X[:, 0] > 0, X[:, 1] > 0, X[:, 2] > 0], axis=1).astype(int),
}
NETWORK = {"hidden_layer_sizes": (4,), "max_iter": 3, "random_state": 0, "learning_rate_init": 0.1}
NUMBERS = X[:, 0] * X[:, 1] + 10
ALL = {"zipmap": False}


def run(estimator, samples=X, options=None, target_opset=None):
    """What the converted estimator puts out, by name."""
    types = None
    if not isinstance(samples, np.ndarray):
        kinds = {"f": FloatTensorType, "i": Int64TensorType, "U": StringTensorType}
        types = [(name, kinds[one.dtype.kind]([None, 1])) for name, one in samples.items()]
    model = skl2onnx.to_onnx(
        estimator,
        samples[:1] if types is None else None,
        initial_types=types,
        options=options,
        target_opset=target_opset,
    )
    session = runtime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    given = samples if types is not None else {session.get_inputs()[0].name: samples}
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, given), strict=True))


def check_classifier(fitted, samples=X, **options):
    """Labels are the same, and probabilities within rounding."""
    found = run(fitted, samples, {id(fitted): ALL}, **options)
    expected = fitted.predict(samples)
    kind = object if expected.dtype.kind in "OU" else np.int64
    assert_array_equal(found["label"], expected.astype(kind), strict=True)
    probabilities = fitted.predict_proba(samples)[:, : len(fitted.classes_)]
    assert found["probabilities"].dtype == samples.dtype
    assert_allclose(found["probabilities"], probabilities, rtol=1e-4, atol=1e-6)


# --- classifiers ----------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("target", TARGETS)
def test_classifiers(target, dtype):
    network = MLPClassifier(**NETWORK).fit(X, TARGETS[target])
    check_classifier(network, X.astype(dtype))


@pytest.mark.parametrize("target", TARGETS)
def test_ensembles_of_classifiers(target):
    members = MLPEnsembleClassifier(MLPClassifier(**NETWORK), 3, random_state=0)
    check_classifier(members.fit(X, TARGETS[target]))


def test_a_bootstrap_that_lacks_a_class():
    few = np.array([0] * 44 + [1] * 45 + [2])
    members = MLPEnsembleClassifier(MLPClassifier(**NETWORK), 6, random_state=0).fit(X, few)
    assert {len(member.classes_) for member in members} == {2, 3}
    check_classifier(members)


@drawn(20)
@given(
    st.integers(1, 5),
    st.integers(1, 5),
    st.lists(st.integers(1, 5), min_size=1, max_size=3),
    st.sampled_from(["relu", "tanh", "logistic", "identity", "gelu", "silu", "elu", "softplus"]),
    st.sampled_from(["float32", "float64"]),
    st.sampled_from(["float32", "float64"]),
)
def test_any_network(inputs, classes, hidden, activation, dtype, own):
    samples = np.random.default_rng(inputs).normal(size=(20, inputs)).astype(dtype)
    chosen = {"activation": activation, "dtype": own, "max_iter": 1, "random_state": 0}
    y = np.arange(20) % classes
    check_classifier(MLPClassifier(hidden, **chosen).fit(samples, y), samples)
    numbers = MLPRegressor(hidden_layer_sizes=hidden, **chosen).fit(samples, np.eye(20)[:, y])
    found = run(numbers, samples)["variable"]
    assert_allclose(found, numbers.predict(samples).reshape(20, -1), rtol=1e-4, atol=1e-5)


def test_options_are_those_of_scikit_learns_networks():
    network = MLPClassifier(**NETWORK).fit(X, TARGETS["words"])
    names, probabilities = network.classes_, network.predict_proba(X)
    found = run(network)
    assert_array_equal(found["output_label"], network.predict(X))
    assert [*found["output_probability"][0]] == [*names]
    assert_allclose([[*one.values()] for one in found["output_probability"]], probabilities, 1e-4)
    found = run(network, options={"zipmap": "columns"})
    columns = np.stack([found[f"s{name}"] for name in names], axis=1)
    assert_allclose(columns, probabilities, rtol=1e-4)
    found = run(network, options={"zipmap": False, "output_class_labels": True})
    assert_array_equal(found["class_labels"], names)
    found = run(network, options={"zipmap": False, "nocl": True})
    assert_array_equal(names[found["label"]], network.predict(X))
    with pytest.raises(NameError, match="raw_scores"):
        run(network, options={"raw_scores": True})


@pytest.mark.parametrize("opset", [9, 11, 12, 13, 15, 17, 20])
def test_older_and_newer_opsets(opset):
    for activation in ("relu", "softplus", "gelu"):
        chosen = NETWORK | {"activation": activation}
        check_classifier(MLPClassifier(**chosen).fit(X, THIRDS), target_opset=opset)


def test_classes_that_are_fractions_are_refused():
    network = MLPClassifier(**NETWORK).fit(X, np.array(["0.5", "1.5", "2"])[THIRDS])
    network.classes_ = network.classes_.astype(float)
    with pytest.raises(ValueError, match="words or whole numbers"):
        run(network, options=ALL)


def test_inputs_of_whole_numbers():
    whole = (X * 3).astype(np.int64)
    network = MLPClassifier(**NETWORK).fit(whole, THIRDS)
    found = run(network, whole, ALL)
    assert_allclose(found["probabilities"], network.predict_proba(whole), rtol=1e-4)
    numbers = MLPRegressor(**NETWORK).fit(whole, NUMBERS)
    assert_allclose(run(numbers, whole)["variable"][:, 0], numbers.predict(whole), rtol=1e-4)


# --- regressors -----------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("outputs", [1, 2])
@pytest.mark.parametrize("loss", ["squared_error", "poisson"])
def test_regressors(outputs, loss, dtype):
    y = np.stack([NUMBERS, NUMBERS**2], axis=1)[:, :outputs].squeeze()
    network, samples = MLPRegressor(loss, **NETWORK), X.astype(dtype)
    for regressor in (network, MLPEnsembleRegressor(network, 3, random_state=0)):
        expected = regressor.fit(X, y).predict(samples).reshape(90, outputs)
        found = run(regressor, samples)["variable"]
        assert found.dtype == dtype
        assert_allclose(found, expected, rtol=1e-5 if dtype == "float32" else 1e-6)


# --- beside other steps ---------------------------------------------------------------------------


def test_a_pipeline():
    pipeline = make_pipeline(StandardScaler(), MLPClassifier(**NETWORK)).fit(X * 100, THIRDS)
    check_classifier(pipeline, X * 100)


def test_a_table_of_words_and_numbers():
    pd = pytest.importorskip("pandas")
    table = pd.DataFrame(X, columns=["a", "b", "c"])
    table["word"] = np.array(["u", "v", "w"])[THIRDS]
    encoders = ColumnTransformer(
        [("numbers", StandardScaler(), ["a", "b", "c"]), ("words", OneHotEncoder(), ["word"])]
    )
    pipeline = Pipeline([("encode", encoders), ("mlp", MLPRegressor(**NETWORK))])
    expected = pipeline.fit(table, NUMBERS).predict(table)
    columns = {name: table[[name]].to_numpy() for name in table}
    columns["word"] = columns["word"].astype(str)
    assert_allclose(run(pipeline, columns)["variable"][:, 0], expected, rtol=1e-4)


@pytest.mark.parametrize(
    "search",
    [
        lambda estimator, grid: GridSearchCV(estimator, grid, cv=2),
        lambda estimator, grid: model_selection.GridSearchCV(estimator, grid, cv=2),
        lambda estimator, grid: RandomizedSearchCV(estimator, grid, n_iter=2, cv=2),
        lambda estimator, grid: HalvingRandomSearchCV(estimator, grid, n_candidates=2, cv=2),
    ],
    ids=["grid", "scikit-learn's", "random", "halving"],
)
def test_searches(search):
    found = search(MLPClassifier(**NETWORK), {"alpha": [0.0, 1.0]}).fit(X, TARGETS["words"])
    check_classifier(found)
    check_classifier(found.best_estimator_)
    found = search(MLPRegressor(**NETWORK), {"alpha": [0.0, 1.0]}).fit(X, NUMBERS)
    assert_allclose(run(found)["variable"][:, 0], found.predict(X), rtol=1e-4)


def test_a_search_of_pipelines():
    pipeline = Pipeline([("scale", StandardScaler()), ("mlp", MLPClassifier(**NETWORK))])
    search = GridSearchCV(pipeline, {"mlp__alpha": [0.0, 1.0]}, cv=2).fit(X, THIRDS)
    for fitted in (search, search.best_estimator_):
        found = run(fitted)
        assert_array_equal(found["output_label"], search.predict(X))
        assert_allclose(
            [[*one.values()] for one in found["output_probability"]],
            search.predict_proba(X),
            rtol=1e-4,
        )


def test_inside_scikit_learns_own():
    network, members = MLPClassifier(**NETWORK), [("a", MLPClassifier(**NETWORK))]
    members.append(("b", MLPEnsembleClassifier(network, 2, random_state=0)))
    voting = VotingClassifier(members, voting="soft", flatten_transform=False)
    check_classifier(voting.fit(X, THIRDS))
    check_classifier(CalibratedClassifierCV(network, cv=2).fit(X, THIRDS))
    regressors = [("a", MLPRegressor(**NETWORK)), ("b", MLPRegressor(**NETWORK, alpha=1.0))]
    stacked = StackingRegressor(regressors, cv=2).fit(X, NUMBERS)
    assert_allclose(run(stacked)["variable"][:, 0], stacked.predict(X), rtol=1e-3)
