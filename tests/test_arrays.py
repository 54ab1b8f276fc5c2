"""Arrays on a GPU: told apart, left where they are, or brought to the host; CuPy is a stand-in."""

import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import bpfast as bp
from bpfast import arrays
from bpfast.kernels import host
from bpfast.training.samples import check_samples

RNG = np.random.default_rng(2)
X, Y = RNG.normal(size=(9, 3)), RNG.normal(size=(9, 2))
LABELS = np.arange(9) % 2
MLP = bp.MLP((3, 4, 2), "tanh", "mse")
CLASSIFIER = bp.MLP((3, 4, 2), "tanh", "cross_entropy")


class OnGpu(np.lib.mixins.NDArrayOperatorsMixin):
    """As CuPy's arrays, NumPy cannot read it; ``get`` brings it to the host."""

    __cuda_array_interface__ = "stands for a pointer"

    def __init__(self, array):
        self.array = array

    def __dlpack_device__(self):
        return 2, 0

    def __array__(self, *_, **__):
        raise TypeError("implicit conversion to a NumPy array is not allowed")

    def __array_ufunc__(self, ufunc, method, *given, **options):
        return wrapped(getattr(ufunc, method)(*map(unwrapped, given), **options))

    def __getitem__(self, index):
        return wrapped(self.array[unwrapped(index)])

    def __getattr__(self, name):
        value = getattr(self.array, name)
        return called(value) if callable(value) else value

    def __len__(self):
        return len(self.array)

    def __bool__(self):
        return bool(self.array)

    def __float__(self):
        return float(self.array)

    def get(self):
        return self.array


def wrapped(value):
    return OnGpu(np.asarray(value)) if isinstance(value, (np.ndarray, np.generic)) else value


def unwrapped(value):
    return value.array if isinstance(value, OnGpu) else value


def called(function):
    """A function of NumPy on arrays of the stand-in."""

    def call(*given, **options):
        return wrapped(function(*map(unwrapped, given), **options))

    return call


@pytest.fixture(autouse=True)
def _cupy(monkeypatch):
    module = ModuleType("cupy")
    module.__getattr__ = lambda name: called(getattr(np, name))
    monkeypatch.setitem(sys.modules, "cupy", module)


def same(some, others):
    for one, other in zip(some, others, strict=True):
        assert_array_equal(unwrapped(one), unwrapped(other))


@pytest.mark.parametrize("kind", [2, 13])
def test_arrays_on_a_gpu_are_known_by_dlpack(kind):
    assert arrays.on_gpu(SimpleNamespace(__dlpack_device__=lambda: (kind, 0)))


def test_arrays_on_a_gpu_are_known_by_their_interface():
    assert arrays.on_gpu(SimpleNamespace(__cuda_array_interface__={}))


@pytest.mark.parametrize(
    "values", [X, [1.0], 3, None, SimpleNamespace(__dlpack_device__=lambda: (1, 0))]
)
def test_others_are_on_the_host(values):
    assert not arrays.on_gpu(values)


@pytest.mark.parametrize(("mlp", "y"), [(MLP, Y), (CLASSIFIER, LABELS)])
def test_checked_samples_stay_where_they_are(mlp, y):
    given = [OnGpu(array) for array in (X, y, np.ones(9))]
    samples = check_samples(*given, mlp, "float32")
    assert all(isinstance(array, OnGpu) for array in vars(samples).values())
    expected = check_samples(X, y, np.ones(9), mlp, "float32")
    same(vars(samples).values(), vars(expected).values())
    assert samples.inputs.dtype == np.float32


@pytest.mark.parametrize(
    ("mlp", "X", "y", "weights"),
    [
        (MLP, np.full((9, 3), np.nan), Y, None),
        (MLP, X[:, :2], Y, None),
        (MLP, X, Y[:4], None),
        (MLP, X, Y, -np.ones(9)),
        (CLASSIFIER, X, LABELS + 0.5, None),
        (CLASSIFIER, X, LABELS + 1, None),
        (CLASSIFIER, X, Y, None),
    ],
)
def test_they_are_refused_in_the_same_words(mlp, X, y, weights):
    words = []
    for place in (np.asarray, OnGpu):
        given = [None if array is None else place(array) for array in (X, y, weights)]
        with pytest.raises((TypeError, ValueError)) as caught:
            check_samples(*given, mlp, "float32")
        words.append(str(caught.value))
    assert words[0] == words[1]


@pytest.mark.parametrize("device", ["cpu", "reference"])
def test_other_devices_bring_them_to_the_host(device):
    results = []
    for place in (np.asarray, OnGpu):
        population, (x, y) = bp.Population(MLP, 2), map(place, (X, Y))
        loss, weights, biases = bp.gradients(population, x, y, device=device)
        history = bp.fit(
            population,
            x,
            y,
            bp.SGD(learning_rate=place(np.array([0.1, 0.2]))),
            epochs=2,
            validation=(x, y),
            sample_weight=place(np.ones(9)),
            device=device,
            progress=False,
        )
        predictions = population.predict(x, device=device)
        results.append([loss, *weights, *biases, history.validation_loss, predictions])
    assert all(type(array) is np.ndarray for array in results[1])
    same(*results)


def test_cuda_is_given_them_as_they_are(monkeypatch):
    given = []

    class Kernels:
        GRAIN, FIRST_RATE, SHUFFLES = 1, 1e6, True
        resident, emptied = staticmethod(host.resident), staticmethod(host.emptied)

        def train(self, strategy, task, networks):
            given.extend([task.samples, task.validation])
            task.state.status[:] = 1

        def gradients(self, strategy, network, parameters, samples):
            given.append(samples)
            assert parameters is rows
            return OnGpu(np.zeros(2)), OnGpu(population.parameters)

        def predict(self, network, parameters, inputs):
            assert isinstance(inputs, OnGpu)
            return "what CuPy has"

    plan = bp.dispatch.Plan("any", "cuda", "a test")
    monkeypatch.setattr(bp.dispatch, "choose", lambda *_, **__: plan)
    monkeypatch.setattr(bp.dispatch, "resolve_device", lambda _: "cuda")
    monkeypatch.setattr(bp.dispatch, "kernels", lambda _: Kernels())
    rows = SimpleNamespace(to_host=lambda out: None)
    monkeypatch.setattr(bp.dispatch, "to_device", lambda *_: rows)
    population, x, y = bp.Population(MLP, 2), OnGpu(X), OnGpu(Y)
    bp.fit(population, x, y, bp.SGD(), validation=(x, y), progress=False)
    loss, weights, biases = bp.gradients(population, x, y)
    assert all(isinstance(array, OnGpu) for array in (loss, *weights, *biases))
    assert population.predict(x) == "what CuPy has"
    assert len(given) == 3
    for samples in given:
        assert isinstance(samples.inputs, OnGpu)
        assert isinstance(samples.targets, OnGpu)
