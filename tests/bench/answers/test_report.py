"""Results in words."""

from bpfast.bench.answers.report import report


def test_losses_and_standings_are_tables(made):
    results = [
        *made("x", bpfast=[0.2, 0.4], trees=[0.5, 0.5]),
        *made("y", "RMSE", bpfast=[1200.0], trees=[1100.0]),
        *made("w", bpfast=[0.5]),
        *made("x", told=[0.1, 0.1]),
    ]
    failed = [{"table": "w", "split": 0, "runner": "trees", "error": "no memory"}]
    lines = report(results, failed)
    assert lines[0] == "| Table | rows | loss | bpfast | trees | told |"
    assert lines[2] == "| y | 10 | RMSE | 1,200.0 | **1,100.0** |  |"
    assert lines[4] == "| x | 10 | log loss | 0.3000 | 0.5000 | **0.1000** |"
    head, first, second, third = (line.split(" | ") for line in (lines[6], *lines[8:11]))
    assert head[1:4] == [
        "mean rank, all: 2 tables",
        "mean rank, log loss: 1 table",
        "mean rank, RMSE: 1 table",
    ]
    assert first[0] == "| bpfast"
    assert first[1:5] == ["1.50", "2.00", "2.00", ""]
    assert second[:5] == ["| trees", "1.50", "3.00", "1.00", "1 of 2"]
    assert third[:5] == ["| told", "", "1.00", "", "0 of 1"]
    assert second[-2:] == ["0.83 x", "0.83 x |"]
    assert lines[12].startswith("Means over 2 splits")
    assert "2 x Abacus. bpfast 1.0, told 1.0, trees 1.0." in lines[12]
    assert lines[13:] == [
        "w is in no mean rank of all: nothing of trees.",
        "trees, w, split 0: no memory.",
    ]


def test_one_metric_has_one_mean_rank(made):
    lines = report(made("x", a=[0.5], b=[0.25]))
    assert lines[4].count("mean rank") == 1
    assert "tables on which a has less loss" in lines[4]
    assert lines[6].startswith("| b | 1.00 | 0 of 1 | 0.0% |")
