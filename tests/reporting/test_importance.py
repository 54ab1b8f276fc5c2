"""What is said of the importance is true of the table."""

from claims import claims, each_table

from bpfast.reporting import importance


@each_table
def test_what_mattered(drawn):
    has_figure, text = importance.caption(drawn.run())
    assert has_figure == bool(drawn.importance)
    if not has_figure:
        assert text == "There is no importance to show: unknown."
        return
    first, share, of_those, second, other, count = claims(
        r"(\w+) has (\S+\s?\d+%|\d+%) of the importance for being among the best tenth"
        r"( of those that were trained to their end)?(?:, (\w+) (\S+\s?\d+%|\d+%))? "
        r"\(Optuna's PED-ANOVA, of (\d+) networks?\)\.",
        text,
    )
    expected = {"depth": [("depth", "100%")], "hidden": [("hidden", "> 99%"), ("depth", "< 1%")]}
    assert [(first, share), (second, other)][: len(drawn.importance)] == expected[first]
    whole = [row for row in drawn.scored if row["epochs"] == drawn.epochs]
    assert int(count) == len(whole)
    assert bool(of_those) == any(row["epochs"] < drawn.epochs for row in drawn.rows)
