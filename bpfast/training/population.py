"""A population: n networks of one architecture, and their parameters."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..arrays import to_host
from ..checks import check_choice, check_int
from ..files import read_tensors, write_tensors
from ..kernels import counter
from ..kernels.tables import ACTIVATIONS
from ..kernels.task import DTYPE_NAMES
from ..memory import check_memory
from . import dispatch, export
from .docstring import docstring
from .initializers import INITIALIZERS, initialize
from .layers import Views, check_layer_arrays, layer_views
from .network import MLP, check_mlp
from .parameters import Parameters
from .samples import check_inputs

if TYPE_CHECKING:
    import onnx
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from torch import nn

    from .history import History

DTYPES = tuple(DTYPE_NAMES.values())
FORMAT = "bpfast population 1"


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
        check_mlp(mlp)
        n, seed = check_int("n", n, 1), check_int("seed", seed, 0)
        check_choice("init", init, INITIALIZERS)
        dtype = _check_dtype(dtype)
        check_memory(f"{n} networks of {mlp.n_parameters} parameters", n * mlp.n_parameters, dtype)
        self.mlp, self._seeds = mlp, counter.key(seed, np.arange(n))
        self.storage = Parameters(np.empty((n, mlp.n_parameters), dtype))
        initialize(mlp, self.parameters, self.seeds, init)

    @classmethod
    def drawn(
        cls, mlp: MLP, numbers, seed: int = 0, init: str = "auto", dtype: str = "float32"
    ) -> Population:
        """The networks of some numbers out of the population that ``seed`` stands for.

        Parameters
        ----------
        mlp, seed, init, dtype : as for the class
        numbers : (n,) integers; network k of the result is network ``numbers[k]`` of a population
            of ``seed`` that has so many
        """
        population = cls(mlp, len(numbers), seed, "zeros", dtype)
        population.seeds = counter.key(seed, numbers)
        initialize(mlp, population.parameters, population.seeds, init)
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
        check_mlp(mlp)
        if len(biases) and not mlp.bias:
            raise ValueError("biases were given for an architecture with bias=False")
        dtype, shapes = _check_dtype(dtype), [*pairwise(mlp.layers)]
        given = check_layer_arrays("weights", weights, shapes, dtype)
        if len(biases):
            given += check_layer_arrays("biases", biases, [shape[1:] for shape in shapes], dtype)
        sizes = {len(array) for array in given} - {1}
        if len(sizes) > 1:
            raise ValueError(f"arrays are of different numbers of networks: {sorted(sizes)}")
        population = cls(mlp, max(sizes, default=1), seed, "zeros", dtype)
        for view, array in zip([*population.weights, *population.biases], given, strict=False):
            view[...] = array
        return population

    # Kernels rely on these arrays' shapes and types: assigning writes into them.

    @property
    def parameters(self) -> np.ndarray:
        return self.storage.on_host()

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
        return Views(weights for weights, _ in layer_views(self.mlp, self.parameters))

    @property
    def biases(self) -> list[np.ndarray]:
        layers = layer_views(self.mlp, self.parameters)
        return Views(biases for _, biases in layers if biases is not None)

    @property
    def dtype(self) -> np.dtype:
        """Of the parameters."""
        return self.storage.dtype

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
        self.storage.move(dispatch.resolve_device(device))
        return self

    def __getstate__(self) -> dict[str, Any]:
        """What copies and pickles keep: the parameters as an array of the host's memory."""
        return {"mlp": self.mlp, "_seeds": self.seeds, "_parameters": self.parameters}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.mlp, self._seeds = state["mlp"], state["_seeds"]
        self.storage = Parameters(state["_parameters"])

    def _with(self, storage: Parameters, seeds: np.ndarray) -> Population:
        population = type(self).__new__(type(self))
        population.mlp, population.storage, population._seeds = self.mlp, storage, seeds
        return population

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
        return self._with(self.storage.take(chosen), self.seeds[chosen])

    def with_parameters(self, parameters: np.ndarray) -> Population:
        """The same networks with other parameters, (n, P); the array is not copied."""
        return self._with(Parameters(parameters), self.seeds)

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
        return predictions(self.mlp, self.storage, X, device)

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


def predictions(mlp: MLP, parameters: Parameters, X, device: str) -> np.ndarray:
    """What :meth:`Population.predict` returns, of networks' parameters."""
    n, dtype = parameters.shape[0], DTYPE_NAMES[parameters.dtype]
    inputs = check_inputs(X, mlp, dtype)
    check_memory(f"predictions of {n} networks", n * len(inputs) * mlp.outputs, dtype)
    device = dispatch.resolve_device(device)
    if device != "cuda":
        inputs = to_host(inputs)
    kernels = dispatch.kernels(device)
    return kernels.predict(mlp.network, parameters.readable(device), inputs)


def check_population(population) -> None:
    """Raise ``TypeError`` where it is no population."""
    if not isinstance(population, Population):
        raise TypeError(f"population must be a bpfast.Population, got {type(population).__name__}")


def _check_dtype(dtype) -> str:
    try:
        name = None if dtype is None else np.dtype(dtype).name  # NumPy takes None for float64
    except TypeError:
        name = None
    if name not in DTYPES:
        raise ValueError(f"dtype must be one of {', '.join(DTYPES)}, got {dtype!r}")
    return name
