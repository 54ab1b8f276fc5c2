"""The tables that are printed."""

import io

from small_jobs import LIMITS

from bpfast.bench import table


def test_tables_hold_all_that_was_measured(bench):
    code, out, err = bench("--turns", 1, "--peers", "--device", "cpu,cuda")
    assert code == 0, err
    for words in (
        "5 x 64-64-10 relu, batch 64",
        "bpfast, cpu: tiles",
        "bpfast, cpu: lanes and tiles",
        "scikit-learn, a loop",
        "the fastest peer: scikit-learn, a loop",
        "scikit-learn takes",
        "a network costs",
        "operations a byte: multipliers are the limit, 500 GFLOP/s",
        "matrix peak 400 GFLOP/s",
        "skipped device cuda: not usable: ",
        "skipped W3: JAX, jit; mixed: JAX, jit: jax is not installed",
    ):
        assert words in out
    assert "…" not in out
    assert "DIFFER" not in out
    assert "mixed: turn 1 of 1" in err


def test_tables_fit_a_terminal(report):
    from rich.console import Console

    console = Console(width=100, record=True, file=io.StringIO())
    table.print_job(console, report["jobs"][0], LIMITS)
    lines = console.export_text().splitlines()[1:6]
    assert max(map(len, lines)) <= 100
