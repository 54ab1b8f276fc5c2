"""The commands that there are, and their help."""

import re
from importlib import import_module
from inspect import getdoc

import pytest

pytest.importorskip("typer")

from bpfast.command.app import COMMANDS


@pytest.mark.parametrize(("arguments", "words"), [(["--help"], "sweep"), (["--version"], "bpfast")])
def test_help_and_version(arguments, words, bpfast):
    code, out, _ = bpfast(*arguments)
    assert code == 0
    assert words in out


def test_help_names_every_command(bpfast):
    out = bpfast("--help")[1]
    names = ["sweep", "predict", "report", "explain", "verify", "bench", "warmup", "devices"]
    assert re.findall(rf"^\W*({'|'.join(names)}) ", out, re.MULTILINE) == names == [*COMMANDS]


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_says_of_itself_what_the_list_says(name, bpfast):
    command = getattr(import_module(f"bpfast.command.{name}"), name)
    assert getdoc(command).partition("\n\n")[0].replace("\n", " ") == COMMANDS[name]
    out = bpfast(name, "--help")[1]
    assert f"bpfast {name} [OPTIONS]" in out
    assert COMMANDS[name] in " ".join(out.split())


def test_an_unknown_command_is_bad_input(bpfast):
    code, out, err = bpfast("swep")
    assert (code, out) == (2, "")
    assert "No such command 'swep'" in err
