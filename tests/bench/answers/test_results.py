"""The file of results."""

import json

from bpfast.bench.answers.results import Results


def test_results_are_kept_and_found_again(made, tmp_path):
    path = tmp_path / "answers.json"
    results = Results(path)
    results.add(made("sizes", a=[0.5]))
    results.add([{"table": "sizes", "split": 0, "runner": "b", "error": "no memory"}])
    again = Results(path)
    assert again.all == results.all
    assert again.have("sizes", 0, ["a", "b"])
    assert not again.have("sizes", 1, ["a"])
    assert not again.have("sizes", 0, ["a", "c"])
    assert [one["runner"] for one in again.scored()] == ["a"]
    assert again.scored(["b"]) == []
    assert [one["error"] for one in again.failed()] == ["no memory"]
    report = json.loads(path.read_text())
    assert report["machine"]["processor"] == again.all[0]["machine"]


def test_a_new_result_takes_the_place_of_the_old(made, tmp_path):
    results = Results(tmp_path / "answers.json")
    results.add(made("sizes", a=[0.5, 0.75]))
    results.add(made("sizes", a=[0.25]))
    assert sorted(one["loss"] for one in Results(results.path).all) == [0.25, 0.75]


def test_no_file_is_needed(made):
    results = Results(None)
    results.add(made("sizes", a=[0.5]))
    assert results.have("sizes", 0, ["a"])
