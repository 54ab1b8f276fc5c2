"""skl2onnx converts estimators that sweep: raw columns in, what their ensembles say out."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from bpfast.sklearn import GridSearchCV, SweepClassifier, SweepRegressor

pytest.importorskip("optuna")
pl = pytest.importorskip("polars")
skl2onnx = pytest.importorskip("skl2onnx")
runtime = pytest.importorskip("onnxruntime")
from skl2onnx.common import data_types  # noqa: E402

RANDOM = np.random.default_rng(0)
ROWS = 90
X = RANDOM.normal(size=(ROWS, 3))
THIRDS = np.digitize(X[:, 0] + X[:, 1], [-0.5, 0.5])
SMALL = {
    "networks": 6,
    "epochs": 5,
    "space": {"hidden": 8, "learning_rate": 0.05, "number_encoding": "scaled,quantile,piecewise4"},
}
WITHOUT_MAPS = {"zipmap": False}
TABLE = pl.DataFrame(
    {
        "age": X[:, 0],
        "colour": [
            None if k % 9 == 0 else "red" if x > 0 else "blue" for k, x in enumerate(X[:, 1])
        ],
        "size, in m": np.where(RANDOM.random(ROWS) < 0.2, np.nan, X[:, 2]),
    }
)
KINDS = {
    "f": data_types.FloatTensorType,
    "d": data_types.DoubleTensorType,
    "U": data_types.StringTensorType,
}


def columns(*names):
    """Raw columns of the table as onnxruntime takes them."""
    found = {}
    for name in names:
        values = TABLE[name]
        words = values.dtype == pl.String
        array = values.fill_null("").to_numpy().astype(str) if words else values.to_numpy()
        found[name] = array[:, None]
    return found


def run(estimator, inputs, options=None, **chosen):
    """What the converted estimator puts out, by name."""
    types = [(n, KINDS[a.dtype.char]([None, a.shape[1]])) for n, a in inputs.items()]
    model = skl2onnx.convert_sklearn(estimator, initial_types=types, options=options, **chosen)
    session = runtime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    names = [output.name for output in session.get_outputs()]
    taken = [one.name for one in session.get_inputs()]  # skl2onnx has no commas in names
    given = dict(zip(taken, inputs.values(), strict=True))
    return dict(zip(names, session.run(names, given), strict=True))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("y", [THIRDS, np.array(["no", "yes"])[THIRDS % 2]], ids=["", "words"])
def test_classes_of_an_array(y, dtype):
    samples = np.where(RANDOM.random(X.shape) < 0.1, np.nan, X).astype(dtype)
    fitted = SweepClassifier(**SMALL).fit(samples, y)
    found = run(fitted, {"X": samples}, {id(fitted): WITHOUT_MAPS})
    assert_array_equal(found["label"], fitted.predict(samples))
    assert found["probabilities"].dtype == dtype
    assert_allclose(found["probabilities"], fitted.predict_proba(samples), atol=1e-6)
    if dtype == "float32":
        maps = run(fitted, {"X": samples})["output_probability"]
        assert [*maps[0]] == fitted.classes_.tolist()
        assert_allclose([[*one.values()] for one in maps], found["probabilities"])
    apart = {name: samples[:, k : k + 1] for k, name in enumerate("abc")}
    assert_array_equal(run(fitted, apart, WITHOUT_MAPS)["label"], found["label"])


def test_labels_and_numbers():
    y = (X > 0.2).astype(int)
    fitted = SweepClassifier(**SMALL).fit(X, y)
    found = run(fitted, {"X": X}, WITHOUT_MAPS)
    assert_array_equal(found["label"], fitted.predict(X))
    assert_allclose(found["probabilities"], fitted.predict_proba(X), atol=1e-6)
    for outputs in (1, 2):
        numbers = SweepRegressor(**SMALL).fit(X, 1e3 + X[:, :outputs].squeeze() * 50)
        expected = numbers.predict(X).reshape(ROWS, outputs)
        assert_allclose(run(numbers, {"X": X})["variable"], expected, rtol=1e-6)


def test_a_tables_columns_by_name_and_by_order():
    fitted = SweepRegressor(**SMALL).fit(TABLE, X[:, 0])
    expected = fitted.predict(TABLE)[:, None]
    named = columns("colour", "size, in m", "age")
    assert_allclose(run(fitted, named)["variable"], expected, atol=1e-6)
    assert_allclose(run(fitted, named | {"more": X})["variable"], expected, atol=1e-6)
    ordered = dict(zip("abc", columns(*TABLE.columns).values(), strict=True))
    assert_allclose(run(fitted, ordered)["variable"], expected, atol=1e-6)
    with pytest.raises(ValueError, match="trained on columns age, colour"):
        run(fitted, columns("age", "colour"))


def test_an_array_of_words():
    words = np.concatenate([*columns("colour", "colour").values()] * 2, axis=1)
    words[:, 1] = np.where(X[:, 0] > 0, "a", "b")
    fitted = SweepClassifier(**SMALL).fit(words, THIRDS)
    found = run(fitted, {"X": words.astype(str)}, WITHOUT_MAPS)
    assert_array_equal(found["label"], fitted.predict(words))


def test_with_other_steps():
    pipeline = make_pipeline(StandardScaler(), SweepClassifier(**SMALL))
    search = GridSearchCV(pipeline, {"sweepclassifier__members": [1, 2]}, cv=2).fit(X, THIRDS)
    found = run(search, {"X": X.astype(np.float32)})
    assert_array_equal(found["output_label"], search.predict(X))


def test_opsets():
    fitted = SweepClassifier(**SMALL).fit(TABLE, THIRDS)
    for opset in (17, 20):
        found = run(fitted, columns(*TABLE.columns), WITHOUT_MAPS, target_opset=opset)
        assert_array_equal(found["label"], fitted.predict(TABLE))
    with pytest.raises(RuntimeError, match="higher than targeted opsets"):
        run(fitted, columns(*TABLE.columns), WITHOUT_MAPS, target_opset=9)
