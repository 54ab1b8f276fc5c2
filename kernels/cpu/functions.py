"""Functions that kernels call by address, and what they are called with.

Kernels get addresses, so a new activation, loss or optimiser compiles its own loop and nothing
else. Those of :mod:`loops` are made with the scalar functions of the tables, users' own among them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache

from .. import math
from ..tables import ACTIVATIONS, BUILT_IN, INVERSE_LINKS, LOSSES, OPTIMIZERS
from ..task import Network
from . import library
from .entry import Entry, Wanted
from .structs import Signature

LOOP = Signature(*["real*"] * 5, "int64", "int64", "float64")  # of `simd.invoke`
MULTIPLY = Entry("product", "multiply", Signature("int64", "real*", *["int64"] * 14), seconds=1.5)
ONLINE_STEPS = Entry("lanes.online_steps", "steps", LOOP, seconds=1.0)
STEPS = "step_stateless", "step_one_state", "step_two_states"


def activation(name: str, dtype: str) -> int:
    """Address of :func:`loops.activate` for an activation."""
    chosen = ACTIVATIONS[name]
    return _address("activate", name, dtype, chosen.value, chosen.slope)


def loss(name: str, dtype: str) -> int:
    """Address of :func:`loops.compute_loss` or :func:`loops.compute_softmax_loss` for a loss."""
    chosen = LOSSES[name]
    return _address(_loss_template(name), name, dtype, chosen.value, chosen.slope)


def inverse_link(name: str, dtype: str) -> int:
    """Address of what turns a loss's last values into predictions, 0 where nothing does."""
    chosen = LOSSES[name].inverse_link
    if chosen == "softmax":
        return _address("predict_softmax", chosen, dtype)
    function = INVERSE_LINKS[chosen].value
    return _address("predict_each", chosen, dtype, function) if function else 0


def optimizer(rule: str, dtype: str) -> tuple[int, int]:
    """Addresses of a rule's step, and of :func:`loops.prepare`, which is always float64."""
    chosen = OPTIMIZERS[rule]
    step = _address(STEPS[chosen.states], rule, dtype, chosen.update)
    return step, _address("prepare", rule, "float64", chosen.coefficients)


def multiply(dtype: str) -> int:
    """Address of :func:`product.multiply`: one copy of it serves all kernels."""
    return library.address(MULTIPLY, dtype)


def online_steps(dtype: str) -> int:
    """Address of :func:`lanes.online_steps.steps`."""
    return library.address(ONLINE_STEPS, dtype)


@cache
def _address(template: str, name: str, dtype: str, *made_with: Callable) -> int:
    """A template's address; the functions are given so that others are told apart."""
    entry = Entry("loops", template, LOOP, name)
    return (library.address if _ours(name, *made_with) else library.here)(entry, dtype)


def _ours(name: str, *made_with: Callable) -> bool:
    """Whether a row of the tables is bpfast's own, which processes that compile have too."""
    return name in BUILT_IN and all(function.__module__ == math.__name__ for function in made_with)


def _loss_template(name: str) -> str:
    return "compute_softmax_loss" if LOSSES[name].inverse_link == "softmax" else "compute_loss"


# --- what is compiled -----------------------------------------------------------------------------


def wanted(network: Network, rule: str, dtype: str) -> Iterator[Wanted]:
    """What an architecture's training calls by address, but for users' own.

    Without a ``rule``, what predicting calls.
    """
    yield MULTIPLY, dtype
    for name in {*network.activations}:
        yield from _activation(name, dtype)
    yield from _loss(network.loss, dtype)
    yield from _rule(rule, dtype) if rule else _link(LOSSES[network.loss].inverse_link, dtype)


def built_in(dtype: str) -> Iterator[Wanted]:
    """All that training and predicting with built-in functions calls by address."""
    yield MULTIPLY, dtype
    yield ONLINE_STEPS, dtype
    for table, of in (
        (ACTIVATIONS, _activation),
        (LOSSES, _loss),
        (INVERSE_LINKS, _link),
        (OPTIMIZERS, _rule),
    ):
        for name in table:
            yield from of(name, dtype)


# what a row of each table makes, unless that is nothing, or users' own


def _activation(name: str, dtype: str) -> Iterator[Wanted]:
    if _ours(name, ACTIVATIONS[name].value, ACTIVATIONS[name].slope):
        yield Entry("loops", "activate", LOOP, name), dtype


def _loss(name: str, dtype: str) -> Iterator[Wanted]:
    if _ours(name, LOSSES[name].value, LOSSES[name].slope):
        yield Entry("loops", _loss_template(name), LOOP, name), dtype


def _link(name: str, dtype: str) -> Iterator[Wanted]:
    link = INVERSE_LINKS[name].value
    if name == "softmax":
        yield Entry("loops", "predict_softmax", LOOP, name), dtype
    elif link and _ours(name, link):
        yield Entry("loops", "predict_each", LOOP, name), dtype


def _rule(name: str, dtype: str) -> Iterator[Wanted]:
    chosen = OPTIMIZERS[name]
    if _ours(name, chosen.update, chosen.coefficients):
        yield Entry("loops", STEPS[chosen.states], LOOP, name), dtype
        yield Entry("loops", "prepare", LOOP, name), "float64"
