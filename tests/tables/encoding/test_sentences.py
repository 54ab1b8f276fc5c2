"""What is said of columns."""

from bpfast.tables.encoding.sentences import lacking, missing_in_all, same_in_all, show


def test_reasons_are_sentences():
    assert missing_in_all(1) == "missing in each of 1 training row"
    assert same_in_all("3", 1200) == "3 in each of 1,200 training rows"
    assert lacking(0, 5) == ""
    assert lacking(1, 2000) == "; 1 of 2,000 rows lack it"


def test_numbers_are_shown_short():
    shown = [show(number) for number in (28.0, 1234567.0, -0.5, 1 / 3, 1e20, 0.0)]
    assert shown == ["28", "1234567", "-0.5", "0.3333", "1e+20", "0"]
