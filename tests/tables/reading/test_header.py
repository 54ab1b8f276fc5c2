"""Headers, found out from what is below them, and their names."""

import pytest

from bpfast.tables.reading.header import column_names, has_header

pytest.importorskip("polars")


@pytest.mark.parametrize(
    ("text", "is_header"),
    [
        ("a,b|1,2|3,4", True),
        ("1,2|3,4|5,6", False),
        ("t,y|1,0|2,1", True),
        ("day,n|2024-01-01,1|2024-01-02,2", True),
        ("2024-01-03,1|2024-01-01,1|2024-01-02,2", False),
        ("A11,6,A34|A12,48,A32|A11,12,A34", False),
        ("3,?,alfa|1,?,audi|1,164,alfa", False),
        ("name,colour|Ann,red|Bob,blue", True),
        ("red,small|blue,big|red,small", False),
        ("a,b|,|,", True),
        ("5,red|,|,", False),
        ("ok,answer|yes,1|no,2|yes,3", True),
        (",a|1,x|2,y", True),
        ("a,b", True),
        ("1,b", False),
        ("y,smoker|3,y|4,n|5,n", True),
        ("day,y|1,a|day,y|2,b", True),
        ("red,a|red,a", False),
        ("country,2018,2019,2020|France,3.5,4.5,1|Spain,1,2,5", True),
        (",0,1,2|0,5,7,1|1,7,8,2", True),
        ("0,1,2|3,4,5|6,7,8", False),
        ("2018,3.5,x|2019,4.5,y", False),
    ],
)
def test_headers_are_found_out(text, is_header):
    assert has_header([line.split(",") for line in text.split("|")]) is is_header


def test_marks_of_missing_values_are_no_words():
    rows = [["-999", "gone"], ["1", "2"], ["3", "4"]]
    assert has_header(rows)
    assert not has_header(rows, missing=["gone"])


def test_names_are_bare_and_different():
    names, notes = column_names([' "age" ', "'sex'", "age", "", "age"])
    assert names == ["age", "sex", "age_2", "unnamed_4", "age_3"]
    assert column_names(['say "hi"', "'tis"])[0] == ['say "hi"', "'tis"]
    assert notes == dict.fromkeys(["age_2", "age_3"], "one of several columns named age")
