"""What is counted of a workload."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from bpfast.bench import workloads
from bpfast.training.orders import Shuffled


@pytest.mark.parametrize("workload", [*workloads.WORKLOADS, *workloads.MIXED], ids=str)
def test_operations_are_those_of_the_products(workload):
    """Two for each number of each product that a step needs."""
    count, layers = 0, workload.layers
    for k, (inputs, outputs) in enumerate(pairwise(layers)):
        forward, weight_gradient = (1, inputs, outputs), (inputs, 1, outputs)
        products = [forward, weight_gradient]
        if k > 0:
            products.append((1, outputs, inputs))  # what goes on to the layer before
        count += sum(2 * rows * depth * columns for rows, depth, columns in products)
    assert workload.flops == count


@pytest.mark.parametrize("workload", workloads.WORKLOADS, ids=str)
def test_traffic_is_that_of_the_arrays(workload):
    X, y = workload.data()
    population = workload.population()
    moments = {"adam": 2, "sgd": int(workload.momentum > 0)}[workload.optimizer]
    parameters = population.parameters.nbytes
    assert workload.traffic == (2 + moments) * parameters + X.nbytes + y.nbytes


def test_a_job_is_the_sum_of_its_parts():
    job = workloads.JOBS[[job.name for job in workloads.JOBS].index("mixed")]
    assert (job.networks, len(job.workloads)) == (600, 12)
    assert job.sample_updates == 600 * 1792 * 5
    operations = sum(50 * 1792 * 5 * part.flops for part in job.workloads)
    assert job.sample_updates * job.flops == pytest.approx(operations)
    assert job.intensity == pytest.approx(operations / sum(p.traffic for p in job.workloads))
    X, y = job.workloads[0].data()
    assert X.shape == (1792, 64)
    assert set(y) == set(range(10))


ALL = [*workloads.WORKLOADS, *workloads.MIXED, *workloads.FOLDED]


@pytest.mark.parametrize("workload", ALL, ids=str)
def test_batches_are_full(workload):
    assert workload.rows % workload.batch_size == 0


def test_peers_take_a_folds_rows_in_bpfasts_order():
    small = replace(workloads.FOLDED[0], networks=5, samples=160, epochs=3)
    orders = Shuffled(small.fold_rows, True, workloads.SEED, small.batch_size).of(0, 3)
    batches = small.batches()
    assert batches.shape == (5, 3 * 4, 32)
    for fold, order in enumerate(np.split(orders, 5, axis=1)):
        assert np.array_equal(batches[fold].reshape(3, -1), order)
        assert {*batches[fold].ravel()} == {*range(160)} - {*range(32 * fold, 32 * fold + 32)}
    population = small.population()
    history = small.fit(population, *small.data())
    assert history.sample_updates == small.sample_updates == 5 * 128 * 3
