"""What ``bpfast sweep`` does: ``test_sweep`` shows it whole, as users meet it."""

import re

import pytest

pytest.importorskip("typer")

from bpfast.command import sweeping


@pytest.mark.parametrize(
    ("text", "size"),
    [
        (None, None),
        ("700", 700),
        ("2k", 2048),
        ("1.5 MB", 3 << 19),
        ("8G", 8 << 30),
        ("8 gib", 8 << 30),
        ("1T", 1 << 40),
    ],
)
def test_sizes_of_memory(text, size):
    assert sweeping._bytes(text) == size


@pytest.mark.parametrize("text", ["much", "8X", "-1G", "G", ""])
def test_other_sizes_are_refused(text):
    with pytest.raises(ValueError, match=re.escape(f"memory={text!r} is no size such as 8G")):
        sweeping._bytes(text)


def test_a_new_folder_is_named_after_the_data_and_the_time():
    assert re.fullmatch(r"bpfast-runs/iris-\d{8}-\d{6}", sweeping._new_folder("iris").as_posix())
