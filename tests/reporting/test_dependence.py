"""What is said and drawn of predictions by a column's value is what was found."""

from dataclasses import replace

import numpy as np
import pytest
from claims import claims, percent
from examples_budget import drawn as so_many
from hypothesis import given
from inspected import check_rows, run_of
from inspections import TOWN, inspection, inspections

from bpfast.reporting import dependence as figure
from bpfast.reporting.inspection.found import Dependence
from bpfast.reporting.style import LIGHT, NARROW, WIDE

TOWNS = Dependence("words", ["10", "9", TOWN], [[0.5, 0.75, 0.25]], [4, 2, 1])
YEARS = Dependence("numbers", [1990.0, 2020.0], [[0.1, 0.2]], individual=[[0.4, 0.8], [0.3, 0.1]])


@so_many(40)
@given(inspections())
def test_how_predictions_go(found):
    has_figure, text = figure.caption(run_of(found))
    assert has_figure == bool(found.curves)
    if not found.curves:
        assert text.startswith("bpfast report FOLDER --explain finds out")
        return
    what, lowest, name, low, highest, high, rows, singles, words, ticks = claims(
        r"The probability of (\w+) is (.+%) on average if (\w+) is (.+) in all rows, and (.+%) if "
        r"it is (.+) there\. Means of the ensemble's predictions for (.+), all else in a row "
        r"staying as it is(; thin lines are 5 rows of these, moved to the level of the mean)?"
        r"(; the more rows have a word, the larger is its dot)?"
        r"(; small ticks mark tenths of the rows)?; dashes are the mean of predictions as they "
        r"are\.",
        text,
    )
    curve = found.curves["c0"]
    spans = [max(own) - min(own) for own in curve.average]
    output = int(np.argmax(spans))
    own = curve.average[output]
    assert (what, name) == (found.outputs[output], "c0")
    assert (lowest, highest) == (percent(min(own)), percent(max(own)))
    for told, place in ((low, np.argmin(own)), (high, np.argmax(own))):
        assert float(told) == pytest.approx(curve.values[place], rel=0.01)
    check_rows(found, rows, 50)
    assert bool(singles) == (len(found.outputs) == 1)
    kinds = {curve.kind for curve in found.curves.values()}
    assert (bool(words), bool(ticks)) == ("words" in kinds, bool(kinds - {"words"}))


def test_values_and_outputs_in_words():
    found = inspection(curves=0, outputs=["price"], average=[1234.5], curve_rows=60)
    thousands = Dependence("numbers", [0.5, 12345.6], [[1234.5, 98765.4]])
    made = replace(found, outputs=["price"], curves={"area": thousands})
    text = figure.caption(run_of(made, 0, target_names=["price", "rent"])).sentence
    assert text.startswith(
        "The predicted price is 1,234 on average if area is 0.5 in all rows, and 98,765 if it is "
        "12,346 there. Means of the ensemble's predictions for all 60 rows of the test part,"
    )
    assert text.endswith(" Of 2 numbers, the first is drawn.")
    days = ["2024-02-28T12:00:00.000000", "2024-03-01T00:00:00.000000"]
    moments = Dependence("moments", days, [[1.5, 2.5]])
    text = figure.caption(run_of(replace(made, curves={"sold": moments}), 0)).sentence
    assert "if sold is 2024-02-28 12:00 in all rows, and 2.5 if it is 2024-03-01 00:00 t" in text
    four = figure.caption(run_of(inspection(outputs=("a", "b", "c", "d")), 9)).sentence
    assert four.endswith("Of 9 classes, the most frequent 4 are drawn.")
    nothing = "There is nothing to draw: no column makes predictions better."
    assert figure.caption(run_of(replace(made, curves={}))) == (False, nothing)


@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize("outputs", [("1",), ("a", "b")])
def test_a_panel_for_each_column(width, outputs):
    found = inspection(outputs=outputs, curves=7)
    drawn = figure.draw(run_of(found), width)
    titles = [axes.get_title(loc="left") for axes in drawn.axes]
    assert titles == [*found.curves]
    assert len({axes.get_ylim() for axes in drawn.axes}) == 1
    low, high = drawn.axes[0].get_ylim()
    assert -0.021 <= low < high <= 1.021
    labels = [axes.get_ylabel() for axes in drawn.axes if axes.get_ylabel()]
    assert {*labels} == {"probability of 1" if len(outputs) == 1 else "probability"}
    key = [text.get_text() for text in drawn.legends[0].texts]
    usual = ["mean of the rows", "one row"] if len(outputs) == 1 else [*outputs]
    assert key == [*usual, "missing value"]  # of moments: c5


def test_bars_of_words_begin_at_the_mean():
    made = replace(inspection(curves=1), curves={"town": TOWNS}, average=[0.5])
    (axes,) = figure.draw(run_of(made), WIDE).axes
    names = [label.get_text() for label in axes.get_xticklabels()]
    assert names == ["a town <of…", "9", "10"]  # by the numbers in them
    ends = [(bar.get_y(), bar.get_y() + bar.get_height()) for bar in axes.patches]
    np.testing.assert_allclose(ends, [(0.5, 0.25), (0.5, 0.75), (0.5, 0.5)])
    sizes = axes.collections[0].get_sizes()
    assert np.argsort(sizes).tolist() == [0, 1, 2]


def test_single_rows_are_moved_to_the_level_of_the_mean():
    levels = figure.levelled(YEARS)
    np.testing.assert_allclose(levels, [[-0.05, 0.35], [0.25, 0.05]])
    made = replace(inspection(curves=1), curves={"year": YEARS}, average=[0.15])
    (axes,) = figure.draw(run_of(made), WIDE).axes
    thin, mean = (
        [line.get_ydata() for line in axes.lines if line.get_color() == LIGHT[name]]
        for name in ("many", "best")
    )
    np.testing.assert_allclose([own for own in thin if len(own)], levels)
    assert axes.get_xticks().tolist() == [1990.0, 2020.0]
    np.testing.assert_allclose(mean[0], [0.1, 0.2])


@so_many(3)
@given(inspections())
def test_any_can_be_drawn(found):
    if found.curves:
        assert figure.draw(run_of(found), NARROW).axes
