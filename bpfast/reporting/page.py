"""The page of a report: one HTML file that needs no network."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from ..plurals import many
from ..sweeps.words import duration, to_predict
from ..version import __version__
from . import leaderboard
from .columns import columns_html
from .ensemble import ensemble_html
from .facts import facts_html, protocol
from .run import Run
from .style import COLOURS, LIGHT

TEMPLATE = Path(__file__).with_name("template.html")
# Of the manifest, as far as they were asked for.
SPLIT_SETTINGS = (
    *("metric", "cv", "validation", "test", "test_data", "split", "time_column", "groups"),
    *("class_weight", "sample_weight", "target_transform"),
)
UNSAID = (None, "none", "random")  # of these settings: what is so if nobody asks for more
USE = "Use the {}: <code>bpfast predict {}.safetensors DATA</code>"


def page_html(run: Run, sections: Sequence[str]) -> str:
    """The page with sections as :func:`section_html` gives them."""
    manifest = run.manifest
    light, dark = (
        " ".join(f"--{name}: {pair[theme]};" for name, pair in COLOURS.items()) for theme in (0, 1)
    )
    networks = many(len(run), "network") + (f", each on {run.folds} folds" if run.folds else "")
    target = to_predict(run.kind, run.outputs)
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(
        light=light,
        dark=dark,
        title=escape(f"{manifest['data']}: {networks}"),
        subtitle=escape(
            f"{_rows(manifest)}, {many(manifest['inputs'], 'input')}, {target}; a sweep that began "
            f"{_moment(manifest['started'])}"
        ),
        note=_interrupted(run),
        facts=facts_html(run),
        protocol=escape(protocol(run)),
        leaderboard_says=escape(leaderboard.sentence(run)),
        leaderboard=leaderboard.table_html(run),
        fixed=escape(leaderboard.left_out(run)),
        ensemble=ensemble_html(run),
        figures="\n".join(sections),
        columns=columns_html(run),
        settings=_settings(run),
        use=_use(run),
        version=escape(__version__),
    )


def _use(run: Run) -> str:
    """How to predict with what the sweep came to."""
    if not len(run.scored):
        return ""
    return USE.format(*("ensemble",) * 2 if run.manifest.get("ensemble") else ("winner", "best"))


def section_html(name: str, title: str, sentence: str, svgs: dict[str, bytes]) -> str:
    """A figure's heading, its sentence, and its drawings for a wide and for a narrow page."""
    title = escape(title)
    drawings = "".join(
        _inline(svg, f"{name}-{width}").replace(
            "<svg ",
            f'<svg class="{width}" role="img" aria-label="{title}" aria-describedby="{name}-says" ',
            1,
        )
        for width, svg in svgs.items()
    )
    figure = f"<figure>\n{drawings}\n</figure>\n" if drawings else ""
    return (
        f'<section aria-labelledby="{name}">\n<h2 id="{name}">{title}</h2>\n'
        f'<p id="{name}-says">{escape(sentence)}</p>\n{figure}</section>'
    )


def _inline(svg: bytes, prefix: str) -> str:
    """An SVG as a part of a page: its colours are the page's, its ids start with a prefix."""
    text = svg.decode()
    text = text[text.index("<svg") :]
    text = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{prefix}-", text)
    for name, colour in LIGHT.items():
        text = text.replace(colour, f"var(--{name})")
    text = re.sub(r"<style.*?</style>", "", text, flags=re.DOTALL)  # it would hold for the page
    text = re.sub(r'(?<=<svg )[^>]*?(viewBox="[^"]*")[^>]*', r"\1", text)
    return text.replace("xlink:href", "href").strip()


def _rows(manifest: dict[str, Any]) -> str:
    """How many rows networks saw, and how many had no target."""
    left_out = manifest.get("rows_without_target", 0)
    others = f" (and {left_out:,} without a target, left out)" if left_out else ""
    return f"{many(manifest['rows'], 'row')}{others}"


def _interrupted(run: Run) -> str:
    """A note that the sweep was interrupted, and how much of it is here."""
    if not run.manifest["interrupted"]:
        return ""
    asked, left = run.manifest["networks"], int(run.unfinished.sum())
    of_all = f"Of {many(asked, 'network')} that were asked for, "
    if run.manifest.get("time") is not None:
        of_all = ""  # as many as would be done in that time
    return (
        f'<p class="note" role="note"><strong>Interrupted.</strong> {of_all}'
        f"{len(run):,} {'is' if len(run) == 1 else 'are'} here; {left:,} of "
        f"these {'was' if left == 1 else 'were'} still on the way.</p>"
    )


def _settings(run: Run) -> str:
    """What was asked for, as a table of names and values."""
    manifest = run.manifest
    settings = dict(manifest["space"]) | {
        "networks": f"{manifest['networks']:,}",
        **_time(manifest),
        "epochs": f"{manifest['epochs']:,}",
        **_split_settings(run),
        "sampler": manifest["sampler"],
        "seed": manifest["seed"],
        "device": manifest["device"],
        "study": manifest["study_name"],
        "started": _moment(manifest["started"]),
        "bpfast of the sweep": manifest["bpfast"],
    }
    rows = "\n".join(
        f'<tr><th scope="row" class="text">{escape(name)}</th>'
        f'<td class="text"><code>{escape(str(value))}</code></td></tr>'
        for name, value in settings.items()
    )
    return f'<table class="list">\n<tbody>\n{rows}\n</tbody>\n</table>'


def _time(manifest: dict[str, Any]) -> dict[str, str]:
    """The seconds that the sweep could take, where there was a bound."""
    seconds = manifest.get("time")
    return {} if seconds is None else {"time": duration(seconds)}


def _split_settings(run: Run) -> dict[str, Any]:
    """By which rows networks were ranked and tested, and how a halving let them go."""
    begun_with = run.manifest.get("settings", {})
    found = {name: run.manifest.get(name, begun_with.get(name)) for name in SPLIT_SETTINGS}
    settings = {name: value for name, value in found.items() if value not in UNSAID}
    if "test_data" in settings:
        settings.pop("test", None)  # a share that was not taken
    if run.halving:
        (_, kind), *others = run.halving.items()
        settings["halving"] = f"{kind}, " + ", ".join(f"{name} {value}" for name, value in others)
    return settings


def _moment(text: str) -> str:
    """An ISO time for people to read."""
    try:
        return f"{datetime.fromisoformat(text):%Y-%m-%d at %H:%M %Z}".strip()
    except ValueError:
        return text
