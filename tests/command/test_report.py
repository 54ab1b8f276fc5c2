"""``bpfast report``: where it writes, and what it refuses."""

import pytest
from runs import make_run

pytest.importorskip("typer")
pytest.importorskip("optuna")
pytest.importorskip("matplotlib")


def test_report_goes_where_it_is_asked_to(bpfast, tmp_path):
    folder = make_run(tmp_path / "run", 12)
    (tmp_path / "pages").mkdir()
    code, out, err = bpfast("report", "run", "--output", "pages/mine.html")
    assert (code, err) == (0, "")
    assert out.split() == ["report:", "pages/mine.html", "figures:", "pages/figures"]
    assert (tmp_path / "pages" / "mine.html").is_file()
    assert (tmp_path / "pages" / "figures" / "parallel.svg").is_file()
    assert not (folder / "report.html").exists()


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
