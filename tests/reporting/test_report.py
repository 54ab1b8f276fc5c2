"""Reports of sweeps: what is written, and of which sweeps."""

import sys
from xml.etree import ElementTree

import numpy as np
import polars as pl
import pytest
from pages import Page, edit
from runs import make_run

from bpfast.reporting import figures as report_figures
from bpfast.reporting.figures import FIGURES, figures_of
from bpfast.reporting.reading import read_run
from bpfast.reporting.report import write_report
from bpfast.reporting.style import WIDE

PNG = b"\x89PNG\r\n"
OF_NETWORKS = {name for name, figure in FIGURES.items() if not figure.needs}


@pytest.fixture
def laid_out(monkeypatch):
    """Figures are drawn and laid out as ever, once each, and not written as files."""

    def render(name, run, width, *formats):
        if width == WIDE:
            FIGURES[name].draw(run, width).draw_without_rendering()
        return [b"<svg ></svg>"] * len(formats)

    monkeypatch.setattr(report_figures, "render", render)


def page_of(folder):
    return Page(write_report(folder)[0].read_text(encoding="utf-8"))


def test_a_page_and_each_figure_are_written(written):
    folder, page, figures = written
    assert page == folder / "report.html"
    names = figures_of(read_run(folder))
    expected = [folder / "figures" / f"{name}.{end}" for name in names for end in ("svg", "png")]
    assert figures == expected
    for path in figures:
        content = path.read_bytes()
        assert content.startswith(PNG) or ElementTree.fromstring(content).tag.endswith("svg")
    assert sorted(path.name for path in folder.iterdir()) == [
        *(
            "figures",
            "inspection.json",
            "losses.parquet",
            "manifest.json",
            "networks.csv",
            "predictions.parquet",
        ),
        *("report.html", "study.db"),
    ]  # nothing temporary is left


def test_the_same_run_has_the_same_bytes(written):
    html = written[1].read_bytes()
    assert write_report(written[0])[0].read_bytes() == html


@pytest.mark.parametrize(
    ("options", "drawn"),
    [
        ({"networks": 10}, OF_NETWORKS - {"importance"}),
        ({"networks": 1, "diverged": 0}, {"loss_best", "timeline"}),
        ({"diverged": 1.1}, {"loss_best", "loss_quantiles", "timeline"}),
        ({"varied": ("learning_rate",), "epochs": 1}, OF_NETWORKS - {"importance"}),
        ({"varied": ("hidden",)}, OF_NETWORKS - {"importance", "learning_rate"}),
        ({"varied": ()}, {"loss_best", "loss_quantiles", "timeline"}),
    ],
)
def test_a_figure_that_would_be_empty_is_a_sentence(options, drawn, laid_out, tmp_path):
    folder = make_run(tmp_path, **{"networks": 30} | options)
    (folder / "predictions.parquet").unlink()
    page = page_of(folder)
    figures = {path.stem for path in (folder / "figures").iterdir()}
    assert figures == drawn
    assert len(page.all("svg")) == 2 * len(drawn)
    assert "the next 0" not in (folder / "report.html").read_text(encoding="utf-8")
    for name in OF_NETWORKS:
        assert page.texts[f"{name}-says"].endswith(".")


def test_a_study_without_times_and_losses_that_are_lost_are_sentences(laid_out, tmp_path):
    make_run(tmp_path, 12)
    pl.DataFrame({"network": [0], "loss": [[float("nan")]]}).write_parquet(
        tmp_path / "losses.parquet"
    )
    edit(tmp_path, network=range(100, 112))
    texts = page_of(tmp_path).texts
    assert texts["timeline-says"] == "The study has no times."
    assert "no finite loss" in texts["loss_best-says"]
    assert "there are no curves" in texts["loss_quantiles-says"]


@pytest.mark.parametrize(
    ("module", "extra"), [("matplotlib", "plot"), ("optuna", "sweep"), ("sklearn", "sweep")]
)
def test_a_missing_extra_is_a_hint(module, extra, tmp_path, monkeypatch):
    make_run(tmp_path, 5)
    monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.delitem(sys.modules, "bpfast.reporting.figures")
    monkeypatch.delattr("bpfast.reporting.figures")
    package = {"sklearn": "scikit-learn"}.get(module, module)
    words = rf"{package} is not installed: pip install .bpfast\[{extra}\]"
    with pytest.raises(ImportError, match=words):
        write_report(tmp_path)


def test_a_sweep_in_which_all_diverged_has_its_report(bpfast, tmp_path):
    small = ["--networks", "12", "--epochs", "3", "--hidden", "3", "--device", "reference"]
    wild = ["--optimizer", "sgd", "--learning-rate", "1e300,1e301", "--clip-norm", "1e9,1e12"]
    code, out, _ = bpfast("sweep", "diabetes", *small, *wild, "--output", "run")
    assert code == 0
    assert bpfast("report", "run")[0] == 0
    page = Page((tmp_path / "run" / "report.html").read_text(encoding="utf-8"))
    (said,) = [line for line in out.splitlines() if line.startswith("no network has a score: ")]
    assert said.endswith("lower the learning rate (1e+300 to 1e+301 was tried), or lower clip_norm")
    assert page.texts["leaderboard-says"] == f"N{said[1:]}."


def test_a_sweep_has_its_report(bpfast, tmp_path):
    small = ["--networks", "40", "--epochs", "3", "--hidden", "2,3", "--device", "reference"]
    assert bpfast("sweep", "iris", *small, "--output", "run")[0] == 0
    code, _, err = bpfast("report", "run")
    assert (code, err) == (0, "")
    run = read_run(tmp_path / "run")
    drawn = {path.stem for path in (tmp_path / "run" / "figures").iterdir()}
    assert drawn == {*figures_of(run)} - {"dependence"}  # which --explain draws
    assert {*FIGURES} - {*figures_of(run)} == {"residuals"}  # which are of numbers
    assert {"learning_rate", "hidden", "number_encoding"} <= {*run.varied}
    assert np.isfinite(run.ended).all()
    assert set(run.importance) == set(run.varied)
    assert run.losses.shape == (40, 3)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--test", 0], "There was no test part"),
        (["--test", 0, "--cv", 2], "its mean validation log loss over 2 folds is"),
        (["--cv", 2, "--halving", "successive"], "Successive halving let 4 of 6 networks go early"),
    ],
)
def test_other_sweeps_have_theirs(options, says, laid_out, bpfast, tmp_path):
    small = ["--networks", 6, "--epochs", 3, "--hidden", 3, "--device", "reference"]
    code, out, err = bpfast("sweep", "iris", *small, *options, "--output", "run")
    assert code == 0, err
    assert " test" not in out or "--test" not in options
    assert bpfast("report", "run")[0] == 0
    html = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert says in html
    assert ("Test log loss" in html) == ("--test" not in options)
