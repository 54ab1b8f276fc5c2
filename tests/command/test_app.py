"""The commands that there are, and their help."""

import re

import pytest

pytest.importorskip("typer")


@pytest.mark.parametrize(("arguments", "words"), [(["--help"], "sweep"), (["--version"], "bpfast")])
def test_help_and_version(arguments, words, bpfast):
    code, out, _ = bpfast(*arguments)
    assert code == 0
    assert words in out


def test_help_names_every_command(bpfast):
    out = bpfast("--help")[1]
    names = ["sweep", "predict", "report", "explain", "verify", "bench", "warmup", "devices"]
    assert re.findall(rf"^\W*({'|'.join(names)}) ", out, re.MULTILINE) == names


def test_an_unknown_command_is_bad_input(bpfast):
    code, out, err = bpfast("swep")
    assert (code, out) == (2, "")
    assert "No such command 'swep'" in err
