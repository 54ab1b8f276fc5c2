"""Options as one object: a command gets each field as it was typed, or its default."""

from dataclasses import dataclass
from typing import Annotated

import pytest

pytest.importorskip("typer")

import typer

from bpfast.command.options import flag, typed_options, with_options


@dataclass(frozen=True)
class Options:
    """Of a command for tests."""

    source: Annotated[str, typer.Argument(metavar="DATA")]
    cv: Annotated[int | None, typer.Option(help="Folds.")] = None
    space_file: Annotated[str, typer.Option("--space")] = "none"


def test_a_field_is_an_option(capsys):
    app, given = typer.Typer(), []

    @app.command()
    @with_options(Options)
    def command(context: typer.Context, options: Options) -> None:
        """What it is for."""
        given.append((options, typed_options(context)))

    app(["iris"], standalone_mode=False)
    app(["iris", "--space", "s.toml", "--cv", "3"], standalone_mode=False)
    app(["iris", "--space", "none"], standalone_mode=False)
    assert given == [
        (Options("iris"), {"source": "iris"}),
        (Options("iris", 3, "s.toml"), {"source": "iris", "cv": 3, "space_file": "s.toml"}),
        (Options("iris"), {"source": "iris", "space_file": "none"}),
    ]
    app(["--help"], standalone_mode=False)
    out = capsys.readouterr().out
    for words in ("What it is for.", "DATA", "--cv", "Folds.", "--space"):
        assert words in out


def test_options_are_in_the_part_of_the_help_that_has_their_title(capsys):
    app = typer.Typer()

    @app.command()
    @with_options(Options, {"Rows of the table": ["cv"]})
    def command(context: typer.Context, options: Options) -> None:
        """What it is for."""

    app(["--help"], standalone_mode=False)
    before, after = capsys.readouterr().out.split("Rows of the table")
    assert "--space" in before
    assert "--cv" in after


def test_an_option_is_named_as_it_is_typed():
    assert (flag("cv"), flag("test_data")) == ("--cv", "--test-data")
