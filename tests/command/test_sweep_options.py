"""Every option of ``bpfast sweep`` reaches the sweep: none is misspelt, and none is forgotten."""

from dataclasses import fields
from pathlib import Path

import pytest

pytest.importorskip("typer")

from typed import asked_by

from bpfast.command.request import Request
from bpfast.command.sweep_options import PANELS, SweepOptions
from bpfast.sweeps.hyperparameters import HYPERPARAMETERS

IN_REQUEST = {  # what is typed, and what a request then says by the same name
    "target": ("price", "price"),
    "task": ("regression", "regression"),
    "target_transform": ("log", "log"),
    "drop": ("street,-1", "street,-1"),
    "numeric": ("rooms", "rooms"),
    "categorical": ("postcode", "postcode"),
    "keep": ("id", "id"),
    "separator": ("tab", "tab"),
    "decimal": (",", ","),
    "encoding": ("cp1252", "cp1252"),
    "comment": ("//", "//"),
    "missing": ("999,unknown", ["999,unknown"]),
    "time": ("60", 60.0),
    "networks": ("7", 7),
    "epochs": ("9", 9),
    "sampler": ("tpe", "tpe"),
    "storage": ("postgresql://there/studies", "postgresql://there/studies"),
    "study_name": ("mine", "mine"),
    "validation": ("0.3", 0.3),
    "test": ("0.1", 0.1),
    "test_data": ("later.csv", "later.csv"),
    "cv": ("5", 5),
    "split": ("time", "time"),
    "time_column": ("sold", "sold"),
    "groups": ("street", "street"),
    "metric": ("roc_auc", "roc_auc"),
    "class_weight": ("balanced", "balanced"),
    "sample_weight": ("weight", "weight"),
    "halving": ("hyperband", "hyperband"),
    "seed": ("3", 3),
    "device": ("reference", "reference"),
}
FLAGS = {"header": {"--header": True, "--no-header": False}}  # also in the request
OF_THE_CALL = {
    "memory": ("2G", "2G"),
    "output": ("there", Path("there")),
    "top": ("3", 3),
    "baseline": (None, True),
    "columns": (None, True),
    "members": ("8", 8),
    "milliseconds": ("1", 1.0),
}
TESTED_ELSEWHERE = {"source", "resume", "moved", "space_file", "dask"}


def option(name, typed):
    return [f"--{name.replace('_', '-')}", *([] if typed is None else [typed])]


def hyperparameters():
    return [name for name in HYPERPARAMETERS if name != "seed"]  # --seed is the sweep's own


def test_all_options_are_tested():
    names = [field.name for field in fields(SweepOptions)]
    known = {*IN_REQUEST, *FLAGS, *OF_THE_CALL, *TESTED_ELSEWHERE}
    assert {*names} == known | {*hyperparameters()}
    assert {field.name for field in fields(Request)} == {*IN_REQUEST, *FLAGS, "source", "space"}


def test_parts_of_the_help_have_each_option_once():
    listed = [name for names in PANELS.values() for name in names]
    assert len(set(listed)) == len(listed)
    assert {*listed} | {"device", "top"} <= {field.name for field in fields(SweepOptions)}


@pytest.mark.parametrize("name", IN_REQUEST)
def test_what_numbers_depend_on_is_in_the_request(name):
    typed, expected = IN_REQUEST[name]
    usual = vars(asked_by("iris")[0])
    assert usual[name] != expected
    assert vars(asked_by("iris", *option(name, typed))[0]) == usual | {name: expected}


@pytest.mark.parametrize("name", FLAGS)
def test_flags_are_in_the_request_too(name):
    usual = vars(asked_by("iris")[0])
    assert usual[name] is None
    for typed, expected in FLAGS[name].items():
        assert vars(asked_by("iris", typed)[0]) == usual | {name: expected}


@pytest.mark.parametrize("name", OF_THE_CALL)
def test_what_is_of_one_call_is_not_in_the_request(name):
    typed, expected = OF_THE_CALL[name]
    usual, _ = asked_by("iris")
    request, options = asked_by("iris", *option(name, typed))
    assert request == usual
    assert getattr(options, name) == expected


@pytest.mark.parametrize("name", hyperparameters())
def test_hyperparameters_are_in_the_space(name):
    assert asked_by("iris", *option(name, "0.5"))[0].space[name] == "0.5"


def test_nothing_but_data():
    request, _ = asked_by("iris")
    assert (request.source, request.space) == ("iris", {})
    assert request.networks is request.epochs is request.time is None  # as the data have it


def test_seconds_are_a_number(bpfast):
    code, _, err = bpfast("sweep", "iris", "--time", "sold")
    assert code == 2
    assert "'sold' is no number of seconds; the column that says when is --time-column" in err
    code, _, err = bpfast("sweep", "iris", "--time", "0")
    assert (code, err) == (2, "bpfast: --time must be above 0 and finite, got 0\n")
