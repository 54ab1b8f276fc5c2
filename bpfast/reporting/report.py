"""A sweep's report: one HTML file that needs no network, and its figures as SVG and PNG."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from datetime import datetime
from html import escape
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import missing_extra
from ..files import write_whole
from ..sweeps.words import duration, many
from ..version import __version__
from .run import Run, has_value, read_run

if TYPE_CHECKING:
    from .words import Words

REPORT, FIGURES = "report.html", "figures"
TEMPLATE = Path(__file__).with_name("template.html")
NOTHING = "\N{EN DASH}"  # where a network has no such hyperparameter
ROWS = 25  # of the leaderboard
USE = "Use the winner: <code>bpfast predict best.safetensors DATA</code>"
TITLES = {
    "loss_best": "Loss of the best networks",
    "loss_quantiles": "Loss of all networks",
    "learning_rate": "Learning rate against score",
    "parallel": "Hyperparameters of every network",
    "importance": "What mattered",
    "timeline": "Time line",
}


def write_report(
    run: str | os.PathLike, output: str | os.PathLike | None = None
) -> tuple[Path, list[Path]]:
    """Write a page about a sweep, and its figures into ``figures`` beside it.

    Parameters
    ----------
    run : the folder that ``bpfast sweep`` wrote
    output : the page, a file that ends in .html; ``report.html`` in the run's folder if not given

    Returns
    -------
    page : Path
    figures : list of Path
        An SVG and a PNG of each figure that this sweep has something to show in.

    Raises
    ------
    ValueError, OSError
        Before anything is written: not a sweep's folder, a study that cannot be read, or a page
        that cannot lie where it should. While it is written: a file that cannot be.
    ImportError
        Matplotlib, Optuna or polars is not installed.
    """
    page = _page(Path(run), output)
    try:
        from . import figures as report_figures
        from . import words as report_words
    except ImportError:
        raise missing_extra("matplotlib", "plot") from None
    read = read_run(Path(run))
    words = {name: says(read) for name, says in report_words.WORDS.items()}
    drawn, files = [], []
    (page.parent / FIGURES).mkdir(exist_ok=True)
    for name, (has_figure, _) in words.items():
        if not has_figure:
            drawn.append(_section(name, words[name], {}))
            continue
        svgs = {
            kind: report_figures.draw(name, read, width, "svg")
            for kind, width in (("wide", report_figures.WIDE), ("narrow", report_figures.NARROW))
        }
        drawn.append(_section(name, words[name], svgs))
        png = report_figures.draw(name, read, report_figures.WIDE, "png")
        for ending, content in (("svg", svgs["wide"]), ("png", png)):
            files.append(page.parent / FIGURES / f"{name}.{ending}")
            _write(files[-1], content)
    says = report_words.protocol(read), report_words.leaderboard(read)
    _write(page, _html(read, *says, drawn).encode())
    return page, files


def _page(run: Path, output: str | os.PathLike | None) -> Path:
    """Where the page goes."""
    if output is None:
        return run / REPORT
    page = Path(output)
    if page.suffix not in (".html", ".htm"):
        raise ValueError(f"--output {page}: expected a file that ends in .html")
    if not page.parent.is_dir():
        raise ValueError(f"--output {page}: there is no folder {page.parent}")
    return page


def _write(path: Path, content: bytes) -> None:
    write_whole(path, lambda new: new.write_bytes(content))


# --- the page -------------------------------------------------------------------------------------


def _html(run: Run, protocol: str, leaderboard_says: str, figures: list[str]) -> str:
    from .figures import COLOURS

    said = run.manifest
    light, dark = (
        " ".join(f"--{name}: {pair[theme]};" for name, pair in COLOURS.items()) for theme in (0, 1)
    )
    kind = f"{len(said['classes'])} classes" if said["classes"] else "a number to predict"
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(
        light=light,
        dark=dark,
        title=escape(f"{said['data']}: {_networks(run)}"),
        subtitle=escape(
            f"{many(said['rows'], 'row')}, {many(said['inputs'], 'input')}, {kind}; a sweep that "
            f"began {_moment(said['started'])}"
        ),
        note=_note(run),
        facts=_facts(run),
        protocol=escape(protocol),
        leaderboard_says=escape(leaderboard_says),
        leaderboard=_leaderboard(run),
        fixed=_fixed(run),
        figures="\n".join(figures),
        settings=_settings(run),
        use=USE if len(run.scored) else "",
        version=escape(__version__),
    )


def _section(name: str, words: Words, svgs: dict[str, bytes]) -> str:
    """A figure's heading, what it says, and its drawings for either width."""
    from .figures import inline

    title = escape(TITLES[name])
    drawings = "".join(
        inline(svg, f"{name}-{kind}").replace(
            "<svg ",
            f'<svg class="{kind}" role="img" aria-label="{title}" aria-describedby="{name}-says" ',
            1,
        )
        for kind, svg in svgs.items()
    )
    figure = f"<figure>\n{drawings}\n</figure>\n" if drawings else ""
    return (
        f'<section aria-labelledby="{name}">\n<h2 id="{name}">{title}</h2>\n'
        f'<p id="{name}-says">{escape(words.sentence)}</p>\n{figure}</section>'
    )


def _networks(run: Run) -> str:
    """How many networks there are, a row of the table each."""
    return many(len(run), "network") + (f", each on {run.folds} folds" if run.folds else "")


def _note(run: Run) -> str:
    """What a reader must know before the rest."""
    if not run.manifest["interrupted"]:
        return ""
    asked, left = run.manifest["networks"], int(run.unfinished.sum())
    return (
        f'<p class="note" role="note"><strong>Interrupted.</strong> Of {many(asked, "network")} '
        f"that were asked for, {len(run):,} {'is' if len(run) == 1 else 'are'} here; {left:,} of "
        f"these {'was' if left == 1 else 'were'} still on the way.</p>"
    )


def _facts(run: Run) -> str:
    said, table = run.manifest, run.table
    facts = [(f"Validation {said['metric']}", _cell(run, "validation_score", 0), _spread(run))]
    if "test_score" in table:
        whose = "of the first, trained anew" if run.folds else "of the first"
        facts.append((f"Test {said['metric']}", _cell(run, "test_score", 0), whose))
    facts += [("Networks", f"{len(run):,}", _fates(run)), _epochs(run), *_rates(run)]
    return "\n".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(value)}"
        f"{f'<small>{escape(small)}</small>' if small else ''}</dd></div>"
        for name, value, small in facts
    )


def _spread(run: Run) -> str:
    """What the first network's score is a mean of."""
    if not run.folds:
        return ""
    return f"mean of {run.folds} folds, deviation {_cell(run, 'validation_std', 0)}"


def _fates(run: Run) -> str:
    """How many networks ended before the others, and why."""
    counts = {"let go": run.let_go, "on the way": run.unfinished}
    words = [f"{rows.sum():,} {fate}" for fate, rows in counts.items() if rows.any()]
    return ", ".join([f"{run.table['diverged'].sum():,} diverged", *words])


def _epochs(run: Run) -> tuple[str, str, str]:
    """How many epochs networks had."""
    least, most, asked = *_range(run.table["epochs"]), run.manifest["epochs"]
    if least == asked:
        return "Epochs for each", f"{asked:,}", ""
    had = f"{least:,}" if least == most else f"{least:,} to {most:,}"
    return "Epochs", had, f"{run.had_all.sum():,} of {len(run):,} had all {asked:,}"


def _range(values: np.ndarray) -> tuple[int, int]:
    return int(values.min()), int(values.max())


def _rates(run: Run) -> list[tuple[str, str, str]]:
    """How long all took, and how fast that was."""
    said, seconds = run.manifest, run.manifest["seconds"]
    device = f"device {said['device']}"
    if not seconds > 0:
        return [("Training time", duration(seconds), device)]
    ended = (len(run) - int(run.unfinished.sum())) * max(run.folds, 1)
    networks = f"{_rate(ended / seconds)} networks/s" if ended else ""
    return [
        ("Training time", duration(seconds), networks),
        ("Sample-updates/s", _rate(said["sample_updates"] / seconds), device),
    ]


def _leaderboard(run: Run) -> str:
    """The first networks with what was varied, and their scores first."""
    names = ["validation_score", "validation_std", "test_score"]
    names += ["epochs"] * (len(np.unique(run.table["epochs"])) > 1)
    names = [name for name in (*names, *run.varied, "loss", "network") if name in run.table]
    rows = [
        [str(place + 1), *(_cell(run, name, place) for name in names)]
        for place in range(min(ROWS, len(run)))
    ]
    heads = ["rank", *(name.removesuffix("_score").replace("_", " ") for name in names)]
    texts = [False, *(run.table[name].dtype.kind == "U" for name in names)]
    return _table(heads, rows, texts)


def _parts(run: Run) -> dict[str, Any]:
    """Which rows networks were ranked and tested by, and how a halving let them go."""
    names = ("cv", "groups", "test") if run.folds else ("validation", "test")
    said = {name: run.manifest[name] for name in names if run.manifest.get(name) is not None}
    if run.halving:
        kind, *others = run.halving.items()
        said["halving"] = f"{kind[1]}, " + ", ".join(f"{name} {value}" for name, value in others)
    return said


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]], texts: Sequence[bool]) -> str:
    def cells(tag: str, attribute: str, values: Sequence[str]) -> str:
        classes = [' class="text"' if text else "" for text in texts]
        return "".join(
            f"<{tag}{attribute}{kind}>{escape(value)}</{tag}>"
            for value, kind in zip(values, classes, strict=True)
        )

    body = "\n".join(f"<tr>{cells('td', '', row)}</tr>" for row in rows)
    head = cells("th", ' scope="col"', heads)
    return f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"


def _fixed(run: Run) -> str:
    """How much of the table is shown, and what is not in it since it is the same everywhere."""
    says = [f"The first {ROWS} of {len(run):,}; networks.csv has all."] * (len(run) > ROWS)
    for whom, everywhere in (("", True), (" that has it", False)):
        same = [
            f"{name} {_value(value)}"
            for name, value in run.fixed.items()
            if has_value(run.table[name]).all() == everywhere
        ]
        if same:
            says.append(f"The same for every network{whom}: {', '.join(same)}.")
    return escape(" ".join(says))


def _settings(run: Run) -> str:
    """What was asked for, as a table of names and values."""
    said = run.manifest
    settings = dict(said["space"]) | {
        "networks": f"{said['networks']:,}",
        "epochs": f"{said['epochs']:,}",
        **_parts(run),
        "sampler": said["sampler"],
        "seed": said["seed"],
        "device": said["device"],
        "study": said["study_name"],
        "started": _moment(said["started"]),
        "bpfast of the sweep": said["bpfast"],
    }
    rows = "\n".join(
        f'<tr><th scope="row" class="text">{escape(name)}</th>'
        f'<td class="text"><code>{escape(str(value))}</code></td></tr>'
        for name, value in settings.items()
    )
    return f'<table class="list">\n<tbody>\n{rows}\n</tbody>\n</table>'


def _cell(run: Run, name: str, place: int) -> str:
    """A network's value in a column of the table."""
    value = run.table[name][place]
    if not name.endswith("score"):
        return _value(value)
    if run.table["diverged"][place]:
        return "diverged"
    return NOTHING if np.isnan(value) else f"{value:.4f}"


def _value(value: Any) -> str:
    """A value as people read it."""
    if isinstance(value, str):
        return value or NOTHING
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if np.isnan(value):
        return NOTHING
    return f"{value:,}" if isinstance(value, np.integer) else f"{value:.3g}"


def _rate(value: float) -> str:
    """A number a second, with thousands or millions in a letter."""
    for factor, letter in ((1e6, " M"), (1e3, " k")):
        if value >= factor:
            return f"{value / factor:.3g}{letter}"
    return f"{value:.3g}"


def _moment(text: str) -> str:
    """An ISO time for people to read."""
    try:
        return f"{datetime.fromisoformat(text):%Y-%m-%d at %H:%M %Z}".strip()
    except ValueError:
        return text
