"""A command's options as one object: each field of a dataclass is an option."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import Annotated, Any, TypeVar, get_args, get_type_hints

import typer

T = TypeVar("T")


def with_options(
    kind: type[T], panels: Mapping[str, Sequence[str]] | None = None
) -> Callable[[Callable[[typer.Context, T], None]], Callable[..., None]]:
    """Decorate a command so that typer sees an option for each field of a dataclass.

    Parameters
    ----------
    kind : the dataclass; its fields are annotated as typer wants its parameters to be
    panels : titles of parts of the help, and the fields whose options are in them
    """
    hints = get_type_hints(kind, include_extras=True)
    for title, names in (panels or {}).items():
        hints |= {name: _in_panel(hints[name], title) for name in names}
    options = [
        parameter.replace(annotation=hints[name])
        for name, parameter in signature(kind).parameters.items()
    ]
    context = Parameter("context", Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)

    def decorate(command: Callable[[typer.Context, T], None]) -> Callable[..., None]:
        @wraps(command)
        def called(context: typer.Context, **values: Any) -> None:
            command(context, kind(**values))

        called.__signature__ = Signature([context, *options])  # type: ignore[attr-defined]
        called.__annotations__ = {"context": typer.Context, **hints}
        return called

    return decorate


def _in_panel(hint: Any, title: str) -> Any:
    """An option's annotation, with a title for the part of the help that it is in."""
    kind, option, *_ = get_args(hint)
    option = copy(option)  # others may share it
    option.rich_help_panel = title
    return Annotated[kind, option]


def flag(name: str) -> str:
    """An option as it is typed, such as "--test-data" for ``test_data``."""
    return f"--{name.replace('_', '-')}"


def typed_options(context: typer.Context) -> dict[str, Any]:
    """The options that the user typed, by name; those left at their defaults are not in it."""
    origins = {name: context.get_parameter_source(name) for name in context.params}
    typed = [name for name, origin in origins.items() if origin and origin.name != "DEFAULT"]
    return {name: context.params[name] for name in typed}
