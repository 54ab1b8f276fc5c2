"""The page: it asks for nothing, its parts are named, and its frame is true of the table."""

import html as markup
import json
import re

import pytest
from claims import each_table, same
from pages import Page, edit
from runs import make_run

from bpfast.reporting.figures import FIGURES, figures_of
from bpfast.reporting.page import page_html
from bpfast.reporting.reading import read_run
from bpfast.reporting.report import write_report
from bpfast.reporting.style import COLOURS, NARROW, WIDE


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
    svgs, run = page.all("svg"), read_run(written[0])
    figures = figures_of(run)
    assert len(figures) == len(FIGURES) - 1  # all but that of numbers
    assert [svg["class"] for svg in svgs] == ["wide", "narrow"] * len(figures)
    for svg, name in zip(svgs[::2], figures, strict=True):
        assert svg["role"] == "img"
        assert svg["aria-label"] == page.texts[name]
        sentence = FIGURES[name].caption(run).sentence
        assert page.texts[svg["aria-describedby"]] == sentence
    widths = [float(svg["viewbox"].split()[2]) for svg in svgs]
    assert widths == pytest.approx([WIDE, NARROW] * len(figures))


def test_figures_take_all_their_colours_from_the_theme(written):
    html = written[1].read_text(encoding="utf-8")
    figures = "".join(re.findall(r"<svg.*?</svg>", html, re.DOTALL))
    assert "var(--best)" in figures
    drawn = set(re.findall(r"(?:fill|stroke): (?!none)([^;\"]+)", figures))
    assert drawn <= {f"var(--{name})" for name in COLOURS}
    assert not re.findall(r"var\(", (written[0] / "figures" / "timeline.svg").read_text())


def test_what_data_are_called_is_no_markup(tmp_path):
    hostile = '<script>alert("1")</script>$title&amp;'
    make_run(tmp_path, 5, data=hostile, space={hostile: hostile}, sampler=hostile)
    edit(tmp_path, optimizer=[hostile, *["sgd"] * 4])
    html = write_report(tmp_path)[0].read_text(encoding="utf-8")
    assert "<script" not in html
    assert html.count("&lt;script&gt;") >= 4
    assert "$title&amp;amp;" in html


def test_an_interrupted_sweep_says_so(written, tmp_path):
    assert "Interrupted" not in written[1].read_text(encoding="utf-8")
    make_run(tmp_path, 5, interrupted=True)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    (tmp_path / "manifest.json").write_text(json.dumps(manifest | {"networks": 900}))
    html = page_html(read_run(tmp_path), [])
    assert (
        "Of 900 networks that were asked for, 5 are here; 0 of these were still on the way" in html
    )
    (tmp_path / "manifest.json").write_text(json.dumps(manifest | {"time": 60.0}))
    html = page_html(read_run(tmp_path), [])
    assert "Interrupted.</strong> 5 are here; 0 of these were still on the way" in html


@each_table
def test_the_frame_of_the_page(drawn):
    html, count = markup.unescape(page_html(drawn.run(), [])), len(drawn.rows)
    many = f"{count} network{'s' * (count != 1)}"
    (title,) = re.findall(r"<h1>(.*?)</h1>", html)
    assert title == f"houses: {many}" + (", each on 3 folds" if drawn.folds else "")
    assert f'<p class="muted">{count} row{"s" * (count != 1)}, {count} input' in html
    assert "began 2026-03-01 at 22:00 UTC" in html
    assert ("Use the winner" in html) == bool(drawn.scored)
    note = re.findall(r"Of (\d+) networks? that w\w+ asked for, (\d+) (is|are) here; (\d+)", html)
    expected = (drawn.asked, count, len(drawn.with_fate("on the way")))
    assert [(int(a), int(b), int(c)) for a, b, _, c in note] == [expected] * drawn.interrupted
    for everywhere, names in re.findall(
        r"The same for every network( that has it)?: (.*?)\.[ <]", html
    ):
        for part in names.split(", "):
            name, told = part.split(" ")
            has = [row[name] for row in drawn.rows if row[name] == row[name]]
            assert {*map(str, has)} == {told} or same(told, *set(has))
            assert bool(everywhere) == (len(has) < count)
    settings = dict(re.findall(r'<th scope="row"[^>]*>(.*?)</th><td[^>]*><code>(.*?)</code>', html))
    assert settings.get("halving", "None").split(",")[0] == str(drawn.halving)
    assert settings.get("groups") == drawn.groups
    assert settings.get("time") == ("8.5 s" if drawn.ended_by_time else None)


def test_settings_of_the_split_are_those_that_were_asked_for(tmp_path):
    asked = {"split": "random", "class_weight": "balanced", "target_transform": "none", "cv": None}
    asked |= {"test": 0.2, "test_data": "new.csv"}
    run = read_run(make_run(tmp_path, 3, **asked, settings={"validation": 0.25, "halving": None}))
    html = page_html(run, [])
    settings = dict(re.findall(r'<th scope="row"[^>]*>(.*?)</th><td[^>]*><code>(.*?)</code>', html))
    expected = {"metric": "accuracy", "class_weight": "balanced", "validation": "0.25"}
    expected |= {"test_data": "new.csv"}
    assert settings.items() >= expected.items()
    assert not {"split", "target_transform", "cv", "test"} & settings.keys()


def test_rows_without_a_target_are_told(tmp_path):
    html = page_html(read_run(make_run(tmp_path, 3, rows_without_target=1234)), [])
    assert "1,797 rows (and 1,234 without a target, left out), 64 inputs, 10 classes;" in html
