"""An explanation as one HTML page that asks for nothing outside itself.

The page has the explanation as JSON. When something is changed there, its JavaScript, in
``assets``, computes all numbers anew; tests compare them with the reference.
"""

from __future__ import annotations

import json
import os
import re
from graphlib import TopologicalSorter
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from ..files import write_text
from ..training.network import BUILT_IN
from .javascript import module as functions

ASSETS = Path(__file__).with_name("assets")
IMPORT = re.compile(r'^import \{[^}]*\} from "\./(\w+)\.js";\n', re.MULTILINE)
EXPORT = re.compile(r"^export (?=const |class )", re.MULTILINE)
FRAME_HEIGHT = 900  # pixels, in a notebook


def page(explanation: dict[str, Any]) -> str:
    """A page of HTML, with all that it needs inside.

    Parameters
    ----------
    explanation : what :meth:`bpfast.explaining.explanation.Explanation.page_data` returns

    Raises
    ------
    ValueError
        An activation or loss that is not bpfast's own: the page could not compute with it.
    """
    if own := _own_functions(explanation):
        raise ValueError(
            f"{own[0]!r} is a function of your own, which the page cannot compute in "
            "JavaScript: use bpfast's own activations and losses, or explain it in the terminal"
        )
    return Template(_asset("page.html")).substitute(
        style=_asset("style.css").strip(),
        data=json.dumps(explanation, ensure_ascii=False).replace("<", "\\u003c"),  # no </script>
        script=script("page"),
    )


def write(explanation: dict[str, Any], path: str | os.PathLike) -> Path:
    """Write :func:`page` into a file.

    Raises
    ------
    ValueError
        A file that does not end in .html, in a folder that is not there; as :func:`page`.
    OSError
        The file cannot be written.
    """
    path = Path(path)
    if path.suffix not in (".html", ".htm"):
        raise ValueError(f"--html {path}: expected a file that ends in .html")
    if not path.parent.is_dir():
        raise ValueError(f"--html {path}: there is no folder {path.parent}")
    write_text(path, page(explanation))
    return path


def frame(explanation: dict[str, Any]) -> str | None:
    """:func:`page` in a frame, for a notebook, whose styles and keys stay its own.

    None where there can be no page.
    """
    if _own_functions(explanation):
        return None
    return (
        f'<iframe srcdoc="{escape(page(explanation))}" width="100%" height="{FRAME_HEIGHT}" '
        'style="border: 0" title="Backpropagation, step by step"></iframe>'
    )


def script(*names: str) -> str:
    """JavaScript modules and all that they import, joined into one without imports or exports.

    Modules share one scope: what a module has at its top level needs a name of its own.
    """
    sources: dict[str, str] = {}
    imports: dict[str, list[str]] = {}
    found = [*names]
    for module in found:
        sources[module] = functions() if module == "functions" else _asset(f"{module}.js")
        imports[module] = IMPORT.findall(sources[module])
        found += [other for other in imports[module] if other not in found]
    order = TopologicalSorter(imports).static_order()
    return "\n".join(EXPORT.sub("", IMPORT.sub("", sources[module])).strip() for module in order)


def _own_functions(explanation: dict[str, Any]) -> list[str]:
    """Activations and the loss that a user registered."""
    layers, activation, loss = (
        explanation["network"][key] for key in ("layers", "activation", "loss")
    )
    activations = [activation] * (len(layers) - 2) if isinstance(activation, str) else activation
    return sorted({*activations, loss} - BUILT_IN)


def _asset(name: str) -> str:
    return (ASSETS / name).read_text(encoding="utf-8")
