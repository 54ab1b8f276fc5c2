"""What an installed wheel must do, seen by Pythons of their own.

Its kernels come compiled; where they cannot be used, kernels that are compiled there give the same
results. ``python wheel.py core`` needs the wheel alone, ``python wheel.py all`` its extras cli,
sklearn and sweep.
"""

import hashlib
import json
import logging
import os
import subprocess
import sys
import tempfile
import warnings
from contextlib import ExitStack
from pathlib import Path
from unittest.mock import patch

HASH = 32  # bytes before a file's content


def results():
    """A hash of what a few networks of each strategy are after a training, and what they say."""
    import numpy as np

    import bpfast as bp

    rng, digest = np.random.default_rng(0), hashlib.sha256()
    for layers, n, rows, optimizer in (
        ((4, 8, 1), 20, 64, bp.Adam()),
        ((64, 64, 10), 2, 200, bp.SGD(momentum=0.9)),
        ((64, 256, 1), 1, 512, bp.AdamW()),
    ):
        X = rng.normal(size=(rows, layers[0]))
        y = rng.normal(size=(rows, layers[-1]))
        networks = bp.Population(bp.MLP(layers, "tanh", "mse"), n)
        options = {"epochs": 3, "batch_size": rows, "device": "cpu", "progress": False}
        history = bp.fit(networks, X, y, optimizer, **options)
        loss, gradients, _ = bp.gradients(networks, X, y, device="cpu")
        for array in (history.loss, networks.predict(X, device="cpu"), loss, *gradients):
            digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def few():
    """A hash of gradients and predictions, which need few functions."""
    import numpy as np

    import bpfast as bp

    networks, digest = bp.Population(bp.MLP((4, 8, 2), "gelu", "mse"), 20), hashlib.sha256()
    X = np.random.default_rng(0).normal(size=(64, 4))
    loss, gradients, _ = bp.gradients(networks, X, X[:, :2], device="cpu")
    for array in (networks.predict(X, device="cpu"), loss, *gradients):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def everything():
    """Also an estimator and a sweep."""
    import numpy as np

    import bpfast as bp
    from bpfast.sklearn import MLPClassifier

    X = np.random.default_rng(0).normal(size=(60, 3))
    y = (X[:, 0] > 0).astype(int)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it has not converged
        MLPClassifier((8,), max_iter=30, random_state=0).fit(X, y)
    bp.sweep(X, y, networks=8, epochs=3, seed=0, device="cpu")
    return results()


def without_compiling(work):
    """What work returns; no Numba event and no process may be seen meanwhile."""
    from numba.core import event

    def refuse(command, *_, **__):
        raise AssertionError(f"a process was started: {command}")

    with event.install_recorder("numba:compile") as recorded, patch("subprocess.Popen", refuse):
        result = work()
    assert not recorded.buffer, recorded.buffer
    return result


def without_numba():
    """What a few networks are, from a process that does not import Numba."""
    result = results()
    assert "numba" not in sys.modules
    return result


def in_a_process(name, *changes, **environment):
    """What a function of this file returns in a Python of its own, after some changes."""
    done = subprocess.run(
        [sys.executable, "-W", "error", __file__, "call", name, *changes],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{name} {changes} {environment}\n{done.stdout}{done.stderr}"
    said = [line for line in done.stderr.splitlines() if line.strip()]
    return json.loads(done.stdout), said


def with_level(features):
    """Let this processor have no more than some features."""
    import llvmlite.binding as llvm

    real = llvm.get_host_cpu_features()
    known = {name: there and name not in features for name, there in real.items()}
    return patch.object(llvm, "get_host_cpu_features", lambda: type(real)(known))


AVX512 = ["avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl", "avx512vbmi2"]


def damaged(change):
    """A stand-in for the package's folder, in which each object is changed."""
    from bpfast.kernels import cache
    from bpfast.kernels.cpu import processor

    folder = Path(tempfile.mkdtemp(), "compiled")
    level = processor.host().name
    for path in (cache.PACKAGED / level).iterdir():
        content = path.read_bytes()
        if change == "truncated":
            content = content[: len(content) // 2]
        elif change == "key":
            content = bytes(HASH) + content[HASH:]
        elif change == "level":
            others = [one for one in cache.PACKAGED.iterdir() if one.name != level]
            content = (others[0] / path.name).read_bytes()
        (folder / level).mkdir(parents=True, exist_ok=True)
        (folder / level / path.name).write_bytes(content)
    return patch.object(cache, "PACKAGED", folder)


def call(name, changes):
    """Print what a function returns, where some things are changed."""
    logging.basicConfig(format="%(message)s")
    with ExitStack() as stack:
        for change in changes:
            if change == "older":
                stack.enter_context(with_level(AVX512))
            else:
                stack.enter_context(damaged(change))
        print(json.dumps(globals()[name]()))


def check(extras):
    """Nothing is compiled, wherever home is; with the core alone, also what is where some is."""
    whole = "compiled_nothing_of_all" if extras else "compiled_nothing"
    expected, said = in_a_process(whole, HOME=tempfile.mkdtemp())
    assert not said, said
    for home in (tempfile.mkdtemp(), "/dev/null"):  # nothing can be written to the second
        assert in_a_process("without_numba", HOME=home) == (expected, [])
        assert in_a_process(whole, HOME=home) == (expected, [])
    if not extras:
        check_fall_backs(expected)
    print("kernels came compiled")


def check_fall_backs(expected):
    """What cannot be used is compiled, with one line that says so, to the same results."""
    of_few, _ = in_a_process("few")
    older, _ = in_a_process("results", "older")
    for name, same, *changes in (
        ("results", expected, "truncated"),
        ("few", of_few, "key"),
        ("few", of_few, "level"),
        ("results", older, "older", "truncated"),
    ):
        got, said = in_a_process(name, *changes, HOME=tempfile.mkdtemp())
        assert got == same, f"{changes}: other results than those of kernels that came compiled"
        assert len(said) == 1, said
        assert "kernels that came compiled" in said[0], said
    print("what is compiled here gives the same results")


def compiled_nothing():
    """Results, without compiling."""
    return without_compiling(results)


def compiled_nothing_of_all():
    """Everything, without compiling."""
    return without_compiling(everything)


if __name__ == "__main__":
    for variable in ("XDG_CACHE_HOME", "NUMBA_CACHE_DIR"):
        os.environ.pop(variable, None)
    if sys.argv[1] == "call":
        call(sys.argv[2], sys.argv[3:])
    else:
        check(extras=sys.argv[1] == "all")
