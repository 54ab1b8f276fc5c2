"""What is made of what ``ncu`` writes."""

from bpfast.bench.gpu import profile

NCU = """==PROF== Connected to process 11 (/usr/bin/python3)
==PROF== Disconnected from process 11
"ID","Process ID","Kernel Name","Context","Block Size","Grid Size","Metric Name","Metric Unit","Metric Value"
"0","11","train","1","(128, 1, 1)","(7, 1, 1)","gpu__time_duration.sum","ns","12,345"
"0","11","train","1","(128, 1, 1)","(7, 1, 1)","launch__registers_per_thread","register/thread","80"
"1","11","train","1","(128, 1, 1)","(8, 1, 1)","gpu__time_duration.sum","ns","54,321"
"""  # noqa: E501


def test_launches_are_read_from_what_ncu_writes():
    first, second = profile.launches(NCU)
    assert first == {
        "kernel": "train",
        "grid": "(7, 1, 1)",
        "block": "(128, 1, 1)",
        "time": "12,345 ns",
        "registers a thread": "80 register/thread",
    }
    assert second["time"] == "54,321 ns"
