"""A population: n networks of one architecture, and their parameters."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..arrays import to_host
from ..checks import check_array, check_choice, check_finite, check_int
from ..files import read_tensors, write_tensors
from ..kernels import counter
from ..kernels.tables import ACTIVATIONS
from ..kernels.task import layer_slices
from . import dispatch, export
from .docstring import docstring
from .network import MLP
from .samples import check_inputs, check_memory

if TYPE_CHECKING:
    import onnx
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from torch import nn

    from .history import History

INITIALISERS = (
    "auto",
    "glorot_uniform",
    "glorot_normal",
    "he_uniform",
    "he_normal",
    "torch",
    "zeros",
)
DTYPES = ("float32", "float64")
FORMAT = "bpfast population 1"
CHUNK = 1 << 20  # parameters initialised at a time: bounds the memory that hashing takes


class _Views(list):
    """Arrays that stay where they are: assigning to one writes into it."""

    def __setitem__(self, index, values) -> None:
        self[index][...] = values


@docstring(rectifiers=(name for name, row in ACTIVATIONS.items() if row.init == "he_uniform"))
class Population:
    """n networks of one architecture.

    Parameters
    ----------
    mlp : MLP
    n : int
        Number of networks.
    seed : int
        Networks' own seeds are drawn from it; network i of ``seed`` starts with the same
        parameters whatever n is.
    init : str
        glorot_uniform, glorot_normal (Glorot and Bengio, 2010), he_uniform, he_normal (He et al.,
        2015), torch (``torch.nn.Linear``'s own), zeros, or auto: glorot_uniform, but he_uniform
        for layers that end in a rectifier ({rectifiers}).
        Biases start at 0, with torch at uniform numbers. For parameters of your own:
        :meth:`from_arrays`.
    dtype : str
        float32 or float64.

    Attributes
    ----------
    parameters : (n, P) array, a row for each network: W1, b1, W2, b2, ... row-major
    weights : list of (n, d_in, d_out) views of ``parameters``
    biases : list of (n, d_out) views of ``parameters``; empty without biases
    seeds : (n,) uint64, each network's own seed

    All of these can be written to, as in ``population.weights[0] *= 0.5``. A population that was
    trained on a GPU stays there, from fit to fit and to :meth:`predict`, and its arrays come to the
    host when they are read, or at the end of the fit where somebody still holds them.

    Raises
    ------
    TypeError, ValueError
        n is not a positive integer, or a name is not known.
    MemoryError
        The parameters alone would not fit into the memory that is free.
    """

    def __init__(
        self, mlp: MLP, n: int = 1, seed: int = 0, init: str = "auto", dtype: str = "float32"
    ) -> None:
        _check_mlp(mlp)
        n, seed = check_int("n", n, 1), check_int("seed", seed, 0)
        check_choice("init", init, INITIALISERS)
        dtype = _check_dtype(dtype)
        check_memory(f"{n} networks of {mlp.n_parameters} parameters", n * mlp.n_parameters, dtype)
        seeds = counter.key(seed, np.arange(n))
        self._set(mlp, np.empty((n, mlp.n_parameters), dtype), seeds)
        self._draw(init)

    def _draw(self, init: str) -> None:
        """Initial parameters from the networks' seeds."""
        step = max(1, CHUNK // self.mlp.n_parameters)
        for start in range(0, len(self), step):
            rows = slice(start, start + step)
            _initialise(self.mlp, self.parameters[rows], self.seeds[rows], init)

    def _set(self, mlp: MLP, parameters: Any, seeds: np.ndarray, rows: Any = None) -> None:
        """With (n, P) parameters, or rows on GPUs as :func:`dispatch.place` leaves them."""
        self.mlp, self._seeds = mlp, seeds
        self._parameters, self._rows = parameters, rows  # where there are rows, they are the truth
        self.dtype: np.dtype = (parameters if rows is None else rows).dtype
        self._lent = 0  # how many trainings write to the rows

    @classmethod
    def _of(cls, *given: Any) -> Population:
        population = cls.__new__(cls)
        population._set(*given)
        return population

    @classmethod
    def drawn(
        cls, mlp: MLP, numbers, seed: int = 0, init: str = "auto", dtype: str = "float32"
    ) -> Population:
        """The networks of some numbers out of the population that ``seed`` stands for.

        Parameters
        ----------
        mlp, seed, init, dtype : as for the class
        numbers : (n,) integers; network ``numbers[k]`` comes at place k, as if all up to the
            greatest had been made
        """
        population = cls(mlp, len(numbers), seed, "zeros", dtype)
        population.seeds = counter.key(seed, numbers)
        population._draw(init)
        return population

    @classmethod
    def from_arrays(
        cls,
        mlp: MLP,
        weights: Sequence,
        biases: Sequence = (),
        dtype: str = "float32",
        seed: int = 0,
    ) -> Population:
        """Networks with given parameters.

        Parameters
        ----------
        mlp : MLP
        weights : for each layer (n, d_in, d_out), or (d_in, d_out) where networks are alike
        biases : for each layer (n, d_out) or (d_out,); empty for zeros
        dtype : float32 or float64
        seed : int

        Raises
        ------
        TypeError, ValueError
            Another number of arrays, or another shape, than the architecture has; text, NaN.
        """
        _check_mlp(mlp)
        if len(biases) and not mlp.bias:
            raise ValueError("biases were given for an architecture with bias=False")
        dtype, shapes = _check_dtype(dtype), [*pairwise(mlp.layers)]
        given = _check_arrays("weights", weights, shapes, dtype)
        if len(biases):
            given += _check_arrays("biases", biases, [shape[1:] for shape in shapes], dtype)
        sizes = {len(array) for array in given} - {1}
        if len(sizes) > 1:
            raise ValueError(f"arrays are of different numbers of networks: {sorted(sizes)}")
        population = cls(mlp, max(sizes, default=1), seed, "zeros", dtype)
        places = [*population.weights, *population.biases]
        for place, array in zip(places, given, strict=False):
            place[...] = array
        return population

    # Kernels rely on these arrays' shapes and types: assigning writes into them.

    @property
    def parameters(self) -> np.ndarray:
        if self._parameters is None:
            self._parameters = np.empty((len(self), self.mlp.n_parameters), self.dtype)
        if self._rows is not None:
            self._rows.to_host(self._parameters)
            if not self._lent:  # whoever has the host's may write to it
                self._rows = None
        return self._parameters

    @parameters.setter
    def parameters(self, values) -> None:
        self.parameters[...] = values

    @property
    def seeds(self) -> np.ndarray:
        return self._seeds

    @seeds.setter
    def seeds(self, values) -> None:
        self._seeds[...] = values

    @property
    def weights(self) -> list[np.ndarray]:
        return _Views(weights for weights, _ in self._layers())

    @property
    def biases(self) -> list[np.ndarray]:
        return _Views(biases for _, biases in self._layers() if biases is not None)

    def _layers(self):
        return _views(self.mlp, self.parameters)

    def to(self, device: str) -> Population:
        """Move the parameters to a device, in place, as PyTorch's modules do; returns itself.

        Parameters
        ----------
        device : "cuda", whose trainings and predictions then find them there; "cpu" or
            "reference" for the host's memory; "auto" for the first that can be used

        Raises
        ------
        ValueError, DeviceError
            A device that is not known, or cannot be used.
        """
        self._move(dispatch.usable(device))
        return self

    def _move(self, device: str) -> Any:
        """The parameters, on a device from now on."""
        if device != "cuda":
            return self.parameters
        if self._rows is None:
            self._rows = dispatch.place(self.parameters, device)
        return self._rows

    def lend(self, device: str) -> Any:
        """The parameters where a device trains them, until :meth:`take_back`."""
        moved = self._move(device)
        self._lent += device == "cuda"
        return moved

    def take_back(self, device: str) -> None:
        """After a training; who holds an array of the host is to find in it what was trained."""
        self._lent -= device == "cuda"
        if self._rows is not None and self._held():
            self._move("cpu")

    def _held(self) -> bool:
        """Whether somebody else has the host's array, or a view of it."""
        if self._parameters is None:
            return False
        return self._parameters.base is not None or _references(self) > NOBODY_ELSE

    def where(self, device: str) -> Any:
        """The parameters as they are, on GPUs or the host, for a device that only reads them."""
        return self._rows if device == "cuda" and self._rows is not None else self.parameters

    def __getstate__(self) -> dict[str, Any]:
        """Copies and pickles are of the host's memory."""
        return vars(self) | {"_parameters": self.parameters, "_rows": None, "_lent": 0}

    def __len__(self) -> int:
        return len(self._seeds)

    def __repr__(self) -> str:
        return f"Population({self.mlp}, n={len(self)}, dtype={self.dtype.name!r})"

    def __getitem__(self, index) -> Population:
        """Some of the networks, copied: an integer, a slice, integers or a boolean mask.

        Raises
        ------
        IndexError, ValueError
            A network that is not there, something else than the above; no network.
        """
        chosen = np.arange(len(self))[index]
        if chosen.ndim > 1:
            raise IndexError(f"networks are counted along one axis, got the index {index!r}")
        chosen = np.atleast_1d(chosen)
        if chosen.size == 0:
            raise ValueError("no network is left in this selection")
        if self._rows is not None:
            return self._of(self.mlp, None, self.seeds[chosen], self._rows.take(chosen))
        return self._of(self.mlp, self.parameters[chosen], self.seeds[chosen])

    def with_parameters(self, parameters: np.ndarray) -> Population:
        """The same networks with other parameters, (n, P); the array is not copied."""
        return self._of(self.mlp, parameters, self.seeds)

    def predict(self, X, device: str = "auto") -> np.ndarray:
        """Predictions of every network.

        Parameters
        ----------
        X : (samples, inputs)
        device : "auto", "cpu", "cuda" or "reference"

        Returns
        -------
        (n, samples, outputs) array: probabilities for cross_entropy and binary_cross_entropy,
        exponentials for poisson; CuPy's where ``X`` is on a GPU and the device is "cuda".

        Raises
        ------
        TypeError, ValueError, DeviceError
            X is not numeric, has another number of columns than the network has inputs, or NaN;
            a device that is not known, or cannot be used.
        MemoryError
            The predictions would not fit into the memory that is free.
        """
        dtype = self.dtype
        inputs = check_inputs(X, self.mlp, dtype)
        size = len(self) * len(inputs) * self.mlp.outputs
        check_memory(f"predictions of {len(self)} networks", size, dtype.name)
        plan = dispatch.choose(self.mlp, len(self), len(inputs), device, "sgd", dtype.name)
        if plan.device != "cuda":
            inputs = to_host(inputs)
        parameters = self.where(plan.device)
        return dispatch.kernels(plan).predict(self.mlp.network, parameters, inputs)

    def best(self, history: History, k: int = 1) -> Population:
        """The k networks with the lowest :meth:`History.score`, best first.

        Raises
        ------
        TypeError, ValueError
            k is not an integer from 1 to n; the history is of another number of networks.
        """
        score = history.score()
        if len(score) != len(self):
            raise ValueError(
                f"the history is of {len(score)} networks, the population has {len(self)}"
            )
        return self[np.argsort(score, kind="stable")[: check_int("k", k, 1, len(self))]]

    def to_torch(self, i: int) -> nn.Sequential:
        """Network i as a ``torch.nn.Sequential`` with copies of its parameters, in their dtype.

        It gives what :meth:`predict` gives. Where that is probabilities, the last module is the
        softmax or sigmoid: ``module[:-1]`` gives what PyTorch's losses take.

        Raises
        ------
        TypeError, ValueError
            A network that is not there; an activation of the user's own.
        ImportError
            PyTorch is not installed.
        """
        return export.to_torch(self.mlp, *self.arrays(i))

    def to_onnx(self, i: int) -> onnx.ModelProto:
        """Network i as an ONNX model of opset 17, for any runtime.

        Its input ``X`` (samples, inputs) and its output ``predictions`` (samples, outputs) have
        the parameters' dtype and any number of samples. It gives what :meth:`predict` gives.

        Raises
        ------
        TypeError, ValueError
            A network that is not there; an activation of the user's own.
        ImportError
            onnx is not installed.
        """
        return export.to_onnx(self.mlp, *self.arrays(i))

    def to_sklearn(self, i: int) -> MLPClassifier | MLPRegressor:
        """Network i as a fitted scikit-learn estimator, which ``partial_fit`` can train on.

        cross_entropy becomes an ``MLPClassifier`` of the classes 0, 1, ...; so does
        binary_cross_entropy, of the classes 0 and 1, or of several labels for several outputs;
        mse, half_squared_error and poisson become an ``MLPRegressor``.

        Raises
        ------
        TypeError, ValueError
            A network that is not there; a loss or an activation that scikit-learn lacks;
            different activations in one network.
        ImportError
            scikit-learn is not installed.
        """
        return export.to_sklearn(self.mlp, *self.arrays(i))

    def arrays(self, i: int) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Copies of the weights (d_in, d_out) and biases (d_out,) of network i."""
        i = check_int("i", i, -len(self), len(self) - 1)
        return [w[i].copy() for w in self.weights], [b[i].copy() for b in self.biases]

    def save(self, path: str | os.PathLike) -> None:
        """Write the population to a safetensors file: whole, or not at all.

        Tensors ``weights.0`` (n, d_in, d_out), ``biases.0`` (n, d_out), ..., ``seeds`` (n,).

        Raises
        ------
        OSError
            The file cannot be written; what was there before is as it was.
        """
        write_tensors(Path(path), *self.to_tensors())

    @classmethod
    def load(cls, path: str | os.PathLike) -> Population:
        """Read what :meth:`save` or :meth:`bpfast.Model.save` wrote.

        Raises
        ------
        ValueError, OSError
            The file is not a population's; it cannot be read.
        """
        tensors, metadata = read_tensors(Path(path))
        if metadata.get("format") != FORMAT:
            raise ValueError(f"{path} was not written by Population.save of this version")
        return cls.from_tensors(tensors, metadata)

    def to_tensors(self) -> tuple[dict[str, np.ndarray], dict[str, str]]:
        """Tensors and metadata of a file that holds the population."""
        metadata = {"format": FORMAT, "mlp": json.dumps(asdict(self.mlp))}
        return self._tensors() | {"seeds": self.seeds}, metadata

    @classmethod
    def from_tensors(cls, tensors: dict[str, np.ndarray], metadata: dict[str, str]) -> Population:
        """The population that :meth:`to_tensors` took apart."""
        described = json.loads(metadata["mlp"])
        dtype, seeds = tensors["weights.0"].dtype.name, tensors["seeds"]
        population = cls(MLP(**described), len(seeds), 0, "zeros", dtype)
        for name, view in population._tensors().items():
            view[...] = tensors[name]
        population.seeds = seeds
        return population

    def _tensors(self) -> dict[str, np.ndarray]:
        """Views of the parameters by their names in a file."""
        weights = {f"weights.{k}": view for k, view in enumerate(self.weights)}
        return weights | {f"biases.{k}": view for k, view in enumerate(self.biases)}


def _references(owner: Any) -> int:
    """How many there are to an owner's array; those of this function count too."""
    return sys.getrefcount(owner._parameters)


NOBODY_ELSE = _references(SimpleNamespace(_parameters=np.empty(1)))


def _check_mlp(mlp) -> None:
    if not isinstance(mlp, MLP):
        raise TypeError(f"mlp must be a bpfast.MLP, got {type(mlp).__name__}")


def _check_dtype(dtype) -> str:
    try:
        name = None if dtype is None else np.dtype(dtype).name  # NumPy takes None for float64
    except TypeError:
        name = None
    if name not in DTYPES:
        raise ValueError(f"dtype must be one of {', '.join(DTYPES)}, got {dtype!r}")
    return name


def _check_arrays(name: str, given, shapes: Sequence[tuple[int, ...]], dtype) -> list[np.ndarray]:
    """Given arrays, one for each layer, with an axis for networks: of length 1 or n."""
    if isinstance(given, str) or not isinstance(given, (Sequence, np.ndarray)):
        raise TypeError(f"{name} must be a sequence of arrays, one for each layer, got {given!r}")
    if len(given) != len(shapes):
        raise ValueError(f"{name} has {len(given)} arrays for {len(shapes)} layers")
    arrays = []
    for k, shape in enumerate(shapes):
        array = check_finite(f"{name}[{k}]", check_array(f"{name}[{k}]", given[k], dtype))
        if array.shape[-len(shape) :] != shape or array.ndim - len(shape) not in (0, 1):
            expected = ", ".join(map(str, ("n", *shape)))
            raise ValueError(f"{name}[{k}] has shape {array.shape}, expected ({expected})")
        arrays.append(array.reshape(-1, *shape))
    return arrays


def _views(mlp: MLP, parameters: np.ndarray):
    """(weights, biases or None) of each layer, as views of rows of parameters."""
    for part, d_in, d_out in zip(
        layer_slices(mlp.layers, mlp.bias), mlp.layers[:-1], mlp.layers[1:], strict=True
    ):
        matrices = parameters[:, part].reshape(len(parameters), -1, d_out)
        yield matrices[:, :d_in], (matrices[:, d_in] if mlp.bias else None)


def _initialise(mlp: MLP, parameters: np.ndarray, seeds: np.ndarray, init: str) -> None:
    """Fill rows of parameters with numbers drawn from the networks' seeds."""
    parameters[...] = 0.0
    if init == "zeros":
        return
    activations = (*mlp.activations, "identity")
    for layer, (weights, biases) in enumerate(_views(mlp, parameters)):
        n, d_in, d_out = weights.shape
        keys = counter.branch(seeds, layer)
        name = init
        if init == "auto":
            name = ACTIVATIONS[activations[layer]].init
        variance = {"he": 2.0 / d_in, "glorot": 2.0 / (d_in + d_out), "torch": 1.0 / (3.0 * d_in)}
        deviation = np.sqrt(variance[name.split("_")[0]])
        draw = _normal if name.endswith("normal") else _uniform
        weights[...] = draw(keys, 0, d_in * d_out).reshape(n, d_in, d_out) * deviation
        if name == "torch" and biases is not None:
            biases[...] = _uniform(keys, d_in * d_out, (d_in + 1) * d_out) * deviation


def _uniform(keys: np.ndarray, start: int, stop: int) -> np.ndarray:
    """Uniform numbers of mean 0 and variance 1."""
    return (2.0 * counter.uniform(keys, start, stop) - 1.0) * np.sqrt(3.0)


_normal = counter.normal
