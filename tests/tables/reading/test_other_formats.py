"""Text that is no table is refused by its name."""

import pytest

from bpfast.tables.reading.other_formats import refuse_other_formats


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("@RELATION iris\n@ATTRIBUTE a REAL\n", "is an ARFF file, .*: leave out its lines up to"),
        ("<!DOCTYPE html>\n<html>\n", "is a web page, .*: download the table itself"),
        ('<?xml version="1.0"?>\n', "is XML"),
        ('[{"a": 1, "b": 2},\n', "is JSON, .*pandas.read_json"),
        ('{"a": 1, "b": 2}\n{"a": 2, "b": 3}\n', "is JSON"),
        ("version https://git-lfs.github.com/spec/v1\noid x\n", "git lfs pull"),
        ("+1 3:1 11:1 14:1 \n-1 5:1\n", "pairs of a column and a value, as libsvm does"),
        ("2.5 1:0.43 2:-1e-05 # first\n1 10:30\n", "load_svmlight_file"),
    ],
)
def test_other_formats_are_named(text, words):
    with pytest.raises(ValueError, match=f"a.csv.*{words}"):
        refuse_other_formats("a.csv", text.splitlines(keepends=True))


@pytest.mark.parametrize(
    "text",
    [
        "a,b\n1,2\n",
        "2024-12-31 10:30\n2024-12-31 11:45\n",
        "day time\nMon 1:5\n",
        '"{""a"": 1}",2\n',
        "<1 year,2\n",
        "version,b\n",
        "[1;2[,3\n",
        "@,b\n",
    ],
)
def test_tables_pass(text):
    refuse_other_formats("a.csv", text.splitlines(keepends=True))
