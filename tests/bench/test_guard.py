"""What the guard counts."""

import pytest

from bpfast.bench import guard, workloads


def test_every_workload_is_counted():
    assert {*guard.TASKS} > {w.name for w in (*workloads.WORKLOADS, *workloads.FOLDED)}
    assert all(w.rows % w.batch_size == 0 for w in guard.SMALL)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("name", [name for name in guard.TASKS if not name.startswith("W")])
def test_small_work_can_be_called_again(name):
    words, prepare = guard.TASKS[name]
    call = prepare()
    first, second = call(), call()
    assert words
    assert type(first) is type(second)


def test_more_work_is_told():
    now = dict.fromkeys(guard.TASKS, 1_000_000)
    before = now | {"W3": 900_000, "W4": 995_000}
    del before["fit"]
    lines = {line.split(":")[0]: line for line in guard.table(before, now).splitlines()}
    assert lines["W3"].endswith("+11.11% MORE")
    assert lines["W4"].endswith("+0.50%")
    assert "nan" in guard.table(before, now)
