"""Numbers of things in English."""

from bpfast.plurals import many


def test_things_are_counted_in_english():
    counted = [many(n, "word") for n in (0, 1, 2, 2300)]
    assert counted == ["0 words", "1 word", "2 words", "2,300 words"]
