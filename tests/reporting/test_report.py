"""Reports of sweeps: what is read, what the page says and holds, and what is refused."""

import json
import re
import sys
from html.parser import HTMLParser
from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import optuna
import polars as pl
import pytest
from runs import make_run

from bpfast.reporting import figures as report_figures
from bpfast.reporting import words as report_words
from bpfast.reporting.figures import COLOURS, FIGURES, NARROW, WIDE
from bpfast.reporting.report import write_report
from bpfast.reporting.run import Run, read_run

PNG = b"\x89PNG\r\n"
VOID = {"meta", "link", "br", "img"}
RATIO_OF_TEXT, RATIO_OF_MARKS = 4.5, 3.0  # WCAG's least contrasts


class Page(HTMLParser):
    """A page's elements, checked to be closed in order, and its text by the element's id."""

    def __init__(self, html):
        super().__init__()
        self.elements, self.open, self.texts = [], [], {}
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append((tag, dict(attributes).get("id")))

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop()[0] == tag

    def handle_data(self, text):
        for _, name in self.open:
            if name:
                self.texts[name] = self.texts.get(name, "") + text

    def all(self, tag):
        return [attributes for found, attributes in self.elements if found == tag]


def page_of(folder):
    return Page(write_report(folder)[0].read_text(encoding="utf-8"))


def edit(path, **columns):
    """Put other columns into a folder's table."""
    frame = pl.read_csv(path / "networks.csv", infer_schema_length=None)
    frame.with_columns(**{name: pl.Series(v) for name, v in columns.items()}).write_csv(
        path / "networks.csv"
    )


# --- what is read ---------------------------------------------------------------------------------


def test_networks_are_matched_by_their_numbers(tmp_path):
    run = read_run(make_run(tmp_path, 40))
    network = run.table["network"]
    assert len(run) == 40
    assert (network != np.arange(40)).any()
    by_network = pl.read_parquet(tmp_path / "losses.parquet").sort("network")["loss"].to_list()
    np.testing.assert_array_equal(run.losses, np.array(by_network)[network])
    trials = {trial.user_attrs["network"]: trial for trial in _study(tmp_path).trials}
    zero = min(trial.datetime_start for trial in trials.values())
    for place, number in enumerate(network):
        trial = trials[number]
        assert run.started[place] == (trial.datetime_start - zero).total_seconds()
        assert run.ended[place] == (trial.datetime_complete - zero).total_seconds()
    assert np.isfinite(run.scores).sum() == (~run.table["diverged"]).sum() < 40


def test_what_was_varied_is_told_from_what_was_fixed(tmp_path):
    run = read_run(make_run(tmp_path, 30, varied=("learning_rate", "hidden")))
    assert run.varied == ["learning_rate", "hidden"]
    expected = {"optimizer": "sgd", "momentum": 0.5, "l2": 1e-4, "batch_size": 64}
    assert run.fixed == expected


def test_losses_may_be_of_some_epochs_and_of_other_lengths(tmp_path):
    make_run(tmp_path, 3, epochs=10, diverged=0)
    losses = {"network": [0, 2], "loss": [[3.0, 2.0, 1.0], [3.0, float("inf")]]}
    pl.DataFrame(losses).write_parquet(tmp_path / "losses.parquet")
    run = read_run(tmp_path)
    assert run.epochs.tolist() == [4, 8, 10]
    by_network = run.losses[np.argsort(run.table["network"])]
    nan = np.nan
    np.testing.assert_array_equal(by_network, [[3, 2, 1], [nan, nan, nan], [3, nan, nan]])


def test_importance_is_optunas(tmp_path):
    run = read_run(make_run(tmp_path, 60, varied=("learning_rate", "l2", "batch_size")))
    evaluator = optuna.importance.PedAnovaImportanceEvaluator()
    expected = optuna.importance.get_param_importances(_study(tmp_path), evaluator=evaluator)
    assert run.importance == pytest.approx(expected)
    assert run.by_importance[0] == next(iter(run.importance)) == "learning_rate"
    assert sum(run.importance.values()) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"varied": ("learning_rate",)}, "only learning_rate differs"),
        ({"varied": ()}, "nothing differs"),
        ({"networks": 9}, "fewer than 10 networks"),
        ({"diverged": 1.1}, "fewer than 10 networks"),
    ],
)
def test_why_there_is_no_importance(options, words, tmp_path):
    run = read_run(make_run(tmp_path, **{"networks": 20} | options))
    assert run.importance == {}
    assert words in run.no_importance
    assert words in report_words.importance(run).sentence


def test_equal_scores_have_no_importance(tmp_path):
    make_run(tmp_path, 20, diverged=0)
    edit(tmp_path, validation_score=[0.5] * 20)
    assert "have the same" in read_run(tmp_path).no_importance


def test_a_study_in_another_storage_is_read_there(tmp_path):
    folder = make_run(tmp_path / "run", 5)
    moved = tmp_path / "elsewhere.db"
    (folder / "study.db").rename(moved)
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["storage"] = f"sqlite:///{moved}"
    (folder / "manifest.json").write_text(json.dumps(manifest))
    assert np.isfinite(read_run(folder).ended).all()


def _study(folder):
    return optuna.load_study(study_name="bpfast", storage=f"sqlite:///{folder / 'study.db'}")


# --- the page -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The folder, page and figures of an ordinary run."""
    folder = make_run(tmp_path_factory.mktemp("runs") / "run", 40)
    return folder, *write_report(folder)


def test_a_page_and_each_figure_are_written(written):
    folder, page, figures = written
    assert page == folder / "report.html"
    expected = [folder / "figures" / f"{name}.{end}" for name in FIGURES for end in ("svg", "png")]
    assert figures == expected
    for path in figures:
        content = path.read_bytes()
        assert content.startswith(PNG) or ElementTree.fromstring(content).tag.endswith("svg")
    assert sorted(path.name for path in folder.iterdir()) == [
        *("figures", "losses.parquet", "manifest.json", "networks.csv", "report.html", "study.db")
    ]  # nothing temporary is left


def test_the_page_asks_for_nothing(written):
    html = written[1].read_text(encoding="utf-8")
    assert not re.findall(r"\w+://", html)
    assert not re.findall(r"@import|<script|\bsrc=", html)
    assert {url[0] for url in re.findall(r"url\((.)", html)} == {"#"}
    ids = [attributes["id"] for _, attributes in Page(html).elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'(?:href="|url\()#([^")]+)', html)) <= set(ids)


def test_a_browser_has_nothing_to_complain_about(written, show):
    for theme in ("light", "dark"):
        for width, figures in ((390, "narrow"), (1440, "wide")):
            page = show(written[1], width, theme)
            assert page.locator(f"svg.{figures}").first.is_visible()
            assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_figures_are_named_and_described_for_either_width(written):
    page = Page(written[1].read_text(encoding="utf-8"))
    svgs = page.all("svg")
    assert [svg["class"] for svg in svgs] == ["wide", "narrow"] * len(FIGURES)
    run = read_run(written[0])
    for svg, name in zip(svgs[::2], FIGURES, strict=True):
        assert svg["role"] == "img"
        assert svg["aria-label"] == page.texts[name]
        sentence = report_words.WORDS[name](run).sentence
        assert page.texts[svg["aria-describedby"]] == sentence
    widths = [float(svg["viewbox"].split()[2]) for svg in svgs]
    assert widths == pytest.approx([WIDE, NARROW] * len(FIGURES))


def test_figures_take_all_their_colours_from_the_theme(written):
    html = written[1].read_text(encoding="utf-8")
    figures = "".join(re.findall(r"<svg.*?</svg>", html, re.DOTALL))
    assert "var(--best)" in figures
    drawn = set(re.findall(r"(?:fill|stroke): (?!none)([^;\"]+)", figures))
    assert drawn <= {f"var(--{name})" for name in COLOURS}
    assert not re.findall(r"var\(", (written[0] / "figures" / "timeline.svg").read_text())


@pytest.mark.parametrize("theme", [0, 1])
def test_colours_have_contrast(theme):
    paper = _luminance(COLOURS["paper"][theme])
    for name, colours in COLOURS.items():
        high, low = sorted((_luminance(colours[theme]), paper), reverse=True)
        ratio = (high + 0.05) / (low + 0.05)
        if name in ("ink", "muted"):
            assert ratio >= RATIO_OF_TEXT, name
        elif name not in ("paper", "grid"):
            assert ratio >= RATIO_OF_MARKS, name
    assert len({colour for pair in COLOURS.values() for colour in pair}) == 2 * len(COLOURS)


def _luminance(colour):
    parts = np.array([int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)])
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return linear @ (0.2126, 0.7152, 0.0722)


def test_the_leaderboard_has_the_first_networks(tmp_path):
    page = write_report(make_run(tmp_path, 60, varied=("learning_rate", "hidden")))[0]
    html = page.read_text(encoding="utf-8")
    rows = re.findall(r"<tr>(.*?)</tr>", html.split("<tbody>")[1].split("</tbody>")[0])
    cells = [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in rows]
    table = read_run(tmp_path).table
    assert len(cells) == 25
    for place, row in enumerate(cells):
        assert row[:2] == [str(place + 1), f"{table['validation_score'][place]:.4f}"]
        assert row[5] == table["hidden"][place]
        assert row[-1] == str(table["network"][place])
    assert "The same for every network: optimizer sgd, momentum 0.5" in html


def test_what_data_are_called_is_no_markup(tmp_path):
    hostile = '<script>alert("1")</script>$title&amp;'
    make_run(tmp_path, 5, data=hostile, space={hostile: hostile}, sampler=hostile)
    edit(tmp_path, optimizer=[hostile, *["sgd"] * 4])
    html = write_report(tmp_path)[0].read_text(encoding="utf-8")
    assert "<script" not in html
    assert html.count("&lt;script&gt;") >= 4
    assert "$title&amp;amp;" in html


def test_the_same_run_has_the_same_bytes(written):
    html = written[1].read_bytes()
    assert write_report(written[0])[0].read_bytes() == html


def test_an_interrupted_sweep_says_so(written, tmp_path):
    assert "Interrupted" not in written[1].read_text(encoding="utf-8")
    make_run(tmp_path, 5, interrupted=True)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    (tmp_path / "manifest.json").write_text(json.dumps(manifest | {"networks": 900}))
    html = write_report(tmp_path)[0].read_text(encoding="utf-8")
    assert (
        "Of 900 networks that were asked for, 5 are here; 0 of these were still on the way" in html
    )


@pytest.mark.parametrize(
    ("options", "drawn"),
    [
        ({"networks": 10}, set(FIGURES) - {"importance"}),
        ({"networks": 1, "diverged": 0}, {"loss_best", "timeline"}),
        ({"diverged": 1.1}, {"loss_best", "loss_quantiles", "timeline"}),
        ({"varied": ("learning_rate",), "epochs": 1}, set(FIGURES) - {"importance"}),
        ({"varied": ("hidden",)}, set(FIGURES) - {"importance", "learning_rate"}),
        ({"varied": ()}, {"loss_best", "loss_quantiles", "timeline"}),
    ],
)
def test_a_figure_that_would_be_empty_is_a_sentence(options, drawn, tmp_path):
    folder = make_run(tmp_path, **{"networks": 30} | options)
    page = page_of(folder)
    figures = {path.stem for path in (folder / "figures").iterdir()}
    assert figures == drawn
    assert len(page.all("svg")) == 2 * len(drawn)
    assert "the next 0" not in (folder / "report.html").read_text(encoding="utf-8")
    for name in FIGURES:
        assert page.texts[f"{name}-says"].endswith(".")


def test_a_study_without_times_and_losses_that_are_lost_are_sentences(tmp_path):
    make_run(tmp_path, 12)
    pl.DataFrame({"network": [0], "loss": [[float("nan")]]}).write_parquet(
        tmp_path / "losses.parquet"
    )
    edit(tmp_path, network=range(100, 112))
    texts = page_of(tmp_path).texts
    assert texts["timeline-says"] == "The study has no times."
    assert "no finite loss" in texts["loss_best-says"]
    assert "there are no curves" in texts["loss_quantiles-says"]


def test_many_networks_are_thinned_out(tmp_path, monkeypatch):
    run = read_run(make_run(tmp_path, 60, diverged=0))
    monkeypatch.setattr(report_figures, "LINES", {WIDE: 20, NARROW: 10})
    monkeypatch.setattr(report_figures, "MARKS", {WIDE: 30, NARROW: 20})
    for width, lines, marks in ((WIDE, 20, 30), (NARROW, 10, 20)):
        figure = report_figures.parallel(run, width)
        assert sum(len(drawn.get_segments()) for drawn in figure.axes[0].collections) == lines
        dots = report_figures.learning_rate(run, width).axes[0].collections
        assert sum(len(drawn.get_offsets()) for drawn in dots) == marks + 1  # the best has a ring
        upper, lower = report_figures.timeline(run, width).axes
        assert len(upper.collections[0].get_offsets()) == marks
        assert len(lower.collections[0].get_segments()) == marks // 2


def test_a_note_says_what_is_thinned_out(tmp_path):
    run = read_run(make_run(tmp_path, 40, diverged=0))
    assert "are drawn" not in report_words.parallel(run).sentence
    many = Run(**_repeated(run, 20))
    assert "At most 500 of the 800 networks" in report_words.parallel(many).sentence
    assert "are drawn" not in report_words.learning_rate(many).sentence


def _repeated(run, times):
    said = {name: getattr(run, name) for name in Run.__dataclass_fields__}
    said["table"] = {name: np.repeat(values, times) for name, values in run.table.items()}
    for name in ("losses", "started", "ended"):
        said[name] = np.repeat(said[name], times, axis=0)
    return said


def test_hopeless_scores_are_drawn_at_the_floor_and_the_sentence_says_so(tmp_path):
    make_run(tmp_path, 30, metric="R²", classes=[], diverged=0)
    scores = pl.read_csv(tmp_path / "networks.csv")["validation_score"].to_numpy().copy()
    scores[-4:] = -3.0, -1e3, -1e30, -1e300
    edit(tmp_path, validation_score=scores)
    run = read_run(tmp_path)
    low, high = report_figures.learning_rate(run, WIDE).axes[0].get_ylim()
    assert -1.5 < low < -1.0 < high < 1.5
    assert (
        "; scores below -1, 4 of them, are drawn there." in report_words.learning_rate(run).sentence
    )
    html = write_report(tmp_path)[0].read_text(encoding="utf-8")
    assert "64 inputs, a number to predict" in html


# --- what the sentences say -----------------------------------------------------------------------


def test_sentences_have_the_numbers(tmp_path):
    make_run(tmp_path, 4, epochs=5, diverged=0, varied=("learning_rate",))
    losses = {"network": range(4), "loss": [[2.0, 1.5, 1.0, 0.8, 0.4 + k / 10] for k in range(4)]}
    pl.DataFrame(losses).write_parquet(tmp_path / "losses.parquet")
    edit(
        tmp_path,
        network=range(4),
        learning_rate=[0.01, 0.02, 0.04, 0.5],
        validation_score=[0.9, 0.8, 0.7, 0.2],
        test_score=[0.85, 0.8, 0.7, 0.2],
    )
    run = read_run(tmp_path)
    assert report_words.leaderboard(run) == (
        "Network 0 is first, with a validation accuracy of 0.9000; the scores of the first 4 span "
        "0.7. It scores 0.8500 on the test part, which the ranking never looked at."
    )
    assert report_words.loss_best(run).sentence == (
        "The best network's training loss went from 2 in epoch 1 to 0.4 in epoch 5; since epoch 4 "
        "it fell by 50%: more epochs may help."
    )
    assert report_words.loss_quantiles(run).sentence == (
        "In epoch 5, the training losses of the 4 networks that came so far have a median of 0.55, "
        "and quartiles of 0.475 and 0.625."
    )
    assert report_words.learning_rate(run).sentence == (
        "The best 3 networks have learning rates from 0.01 to 0.04; from 0.01 to 0.5 were tried."
    )


def test_the_best_so_far_only_rises(tmp_path):
    run = read_run(make_run(tmp_path, 40))
    times, best = report_figures.best_so_far(run)
    assert all(early < late for early, late in pairwise(best))
    assert all(early <= late for early, late in pairwise(times))
    assert best[-1] == run.scores[0]
    assert times[-1] == run.ended[0]


def test_parallel_axes_mark_values_where_they_lie():
    numbers = report_figures._Scale(np.array([1e-4, 1e-2, np.nan, 1e-3]), "l2")
    missing = report_figures._Scale.MISSING
    np.testing.assert_allclose(numbers.heights, [0.0, 1.0, missing, 0.5])
    assert [words for _, words in numbers.ticks] == ["0.0001", "0.001", "0.01"]
    np.testing.assert_allclose([height for height, _ in numbers.ticks], [0.0, 0.5, 1.0])
    names = report_figures._Scale(np.array(["sgd", "", "adam"]), "optimizer")
    assert names.heights.tolist() == [1.0, missing, 0.0]
    assert names.missing
    nobody = report_figures._Scale(np.array([np.nan, np.nan]), "momentum")
    assert (nobody.heights.tolist(), nobody.ticks) == ([missing, missing], [])


def test_choices_are_ordered_by_their_widths():
    choices = np.array(["none", "128", "16x8", "16", "8", "16x16"])
    assert report_figures._ordered(choices) == ["none", "8", "16", "128", "16x8", "16x16"]


# --- the command, and what is refused -------------------------------------------------------------


def test_report_goes_where_it_is_asked_to(bpfast, tmp_path):
    folder = make_run(tmp_path / "run", 12)
    (tmp_path / "pages").mkdir()
    code, out, err = bpfast("report", "run", "--output", "pages/mine.html")
    assert (code, err) == (0, "")
    assert out.split() == ["report:", "pages/mine.html", "figures:", "pages/figures"]
    assert (tmp_path / "pages" / "mine.html").is_file()
    assert (tmp_path / "pages" / "figures" / "parallel.svg").is_file()
    assert not (folder / "report.html").exists()


@pytest.mark.parametrize("lost", ["manifest.json", "networks.csv", "losses.parquet", "study.db"])
def test_a_folder_that_lacks_a_file_is_refused(lost, bpfast, tmp_path):
    folder = make_run(tmp_path / "run", 5)
    (folder / lost).unlink()
    code, out, err = bpfast("report", "run")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert f"bpfast: run lacks {lost}" in err
    assert not (folder / "figures").exists()
    assert not (folder / lost).exists()  # SQLite makes what it is asked to open


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere"], "nowhere is no folder"),
        (["run", "--output", "page.pdf"], "--output page.pdf: expected a file that ends in .html"),
        (["run", "--output", "no/page.html"], "--output no/page.html: there is no folder no"),
        ([], "Missing argument 'RUN'"),
    ],
)
def test_bad_input_is_refused_in_one_line(arguments, words, bpfast, tmp_path):
    make_run(tmp_path / "run", 5)
    code, out, err = bpfast("report", *arguments)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert words in err
    assert not (tmp_path / "run" / "figures").exists()


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("manifest.json", b"{", "is not JSON"),
        ("manifest.json", b"{}", "lacks bpfast, data, rows"),
        ("networks.csv", b"", "cannot be read"),
        ("networks.csv", b"network,loss\n1,2\n", "lacks validation_score, epochs, diverged"),
        ("losses.parquet", b"no parquet", "cannot be read"),
        ("study.db", b"no database", "study 'bpfast' cannot be read from"),
    ],
)
def test_a_file_that_is_damaged_is_named(name, content, words, tmp_path):
    make_run(tmp_path, 5)
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=words) as refused:
        write_report(tmp_path)
    assert name in str(refused.value)
    assert not (tmp_path / "report.html").exists()


def test_a_password_is_not_told(tmp_path):
    url = "postgresql://someone:secret@localhost:1/studies"
    make_run(tmp_path, 5, storage=url)
    with pytest.raises(ValueError, match="cannot be read from the sweep's storage") as refused:
        write_report(tmp_path)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(("module", "extra"), [("matplotlib", "plot"), ("optuna", "sweep")])
def test_a_missing_extra_is_a_hint(module, extra, tmp_path, monkeypatch):
    make_run(tmp_path, 5)
    monkeypatch.setitem(sys.modules, module, None)
    for name in ("bpfast.reporting.figures", "bpfast.reporting.words"):
        monkeypatch.delitem(sys.modules, name)
        monkeypatch.delattr(name)
    words = rf"{module} is not installed: pip install .bpfast\[{extra}\]"
    with pytest.raises(ImportError, match=words):
        write_report(tmp_path)


def test_a_sweep_in_which_all_diverged_has_its_report(bpfast, tmp_path):
    small = ["--networks", "12", "--epochs", "3", "--device", "reference"]
    wild = ["--optimizer", "sgd", "--learning-rate", "1e300,1e301", "--clip-norm", "1e9,1e12"]
    code, out, _ = bpfast("sweep", "diabetes", *small, *wild, "--output", "run")
    assert code == 0
    assert bpfast("report", "run")[0] == 0
    page = Page((tmp_path / "run" / "report.html").read_text(encoding="utf-8"))
    (said,) = [line for line in out.splitlines() if line.startswith("no network has a score: ")]
    assert said.endswith("lower the learning rate (1e+300 to 1e+301 was tried), or lower clip_norm")
    assert page.texts["leaderboard-says"] == f"N{said[1:]}."


def test_a_sweep_has_its_report(bpfast, tmp_path):
    small = ["--networks", "40", "--epochs", "3", "--device", "reference"]
    assert bpfast("sweep", "iris", *small, "--output", "run")[0] == 0
    code, _, err = bpfast("report", "run")
    assert (code, err) == (0, "")
    assert {path.stem for path in (tmp_path / "run" / "figures").iterdir()} == set(FIGURES)
    run = read_run(tmp_path / "run")
    assert set(run.varied) == {"learning_rate", "hidden", "l2"}
    assert np.isfinite(run.ended).all()
    assert set(run.importance) == set(run.varied)
    assert run.losses.shape == (40, 3)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--test", 0], "There was no test part"),
        (["--test", 0, "--cv", 2], "a mean validation accuracy over 2 folds of"),
        (["--cv", 2, "--halving", "successive"], "Successive halving let 4 of 6 networks go early"),
    ],
)
def test_other_sweeps_have_theirs(options, says, bpfast, tmp_path, monkeypatch):
    monkeypatch.setattr(report_figures, "draw", lambda *_: b"<svg ></svg>")
    small = ["--networks", 6, "--epochs", 3, "--hidden", 3, "--device", "reference"]
    code, out, err = bpfast("sweep", "iris", *small, *options, "--output", "run")
    assert code == 0, err
    assert " test" not in out or "--test" not in options
    assert bpfast("report", "run")[0] == 0
    html = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert says in html
    assert ("Test accuracy" in html) == ("--test" not in options)
