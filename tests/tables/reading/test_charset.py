"""Character encodings, found out and decoded."""

import pytest

from bpfast.tables.reading.charset import check_encoding, find_encoding, to_utf8

TEXT = "name,größe\nZoë,1\n" * 20


def blocks(data, size):
    """Data cut anywhere, characters too."""
    return [data[begin : begin + size] for begin in range(0, len(data), size)]


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("ascii", "utf-8"),
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("utf-32", "utf-32"),
        ("latin-1", "cp1252"),
        ("cp1252", "cp1252"),
    ],
)
@pytest.mark.parametrize("size", [7, 4096])
def test_encodings_are_found_out(written, found, size):
    text = TEXT.encode("ascii", "ignore").decode() if written == "ascii" else TEXT
    data = text.encode(written)
    assert find_encoding(blocks(data, 4096), "a.csv") == found
    assert b"".join(to_utf8(blocks(data, size), found, "a.csv")) == text.encode()


def test_bytes_that_cp1252_lacks_are_latin_1():
    assert find_encoding([b"a,b\n\xe9,\x81\n"], "a.csv") == "latin-1"


def test_a_late_byte_decides():
    assert find_encoding([b"a,b\n"] * 9 + [b"\xe9\n"], "a.csv") == "cp1252"
    assert find_encoding(["ü".encode()[:1], "ü".encode()[1:]], "a.csv") == "utf-8"


def test_bytes_that_are_no_text_are_refused():
    with pytest.raises(ValueError, match=r"a\.csv is no text: it has zero bytes"):
        find_encoding([bytes(range(256)) * 3], "a.csv")


def test_a_byte_order_mark_goes_where_the_user_says_the_encoding():
    for encoding in ("utf-8", "utf-16-le"):
        data = ("\ufeff" + TEXT).encode(encoding)
        assert b"".join(to_utf8([data], encoding, "a.csv")) == TEXT.encode()


def test_another_encoding_than_said_is_told():
    with pytest.raises(ValueError, match=r"a\.csv is not utf-8 near byte 4: .*; leave"):
        b"".join(to_utf8([b"ab\n", b"\xe9\n"], "utf-8", "a.csv"))


def test_encodings_that_are_not_known_are_refused():
    assert check_encoding("Latin1") == "iso8859-1"
    with pytest.raises(ValueError, match="'latin-seven' is not known: expected one of Python's"):
        check_encoding("latin-seven")
