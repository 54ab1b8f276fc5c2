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


def test_a_gpus_table_has_what_was_timed_and_says_what_was_not_compared():
    report = readme_table.read(readme_table.RESULTS / "gpu-h100.json")
    text = readme_table.gpu_table(report, "gpu-h100.json")
    timed = [r for job in report["jobs"] for r in job["results"] if "resident" in r]
    assert sum(line.startswith("| ") for line in text.splitlines()) == 1 + len(timed)
    assert "bpfast, cpu" not in text  # time was over before its turn
    assert "Losses of 64 x 784-256-128-10 relu and 1 x 64-256-256-1 relu were not compared" in text
    for job in report["jobs"]:
        for result in job["results"]:
            result.get("resident", {})["loss_difference"] = 1e-6
    assert "not compared" not in readme_table.gpu_table(report, "gpu-h100.json")
