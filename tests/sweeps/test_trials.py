"""Trials under way: what they must share to be trained together, and how they are ranked."""

from bpfast.sweeps.trials import FitGroup, Trial, rank, rung_values

PARAMS = {"activation": "relu", "optimizer": "sgd", "batch_size": 8, "init": "auto"}
PARAMS |= {"number_encoding": "scaled"}


def test_trials_of_the_same_shape_are_of_one_group():
    first, second, other = (
        Trial(k, PARAMS | own)
        for k, own in enumerate(
            [
                {"hidden": "3x3", "l2": 0.1},
                {"width": 3, "depth": 2},
                {"hidden": "3"},
            ]
        )
    )
    assert first.group == second.group == FitGroup((3, 3), "relu", "sgd", 8, "auto", "scaled")
    assert first.group != other.group
    assert str(first.group) == "3x3 relu sgd"
    assert str(FitGroup.of(PARAMS | {"hidden": "none"})) == "linear relu sgd"
    bins = FitGroup.of(PARAMS | {"hidden": "8", "number_encoding": "piecewise4"})
    assert str(bins) == "8 relu sgd of piecewise4 inputs"


def test_of_equal_scores_the_first_trial_is_ranked_first():
    rows = [(0.5, 2), (float("-inf"), 0), (0.5, 1), (0.9, 3)]
    rows = [{"validation_score": score, "network": number} for score, number in rows]
    assert [row["network"] for row in sorted(rows, key=rank)] == [3, 1, 2, 0]


def test_rungs_of_a_row_are_by_epoch():
    assert rung_values({"rungs": [[1.0, -0.5], [3.0, -0.25]]}) == {1: -0.5, 3: -0.25}
    assert rung_values({}) == {}
