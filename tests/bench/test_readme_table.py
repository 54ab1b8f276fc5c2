"""README's table and picture."""

import sys

from small_jobs import PNG

from bpfast.bench import readme_table


def test_readme_gets_the_table_and_the_picture(report, tmp_path, monkeypatch):
    readme = tmp_path / "README.md"
    readme.write_text("before\n<!-- measured: command -->\nold\n<!-- end -->\nafter\n")
    (tmp_path / "docs").mkdir()
    monkeypatch.setattr(readme_table, "README", readme)
    monkeypatch.setattr(readme_table, "RESULTS", tmp_path)
    monkeypatch.setattr(sys, "argv", ["readme_table"])
    readme_table.main()
    first = readme.read_text()
    readme_table.main()
    assert readme.read_text() == first
    assert first.startswith("before\n<!-- measured: command -->\n![")
    assert first.endswith("\n<!-- end -->\nafter\n")
    assert "old" not in first
    assert "| 5 x 64-64-10 relu, batch 64 | tiles |" in first
    assert "against scikit-learn" in first
    assert "From `report.json`" in first
    assert (tmp_path / "docs" / "measured.png").read_bytes().startswith(PNG)
