"""Backpropagation to be seen: an explanation as one HTML page that needs no network.

The page has the explanation as JSON; its JavaScript, in ``assets``, computes all that
follows when something is changed, with formulas that the tests hold against the reference.
"""

from __future__ import annotations

import json
import os
import re
from graphlib import TopologicalSorter
from html import escape
from pathlib import Path
from string import Template

from ..files import write_whole
from ..training.network import BUILT_IN
from .chain import error_formulas
from .explanation import Explanation
from .javascript import module as functions

ASSETS = Path(__file__).with_name("assets")
IMPORT = re.compile(r'^import \{[^}]*\} from "\./(\w+)\.js";\n', re.MULTILINE)
EXPORT = re.compile(r"^export (?=const |class )", re.MULTILINE)
FRAME_HEIGHT = 900  # pixels, in a notebook


def page(explanation: Explanation) -> str:
    """An explanation as a page of HTML, with all that it needs inside.

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
        data=_json(explanation),
        script=script("page"),
    )


def write(explanation: Explanation, path: str | os.PathLike) -> Path:
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
    text = page(explanation)
    write_whole(path, lambda new: new.write_text(text, encoding="utf-8"))
    return path


def frame(explanation: Explanation) -> str | None:
    """:func:`page` in a frame, for a notebook, whose styles and keys stay its own.

    None where there can be no page.
    """
    if _own_functions(explanation):
        return None
    return (
        f'<iframe srcdoc="{escape(page(explanation))}" width="100%" height="{FRAME_HEIGHT}" '
        'style="border: 0" title="Backpropagation, step by step"></iframe>'
    )


def script(name: str) -> str:
    """A JavaScript module and all that it imports, joined into one without imports or exports.

    Modules share one scope: what a module has at its top level needs a name of its own.
    """
    sources, imports, found = {}, {}, [name]
    for module in found:
        sources[module] = functions() if module == "functions" else _asset(f"{module}.js")
        imports[module] = IMPORT.findall(sources[module])
        found += [other for other in imports[module] if other not in found]
    order = TopologicalSorter(imports).static_order()
    return "\n".join(EXPORT.sub("", IMPORT.sub("", sources[module])).strip() for module in order)


def _own_functions(explanation: Explanation) -> list[str]:
    """Activations and the loss that a user registered."""
    return sorted({*explanation.mlp.activations, explanation.mlp.loss} - BUILT_IN)


def _asset(name: str) -> str:
    return (ASSETS / name).read_text(encoding="utf-8")


def _json(explanation: Explanation) -> str:
    """The explanation, with the names and formulas that it derives; safe inside a script."""
    pairs = zip(explanation.prediction_names, explanation.target_names, strict=True)
    data = explanation.as_dict() | {
        "input_names": explanation.input_names,
        "prediction_names": explanation.prediction_names,
        "target_names": explanation.target_names,
        "error_formulas": [error_formulas(explanation.mlp, *pair)[0] for pair in pairs],
    }
    return json.dumps(data, ensure_ascii=False).replace("<", "\\u003c")
