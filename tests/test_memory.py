"""Free memory, and what does not fit into it."""

from pathlib import Path

import pytest

from bpfast import memory


def test_memory_that_can_be_freed_is_not_taken(monkeypatch, tmp_path):
    """A container's limit counts the files it has read; the kernel drops them when asked."""
    files = {
        "memory.max": "1000",
        "memory.current": "900",
        "memory.stat": "file 1\ninactive_file 300",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(memory, "Path", lambda p: tmp_path if "cgroup" in p else Path(p))
    assert memory.free_memory() == 400
    (tmp_path / "memory.max").write_text("max")
    assert memory.free_memory() > 2**20


def test_what_does_not_fit_is_refused_in_words(monkeypatch):
    monkeypatch.setattr(memory, "free_memory", lambda: 3 << 29)
    memory.check_memory("numbers", 3 << 27, "float32")
    words = "numbers take 1.5 GiB, 1.5 GiB are free: take fewer at a time"
    with pytest.raises(MemoryError, match=words):
        memory.check_memory("numbers", (3 << 27) + 1, "float32")


def test_a_little_is_not_asked_for(monkeypatch):
    monkeypatch.setattr(memory, "free_memory", pytest.fail)
    memory.check_memory("numbers", memory.ALWAYS_FREE // 8, "float64")
