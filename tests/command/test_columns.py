"""``bpfast sweep --columns``: what is done with each column, and nothing else."""

import pytest
from typed import SMALL

pl = pytest.importorskip("polars")
pytest.importorskip("typer")
pytest.importorskip("sklearn")

TABLE = """# flats of a town that is made up
id;town;size;heating;sold;price
1;Ur;70,5;gas;31.01.2021;1.200
2;Uruk;81,0;?;02.03.2021;
3;Ur;99,5;gas;15.07.2022;2.100
"""


@pytest.fixture
def flats(tmp_path):
    """Forty rows, two of them without a price."""
    lines = TABLE.splitlines()
    for k in range(4, 41):
        size = f"{50 + 7 * k % 60},5"
        town, heating = ("Ur", "Uruk")[k % 2], ("gas", "wood", "?")[k % 3]
        sold = f"{k % 28 + 1:02}.0{k % 9 + 1}.2021"
        lines.append(f"{k};{town};{size};{heating};{sold};{k + 1}.{100 + k}")
    path = tmp_path / "flats.csv"
    path.write_text("\n".join(lines).replace(";8.107", ";"))
    return path


def test_each_column_is_told_and_nothing_is_trained(flats, bpfast, tmp_path):
    code, out, err = bpfast("sweep", flats, "--target", "price", *SMALL, "--columns")
    assert (code, err) == (0, "")
    lines = {line.split()[0]: line for line in out.splitlines() if line.strip()}
    assert "semicolons" in lines["the"]
    assert "decimal commas" in lines["size"]
    assert "2 rows without a target left out" in out
    for name, words in {
        "id": ("left out", "row number"),
        "town": ("words", "2 words"),
        "size": ("number", "1"),
        "heating": ("words", "lack it"),
        "sold": ("moment", "month"),
        "price": ("left out", "the target"),
    }.items():
        assert all(word in lines[name] for word in words), lines[name]
    assert not (tmp_path / "bpfast-runs").exists()


def test_everything_can_be_overruled(flats, bpfast):
    options = ["--drop", "heating,sold", "--keep", "id", "--categorical", "3"]
    code, out, err = bpfast("sweep", flats, "--target", "-1", *SMALL, "--columns", *options)
    assert (code, err) == (0, "")
    lines = {line.split()[0]: line for line in out.splitlines() if line.strip()}
    assert "dropped" in lines["heating"]
    assert "dropped" in lines["sold"]
    assert "number" in lines["id"]
    assert "words" in lines["size"]


@pytest.mark.parametrize(
    ("different", "hint"),
    [
        (12, "12 whole numbers are classes: --task regression predicts a number"),
        (28, "28 whole numbers are a number to predict: --task classification makes classes"),
    ],
)
def test_what_whole_numbers_are_taken_for_is_told(different, hint, bpfast, tmp_path):
    path = tmp_path / "grades.csv"
    rows = "".join(f"{k / 7:.3f},{k % different}\n" for k in range(100))
    path.write_text("hours,grade\n" + rows)
    asked = ("sweep", path, "--target", "grade", *SMALL, "--columns")
    assert hint in bpfast(*asked)[1]
    assert "whole numbers" not in bpfast(*asked, "--task", "classification")[1]
