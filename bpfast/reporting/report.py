"""A sweep's report: the page, and its figures as SVG and PNG."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

from ..errors import import_optional, missing_extra
from ..files import write_whole
from .page import page_html, section_html
from .reading import read_run
from .style import NARROW, WIDE

REPORT, FIGURES_FOLDER = "report.html", "figures"


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
    path = _page_path(Path(run), output)
    import_optional("matplotlib", "plot")
    if find_spec("sklearn") is None:
        raise missing_extra("scikit-learn", "sweep")
    from .figures import figures_of, render

    read = read_run(Path(run))
    figures = figures_of(read)
    captions = {name: figure.caption(read) for name, figure in figures.items()}
    folder = path.parent / FIGURES_FOLDER
    folder.mkdir(exist_ok=True)
    sections, files = [], []
    for name, (has_figure, sentence) in captions.items():
        svgs = {}
        if has_figure:
            svgs["wide"], png = render(name, read, WIDE, "svg", "png")
            (svgs["narrow"],) = render(name, read, NARROW, "svg")
            for content, ending in ((svgs["wide"], "svg"), (png, "png")):
                files.append(folder / f"{name}.{ending}")
                _write(files[-1], content)
        sections.append(section_html(name, figures[name].title, sentence, svgs))
    _write(path, page_html(read, sections).encode())
    return path, files


def _page_path(run: Path, output: str | os.PathLike | None) -> Path:
    """Where the page goes."""
    if output is None:
        return run / REPORT
    path = Path(output)
    if path.suffix not in (".html", ".htm"):
        raise ValueError(f"--output {path}: expected a file that ends in .html")
    if not path.parent.is_dir():
        raise ValueError(f"--output {path}: there is no folder {path.parent}")
    return path


def _write(path: Path, content: bytes) -> None:
    write_whole(path, lambda new: new.write_bytes(content))
