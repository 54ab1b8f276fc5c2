"""Options that say how a text file is written."""

import pytest

pytest.importorskip("typer")

from typed import asked_by

from bpfast.command.text_options import marks
from bpfast.tables.reading.dialect import TextOptions


def test_what_is_typed_is_known_to_the_reader():
    typed = ["--separator", "tab", "--decimal", ",", "--encoding", "cp1252", "--no-header"]
    typed += ["--comment", "//", "--missing", "999", "--missing", "none given, -"]
    request, _ = asked_by("iris", *typed)
    missing = ("999", "none given", "-")
    assert request.text == TextOptions("\t", ",", "cp1252", False, "//", missing)


def test_nothing_is_known_that_was_not_typed():
    assert asked_by("iris")[0].text == TextOptions()
    assert marks(None) == ()
