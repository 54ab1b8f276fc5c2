"""The section on the ensemble: scores beside the best network's, and its members."""

import re

import numpy as np
import pytest
from pages import Page
from runs import make_run

from bpfast.reporting.ensemble import ensemble_html, sentence
from bpfast.reporting.page import page_html
from bpfast.reporting.reading import read_run

MEMBERS = [(3, 0.2), (7, 0.45), (2000, 0.25), (5, 0.1)]
FOUND = {
    "score": 0.975,
    "test_score": 0.96,
    "temperature": 1.0,
    "members": [{"network": n, "fold": 0, "weight": weight} for n, weight in MEMBERS],
}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return read_run(make_run(tmp_path_factory.mktemp("run"), 12, diverged=0, ensemble=FOUND))


def test_scores_are_told_beside_the_best_networks(run):
    best, tested = (run.table[f"{part}_score"][0] for part in ("validation", "test"))
    assert sentence(run, FOUND) == (
        f"The ensemble's validation accuracy is 0.9750, the best network's {best:.4f}; on the test "
        f"part, which no member was picked by, they are 0.9600 and {tested:.4f}. It predicts the "
        "weighted mean of 4 networks."
    )


@pytest.mark.parametrize(("temperature", "how"), [(1.25, "less sure"), (0.8, "more sure")])
def test_a_temperature_is_told(temperature, how, run):
    text = sentence(run, FOUND | {"temperature": temperature, "test_score": None})
    assert text.endswith(f"of 4 networks, made {how} by a temperature of {temperature}.")
    assert "test part" not in text


def test_members_are_in_the_order_of_their_weights(run):
    html = ensemble_html(run)
    heads, *rows = re.findall(r"<tr>(.*?)</tr>", html)
    assert re.findall(r"<th[^>]*>(.*?)</th>", heads) == [
        *("network", "weight", "rank", "validation accuracy", "hidden"),
    ]
    cells = [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in rows]
    assert [row[:2] for row in cells] == [["7", "45%"], ["2000", "25%"], ["3", "20%"], ["5", "10%"]]
    place = int(np.flatnonzero(run.table["network"] == 7)[0])
    score, hidden = run.table["validation_score"][place], run.table["hidden"][place]
    assert cells[0][2:] == [str(place + 1), f"{score:.4f}", hidden]
    assert cells[1][2:] == ["\N{EN DASH}"] * 3  # the table has the best of many alone


def test_the_page_has_it(run):
    html = page_html(run, [])
    assert Page(html).texts["ensemble-says"] == sentence(run, FOUND)
    assert "bpfast predict ensemble.safetensors DATA" in html
    assert re.search(r"<dt>Ensemble&#x27;s validation accuracy</dt><dd>0.9750<small>of 4 net", html)
    assert re.search(r"<dt>Ensemble&#x27;s test accuracy</dt><dd>0.9600<", html)


def test_folds_and_many_members(tmp_path):
    members = [{"network": k // 3, "fold": k % 3, "weight": 1 / 90} for k in range(90)]
    made = make_run(tmp_path, 12, ensemble=FOUND | {"members": members})
    table = (made / "networks.csv").read_text().splitlines()
    splits = ",".join(f"split{k}_validation_score" for k in range(3))
    lines = [f"{table[0]},{splits}", *(f"{line},0.5,0.5,0.5" for line in table[1:])]
    (made / "networks.csv").write_text("\n".join(lines))
    html = ensemble_html(read_run(made))
    assert "the weighted mean of 30 networks on each of 3 folds." in html
    assert html.count("<tr>") == 26
    assert "The 25 with the most weight, of 30." in html
    assert html.count("<td>3%</td>") == 25  # all folds together


def test_a_folder_without_one_has_no_section(tmp_path):
    run = read_run(make_run(tmp_path, 5))
    assert ensemble_html(run) == ""
    assert "nsemble" not in page_html(run, [])
