"""The house's rules, held against the code itself.

Imports run one way: between wings in the order below, and inside a wing without circles. Every
``import`` counts, at the top of a file, in a function, or for types alone. Files have one purpose,
functions fit a screen, and tests lie as the code does.
"""

import ast
import re
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[1]
# From those who know users to those who know arrays: a wing imports from itself and what follows.
ORDER = (
    "bpfast.command",
    "bpfast.bench",
    "bpfast",  # its __init__.py, which hands on the public names
    "bpfast.reporting",
    "bpfast.explaining",
    "bpfast.sklearn",
    "bpfast.sweeps",
    "bpfast.checking",
    "bpfast.tables",
    "bpfast.training",
    "bpfast.*",  # the files beside bpfast/__init__.py
    "bpfast.kernels.cpu",
    "bpfast.kernels.cuda",
    "bpfast.kernels",
)
RULE = "imports run one way, " + " -> ".join(ORDER)
DEVICES = ("bpfast.kernels.cpu", "bpfast.kernels.cuda")
# They are for these alone; all others ask dispatch.
KNOW_DEVICES = ("bpfast.training.dispatch", "bpfast.bench", "bpfast.kernels")


def modules():
    """Each module's name, and its file."""
    found = {}
    for top, name in (
        ("bpfast", "bpfast"),
        ("bench", "bpfast.bench"),
        ("kernels", "bpfast.kernels"),
    ):
        for path in (CHECKOUT / top).rglob("*.py"):
            parts = path.relative_to(CHECKOUT / top).with_suffix("").parts
            if top == "bpfast" and parts[0] in ("bench", "kernels"):
                continue  # symlinks
            found[".".join([name, *parts]).removesuffix(".__init__")] = path
    return found


def imports(name, path, known):
    """The modules of bpfast that a module imports."""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom):
            levels = package.split(".")
            base = levels[: len(levels) - node.level + 1] if node.level else []
            source = ".".join([*base, *([node.module] if node.module else [])])
            for alias in node.names:
                inner = f"{source}.{alias.name}"
                found = inner if inner in known else source
                if found in known:
                    yield found


def wing(name):
    """Where a module stands in the order."""
    wings = [w for w in ORDER if name == w or (name.startswith(f"{w}.") and w != "bpfast")]
    return ORDER.index(max(wings, key=len)) if wings else ORDER.index("bpfast.*")


def complaints(graph):
    """What is wrong in imports, given as the modules that each module imports."""
    for name, imported in graph.items():
        for other in imported:
            if wing(other) < wing(name):
                yield f"{name} imports {other}, which runs back up: {RULE}"
            if other.startswith(DEVICES) and not name.startswith(KNOW_DEVICES):
                yield f"{name} imports {other}: devices are for {', '.join(KNOW_DEVICES)}"
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        yield f"{' -> '.join(reversed(error.args[1]))} is a circle: {RULE}"


def imports_of_all():
    known = modules()
    return {name: {*imports(name, path, known)} - {name} for name, path in known.items()}


def test_imports_run_one_way():
    if told := [*complaints(imports_of_all())]:
        pytest.fail("\n".join(told))


def test_imports_are_seen():
    graph = imports_of_all()
    assert "bpfast.training" in graph["bpfast"]
    assert "bpfast.kernels.task" in graph["bpfast.training.loop"]
    assert "bpfast.sweeps.cluster" in graph["bpfast.command.sweeping"]  # in a function
    assert "bpfast.bench.measure" in graph["bpfast.bench.command"]


@pytest.mark.parametrize(
    ("graph", "words"),
    [
        ({"bpfast.training.state": ["bpfast.sweeps.space"]}, "runs back up"),
        ({"bpfast.errors": ["bpfast.training.network"]}, "runs back up"),
        ({"bpfast.kernels.math": ["bpfast.kernels.cpu.lanes"]}, "runs back up"),
        ({"bpfast.tables.model": ["bpfast"]}, "runs back up"),
        ({"bpfast.sweeps.space": ["bpfast.kernels.cpu"]}, "devices are for"),
        (
            {"bpfast.sweeps.a": ["bpfast.sweeps.b"], "bpfast.sweeps.b": ["bpfast.sweeps.a"]},
            "circle",
        ),
    ],
)
def test_a_wrong_import_is_told_with_the_rule(graph, words):
    told = [*complaints(graph)]
    assert any(words in line for line in told), told


# --- rooms ----------------------------------------------------------------------------------------

MOST_LINES, MOST_LINES_OF_SCRIPTS = 400, 300  # of a file
MOST_LINES_OF_A_FUNCTION = 60  # without its signature and docstring


def length(function):
    """Lines of a function's body, without its docstring."""
    body = function.body
    if ast.get_docstring(function) is not None:
        body = body[1:]
    return function.end_lineno - body[0].lineno + 1 if body else 0


def test_files_are_short():
    files = [
        path
        for top in ("bench", "bpfast", "kernels", "tests")
        for path in (CHECKOUT / top).rglob("*.py")
    ]
    scripts = [*(CHECKOUT / "bpfast").rglob("*.js")]
    for paths, most in ((files, MOST_LINES), (scripts, MOST_LINES_OF_SCRIPTS)):
        lengths = {
            path.relative_to(CHECKOUT): len(path.read_text(encoding="utf-8").splitlines())
            for path in paths
        }
        long = {str(path): n for path, n in lengths.items() if n > most}
        assert not long, f"more than {most} lines: a file has one purpose; make rooms of {long}"


def test_functions_fit_a_screen():
    lengths = {
        f"{path}:{node.lineno} {node.name}": length(node)
        for path in modules().values()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
    }
    long = {name: n for name, n in lengths.items() if n > MOST_LINES_OF_A_FUNCTION}
    assert not long, f"more than {MOST_LINES_OF_A_FUNCTION} lines: make functions of {long}"
    ordered = sorted(lengths.values())
    assert ordered[len(ordered) // 2] <= 8
    assert ordered[len(ordered) * 9 // 10] <= 22


def test_each_module_has_its_tests():
    """One file for a module, where the module is; the benchmark's measurements are run by hand."""
    for name, path in modules().items():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        has_code = any(isinstance(node, ast.FunctionDef | ast.ClassDef) for node in tree.body)
        if has_code and path.name != "__init__.py" and not name.startswith("bpfast.bench"):
            *folders, module = name.split(".")[1:]
            tests = CHECKOUT.joinpath("tests", *folders, f"test_{module}.py")
            assert tests.is_file(), f"{name} has no tests: {tests.relative_to(CHECKOUT)} is missing"


def test_strategies_read_alike():
    """The same names for the same jobs, on every device."""
    folders = [path.parent for path in CHECKOUT.glob("kernels/c*/*/__init__.py")]
    assert {folder.name for folder in folders} >= {
        "lanes",
        "tiles",
        "thread",
        "block",
        "large_batch",
    }
    for folder in folders:
        jobs = {path.stem for path in folder.glob("*.py")}
        assert jobs >= {"layout", "gradient", "update", "epochs"}, folder


def test_contributing_names_files_that_are_there():
    text = (CHECKOUT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = set(re.findall(r"\b[a-z_]+(?:/[a-z_]+)*\.py\b", text))
    there = [
        path.relative_to(CHECKOUT).as_posix()
        for top in ("bench", "bpfast", "docs", "kernels", "tests")
        for path in (CHECKOUT / top).rglob("*.py")
    ]
    there += [path.name for path in CHECKOUT.glob("*.py")]
    missing = {name for name in named if not any(f"/{path}".endswith(f"/{name}") for path in there)}
    assert not missing
