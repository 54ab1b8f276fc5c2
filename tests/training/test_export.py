"""Networks handed to PyTorch, ONNX and scikit-learn say what they say here."""

import sys
import warnings
from itertools import product

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import bpfast as bp
from bpfast.kernels.tables import ACTIVATIONS
from bpfast.training.export import add_networks
from bpfast.training.network import loss_names
from bpfast.training.onnx_graph import Graph

RNG = np.random.default_rng(0)
X = np.concatenate([RNG.normal(size=(40, 3)), RNG.normal(scale=30.0, size=(10, 3))])
BUILT_IN = sorted(ACTIVATIONS)
AGREE = {"rtol": 1e-5, "atol": 1e-5}
MLPS = [
    *(bp.MLP((3, 5, 4, 2), activation, "mse") for activation in BUILT_IN),
    *(bp.MLP((3, 5, 2), "tanh", loss) for loss in loss_names()),
    bp.MLP((3, 5, 4, 2), ("gelu", "relu"), "cross_entropy"),
    bp.MLP((3, 5, 2), "elu", "cross_entropy", bias=False),
    bp.MLP((3, 5, 1), "silu", "binary_cross_entropy"),
    bp.MLP((3, 1)),
]
DTYPES = ("float32", "float64")
CASES = list(product(MLPS, DTYPES))


@pytest.fixture
def own_activation():
    """An activation registered under a name for one test."""
    bp.register_activation("softmax", lambda z: z / (1.0 + abs(z)), lambda z, a: (1 - abs(a)) ** 2)
    yield "softmax"
    del ACTIVATIONS["softmax"]


def population(mlp, dtype="float64"):
    """Networks that are all different, biases included."""
    return bp.Population(mlp, 3, init="torch", dtype=dtype)


def expected(networks, i, X=X):
    return networks.predict(X, device="reference")[i]


def name(value):
    if isinstance(value, bp.MLP):
        hidden = "-".join(value.activations)
        return f"{value.layers} {hidden} {value.loss} {value.bias}"
    return str(value)


# --- PyTorch --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mlp", "dtype"), [case for case in CASES if case[0].loss != "poisson"], ids=name
)
def test_pytorch_agrees(mlp, dtype):
    torch = pytest.importorskip("torch")
    networks = population(mlp, dtype)
    module = networks.to_torch(1)
    assert isinstance(module, torch.nn.Sequential)
    assert {p.dtype for p in module.parameters()} == {getattr(torch, dtype)}
    assert sum(p.numel() for p in module.parameters()) == mlp.n_parameters
    with torch.no_grad():
        said = module(torch.tensor(X, dtype=getattr(torch, dtype))).numpy()
    assert_allclose(said, expected(networks, 1), **AGREE)


@pytest.mark.parametrize("activation", BUILT_IN)
def test_pytorchs_activations_are_ours_to_the_last_digits(activation):
    torch = pytest.importorskip("torch")
    mlp = bp.MLP((1, 1, 1), activation, bias=False)
    networks = bp.Population.from_arrays(mlp, [[[1.0]], [[1.0]]], dtype="float64")
    z = np.linspace(-50.0, 50.0, 401)[:, None]
    said = networks.to_torch(0)(torch.tensor(z)).detach().numpy()
    assert_allclose(said, expected(networks, 0, z), rtol=1e-13, atol=1e-15)


def test_pytorch_trains_on_and_changes_nothing_here():
    torch = pytest.importorskip("torch")
    networks = population(bp.MLP((3, 5, 2), loss="cross_entropy"))
    before, state = networks.parameters.copy(), torch.random.get_rng_state()
    module = networks.to_torch(-1)
    assert torch.equal(torch.random.get_rng_state(), state)
    logits = module[:-1]
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
    labels = torch.tensor((X[:, 0] > 0).astype(int))
    loss = torch.nn.functional.cross_entropy(logits(torch.tensor(X)), labels)
    here = bp.gradients(networks, X, labels.numpy(), device="reference")
    assert loss.item() == pytest.approx(here[0][2])
    loss.backward()
    assert_allclose(module[0].weight.grad.T, here[1][0][2], rtol=1e-9, atol=1e-12)
    optimizer.step()
    assert_array_equal(networks.parameters, before)
    assert not np.allclose(module[0].weight.detach().T, networks.weights[0][2])


# --- ONNX -----------------------------------------------------------------------------------------


def run(model, X):
    """What onnxruntime makes of it."""
    runtime = pytest.importorskip("onnxruntime")
    session = runtime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    return session.run(["predictions"], {"X": X})[0]


@pytest.mark.parametrize(("mlp", "dtype"), CASES, ids=name)
def test_onnxruntime_agrees_of_several_networks_at_once(mlp, dtype):
    pytest.importorskip("onnx")
    networks, graph = population(mlp, dtype), Graph()
    inputs = graph.input("X", networks.dtype, mlp.inputs)
    value = add_networks(graph, inputs, mlp, networks.weights, networks.biases)
    flat = graph.add("Reshape", value, np.array([-1, mlp.outputs]))
    said = run(graph.model(flat, networks.dtype, mlp.outputs), X.astype(dtype))
    agreed = networks.predict(X, device="reference").reshape(-1, mlp.outputs)
    assert_allclose(said, agreed, **AGREE)


@pytest.mark.parametrize(("mlp", "dtype"), CASES, ids=name)
def test_onnxruntime_agrees(mlp, dtype):
    pytest.importorskip("onnx")
    networks = population(mlp, dtype)
    said = run(networks.to_onnx(2), X.astype(dtype))
    assert said.dtype == np.dtype(dtype)
    assert_allclose(said, expected(networks, 2), **AGREE)


@pytest.mark.parametrize("activation", BUILT_IN)
@pytest.mark.parametrize("dtype", DTYPES)
def test_onnxs_activations_neither_overflow_nor_lose_digits(activation, dtype):
    pytest.importorskip("onnx")
    mlp = bp.MLP((1, 1, 1), activation, bias=False)
    networks = bp.Population.from_arrays(mlp, [[[1.0]], [[1.0]]], dtype=dtype)
    z = np.linspace(-900.0, 900.0, 3601)[:, None]
    assert_allclose(run(networks.to_onnx(0), z.astype(dtype)), expected(networks, 0, z), **AGREE)


def test_an_onnx_model_says_what_it_is():
    onnx = pytest.importorskip("onnx")
    model = population(bp.MLP((3, 5, 2)), "float32").to_onnx(0)
    onnx.checker.check_model(model, full_check=True)
    assert [(one.domain, one.version) for one in model.opset_import] == [("", 17)]
    shapes = {}
    for value in (*model.graph.input, *model.graph.output):
        kind = value.type.tensor_type
        assert kind.elem_type == onnx.TensorProto.FLOAT
        shapes[value.name] = [d.dim_param or d.dim_value for d in kind.shape.dim]
    assert shapes == {"X": ["samples", 3], "predictions": ["samples", 2]}


def test_onnx_takes_any_number_of_samples():
    pytest.importorskip("onnx")
    networks = population(MLPS[0])
    model = networks.to_onnx(0)
    for rows in (1, 7, 50):
        assert_allclose(run(model, X[:rows]), expected(networks, 0)[:rows], **AGREE)


# --- scikit-learn ---------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("activation", ["identity", "sigmoid", "tanh", "relu"])
@pytest.mark.parametrize("loss", ["mse", "half_squared_error", "poisson"])
@pytest.mark.parametrize("layers", [(3, 5, 4, 2), (3, 5, 1), (3, 2)])
def test_sklearns_regressor_agrees(layers, loss, activation, dtype):
    pytest.importorskip("sklearn")
    networks = population(bp.MLP(layers, activation, loss), dtype)
    estimator = networks.to_sklearn(1)
    said = estimator.predict(X.astype(dtype)).reshape(len(X), -1)
    assert_allclose(said, expected(networks, 1), **AGREE)
    assert estimator.out_activation_ == ("exp" if loss == "poisson" else "identity")
    assert (estimator.n_layers_, estimator.n_outputs_) == (len(layers), layers[-1])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("layers", [(3, 5, 4, 4), (3, 5, 2), (3, 3), (3, 2)])
def test_sklearns_classifier_agrees(layers, bias, dtype):
    pytest.importorskip("sklearn")
    networks = population(bp.MLP(layers, "relu", "cross_entropy", bias), dtype)
    estimator = networks.to_sklearn(0)
    assert_array_equal(estimator.classes_, np.arange(layers[-1]))
    assert_allclose(estimator.predict_proba(X.astype(dtype)), expected(networks, 0), **AGREE)
    assert_array_equal(estimator.predict(X), expected(networks, 0).argmax(axis=1))


@pytest.mark.parametrize("outputs", [1, 2, 3])
def test_sklearns_classifier_takes_sigmoids(outputs):
    pytest.importorskip("sklearn")
    networks = population(bp.MLP((3, 5, outputs), "sigmoid", "binary_cross_entropy"))
    estimator, chances = networks.to_sklearn(2), expected(networks, 2)
    assert estimator.out_activation_ == "logistic"
    if outputs == 1:
        chances = np.concatenate([1.0 - chances, chances], axis=1)
    assert_allclose(estimator.predict_proba(X), chances, **AGREE)
    said = chances.argmax(axis=1) if outputs == 1 else chances > 0.5
    assert_array_equal(estimator.predict(X), said)


@pytest.mark.parametrize(
    "mlp",
    [
        bp.MLP((3, 5, 4), loss="cross_entropy"),
        bp.MLP((3, 5, 2), loss="cross_entropy"),
        bp.MLP((3, 5, 2), loss="mse"),
        bp.MLP((3, 1), loss="mse"),
    ],
)
def test_sklearn_has_all_that_fitted_estimators_have_and_trains_on(mlp):
    pytest.importorskip("sklearn")
    from sklearn.base import is_classifier

    networks = population(mlp)
    before = networks.parameters.copy()
    estimator = networks.to_sklearn(0)
    y = RNG.integers(mlp.outputs, size=len(X))
    if not is_classifier(estimator):
        y = RNG.normal(size=(len(X), mlp.outputs)).squeeze()
    fitted = type(estimator)(hidden_layer_sizes=mlp.layers[1:-1])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it has not converged
        fitted.set_params(max_iter=1).fit(X, y)
    assert {k for k in vars(fitted) if k.endswith("_")} <= set(vars(estimator))
    for name_ in ("n_layers_", "n_outputs_", "out_activation_", "n_features_in_"):
        assert getattr(estimator, name_) == getattr(fitted, name_)
    shapes = [[a.shape for a in (*one.coefs_, *one.intercepts_)] for one in (estimator, fitted)]
    assert shapes[0] == shapes[1]
    first = estimator.score(X, y)
    for _ in range(100):
        estimator.partial_fit(X, y)
    assert estimator.score(X, y) > first
    assert_array_equal(networks.parameters, before)


def test_sklearn_leaves_numpys_generator_alone():
    pytest.importorskip("sklearn")
    before = np.random.get_state(legacy=False)["state"]  # noqa: NPY002
    population(MLPS[-1]).to_sklearn(0)
    after = np.random.get_state(legacy=False)["state"]  # noqa: NPY002
    assert_array_equal(after["key"], before["key"])
    assert after["pos"] == before["pos"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"loss": "mae"}, "no network with loss='mae'; it has those with half_squared_error, mse"),
        ({"activation": "gelu"}, "'gelu' is not known to scikit-learn: it has identity, relu"),
        ({"activation": ("relu", "tanh")}, r"one activation for all .* \('relu', 'tanh'\)"),
    ],
)
def test_what_sklearn_lacks_is_refused_in_words(options, words):
    pytest.importorskip("sklearn")
    with pytest.raises(ValueError, match=words):
        population(bp.MLP((3, 5, 4, 2), **options)).to_sklearn(0)


def test_pytorch_lacks_the_exponential():
    pytest.importorskip("torch")
    with pytest.raises(ValueError, match="no module for the exponential that loss='poisson'"):
        population(bp.MLP((3, 5, 2), loss="poisson")).to_torch(0)


# --- all three ------------------------------------------------------------------------------------

LIBRARIES = {"to_torch": "torch", "to_onnx": "onnx", "to_sklearn": "sklearn"}


@pytest.mark.parametrize("way", LIBRARIES)
def test_an_activation_of_ones_own_is_refused_in_words(way, own_activation):
    pytest.importorskip(LIBRARIES[way])
    networks = population(bp.MLP((3, 5, 2), own_activation))
    with pytest.raises(ValueError, match=r"activation 'softmax' is not known to .*it has .*relu"):
        getattr(networks, way)(0)


@pytest.mark.parametrize("way", LIBRARIES)
@pytest.mark.parametrize(
    ("i", "error", "words"),
    [
        (3, ValueError, "i must be at most 2, got 3"),
        (-4, ValueError, "i must be at least -3, got -4"),
        (1.0, TypeError, "i must be an integer, got 1.0"),
        ([0], TypeError, "i must be an integer"),
    ],
)
def test_networks_that_are_not_there_are_refused_in_words(way, i, error, words):
    with pytest.raises(error, match=words):
        getattr(population(MLPS[0]), way)(i)


@pytest.mark.parametrize(
    ("way", "module", "hint"),
    [
        ("to_torch", "torch", "torch is not installed: pip install torch"),
        ("to_onnx", "onnx", r'onnx is not installed: pip install "bpfast\[export\]"'),
        ("to_sklearn", "sklearn.neural_network", r'pip install "bpfast\[sklearn\]"'),
    ],
)
def test_a_missing_library_is_a_hint(way, module, hint, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError, match=hint):
        getattr(population(MLPS[-1]), way)(0)
