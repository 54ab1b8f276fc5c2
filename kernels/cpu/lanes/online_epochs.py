"""Epochs of online steps, for networks so small that a step is one function.

Parameters and losses have the same bits as if the networks were trained as all others are.
"""

from __future__ import annotations

from ..batch import order_of
from ..compile import inline
from ..simd import invoke
from .layout import LOSS, NETWORK, TOTAL, WEIGHT
from .online import MOST_UNITS, SAMPLE, STEPS
from .update import set_coefficients


@inline
def run_online_epoch(args, online, layout, work, epoch, needs_loss, pending):
    """One epoch of online steps; its mean loss goes to the lanes' TOTAL if it is needed.

    Otherwise its last samples may wait for those of the next epoch, so that fewer calls take more
    steps. ``pending`` samples wait already; returns how many do after the epoch.
    """
    order = order_of(args.epochs, work.lane_ints[NETWORK, 0], epoch)
    new_rates = epoch == 0 or args.optimizing.rates.shape[1] > 1
    if pending > 0 and (needs_loss or new_rates):
        take_steps(online, layout, work, pending)
        pending = 0
    if new_rates:
        set_coefficients(args.optimizing, layout, work, epoch)
    if needs_loss:
        total_sample_losses(layout, work, 0.0)
    weights = 0.0
    for b in range(order.size):
        add_sample(online, args.samples, work, layout.samples + pending * SAMPLE, order[b])
        weights += args.samples.weights[order[b]]
        pending += 1
        if pending == STEPS or (needs_loss and b == order.size - 1):
            take_steps(online, layout, work, pending)
            pending = 0
            if needs_loss:
                total_sample_losses(layout, work, 1.0)
    if needs_loss:
        total_sample_losses(layout, work, 1.0 / weights if weights > 0 else 0.0)
    return pending


@inline
def add_sample(online, data, work, start, row):
    """Write a sample where the function of all steps reads it."""
    numbers, inputs, weight = work.numbers, data.inputs.shape[1], data.weights[row]
    for k in range(inputs):
        numbers[start + k] = data.inputs[row, k]
    numbers[start + MOST_UNITS] = data.targets[row, 0]
    numbers[start + MOST_UNITS + 1] = online.slope_factor
    numbers[start + MOST_UNITS + 2] = 0.5 * weight


@inline
def take_steps(online, layout, work, count):
    """Train all lanes on the samples that wait."""
    invoke(
        online.steps, work.numbers, layout.weights[0], layout.coefficients, layout.samples,
        layout.sums, layout.sums, online.table_index, work.lanes, float(count),
    )  # fmt: skip


@inline
def add_sample_losses(layout, work):
    """Add a step's losses to the sums of single samples', in the networks' dtype."""
    number, loss, weight = work.numbers.dtype.type, work.lane_floats[LOSS], work.lane_floats[WEIGHT]
    sums = work.numbers[layout.sums : layout.sums + work.lanes]
    for lane in range(work.lanes):
        sums[lane] += number(loss[lane]) * number(weight[lane])


@inline
def total_sample_losses(layout, work, factor):
    """Move the sums of single samples' losses to the lanes' TOTAL, and multiply that."""
    total, sums = work.lane_floats[TOTAL], work.numbers[layout.sums : layout.sums + work.lanes]
    for lane in range(work.lanes):
        total[lane] = (total[lane] + sums[lane]) * factor
        sums[lane] = 0
