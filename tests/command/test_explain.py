"""``bpfast explain`` as it is typed: what each option tells, as text and as JSON."""

import json
import re

import pytest

pytest.importorskip("rich")

from bpfast.explaining import explain
from bpfast.explaining.network import TUTORIAL, read_network

GRADIENTS = [-0.22652, -0.33978, -0.2427, -0.36405, -0.68765, -0.38832]
NEW = [0.121326, 0.226989, 0.132135, 0.0982025, 0.1743825, 0.169416]


@pytest.fixture(autouse=True)
def reference(monkeypatch):
    """Kernels have tests of their own; here nothing is compiled."""
    monkeypatch.setenv("BPFAST_DEVICE", "reference")


@pytest.fixture
def network(tmp_path):
    """A network's file."""
    path = tmp_path / "network.json"
    content = {"layers": [1, 1], "weights": [[[2.0]]], "x": [3], "y": [5], "learning_rate": 0.1}
    path.write_text(json.dumps(content))
    return path


@pytest.fixture
def few_rates(monkeypatch):
    """The reference trains one network after another."""
    monkeypatch.setattr("bpfast.explaining.sweep.sweep_learning_rate.__defaults__", (20, 60))


def test_a_pipe_gets_the_story_without_colour(bpfast):
    code, out, err = bpfast("explain")
    assert (code, err) == (0, "")
    assert "\x1b" not in out
    assert "0.2557457808" in out


def test_a_network_from_a_file(bpfast, network):
    assert "prediction = i1·w1 + b1 = 3·2 + 0 = 6" in bpfast("explain", "--network", network)[1]


def test_one_weight(bpfast):
    out = bpfast("explain", "--weight", "w5")[1]
    assert "Backpropagation of w5 (h1 → prediction)" in out
    assert "= (-0.809) · 0.85" in out


def test_a_later_step(bpfast):
    out = bpfast("explain", "--step", "3")[1]
    assert re.search(r"½·\(0\.3323\d+ - 1\)²", out)


def test_so_many_steps(bpfast):
    out = bpfast("explain", "--steps", "200", "--learning-rate", "0.01")[1]
    table = out[out.index("8. Repeat") :]
    numbers = [int(n) for n in re.findall(r"^ +(\d+) +[\d.]+ ", table, re.MULTILINE)]
    assert numbers == [*range(21), 50, 100, 200]
    assert "learning rate 0.01" in out


def test_the_sweep_is_drawn_with_its_marks(bpfast, few_rates):
    code, out, _ = bpfast("explain", "--sweep", "--steps", "10")
    assert code == 0
    for words in (
        "The learning rate has to be guessed: 60 guesses at once",
        "1. The error after 10 steps, against the learning rate",
        r"▲ below 0\.01\d+ it crawls",
        r"best: 0\.1",
        r"diverges from 0\.\d+",
        r"2/λmax at the start: 0\.667",
        r"explained: 0\.05",
        r"60 networks, each with its own learning rate, made 10 steps in [\d.]+ ms",
        r"At the start λmax = 2\.998 puts the border at 0\.667\.",
    ):
        assert re.search(words, out), words


def test_everything_as_json(bpfast):
    code, out, _ = bpfast("explain", "--json")
    data = json.loads(out)
    assert code == 0
    assert [unit["activation"] for unit in data["layers"][0]] == pytest.approx([0.85, 0.48])
    assert data["prediction"] == pytest.approx([0.191])
    assert data["error"] == pytest.approx(0.3272405)
    assert [part["gradient"] for part in data["weights"]] == pytest.approx(GRADIENTS)
    assert [part["new_value"] for part in data["weights"]] == pytest.approx(NEW)
    assert data["next_prediction"] == pytest.approx([0.2557457808])
    assert data["step"] == 1
    assert [step["step"] for step in data["repeat"]] == list(range(21))
    assert data["repeat"][20]["prediction"] == [pytest.approx(0.99907, abs=5e-6)]
    assert data["repeat"][20]["error"] < 1e-6
    assert "sweep" not in data
    assert "weight" not in data


def test_json_of_one_weight_has_its_paths(bpfast):
    data = json.loads(bpfast("explain", "--json", "--weight", "w1")[1])
    assert data["weight"]["gradient"] == pytest.approx(-0.22652)
    (path,) = data["weight"]["paths"]
    assert [factor["value"] for factor in path] == pytest.approx([-0.809, 0.14, 1, 2])


def test_json_has_the_sweep_and_no_number_that_json_lacks(bpfast, few_rates):
    out = bpfast("explain", "--json", "--sweep", "--learning-rate", "3")[1]
    data = json.loads(out, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    sweep = data["sweep"]
    assert len(sweep["learning_rates"]) == len(sweep["errors"]) == 60
    assert sweep["errors"][-1] is None
    assert sweep["border"] == pytest.approx(0.667, rel=1e-3)


def test_json_is_a_network_to_explain_again(bpfast, tmp_path):
    path = tmp_path / "explained.json"
    path.write_text(bpfast("explain", "--json")[1])
    assert explain(**read_network(path)) == explain(**TUTORIAL)


def test_a_page(bpfast, tmp_path):
    code, out, _ = bpfast("explain", "--html", "explained.html", "--step", "2")
    assert code == 0
    assert "page: explained.html" in out
    assert '"step": 2' in (tmp_path / "explained.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--step", "0"], "--step must be at least 1, got 0"),
        (["--steps", "0"], "--steps must be at least 1, got 0"),
        (["--steps", "-3", "--sweep"], "--steps must be at least 1, got -3"),
        (["--learning-rate", "nan"], "--learning-rate must be at least 0 and finite, got nan"),
        (["--weight", "w7"], "--weight must be w1 to w6, got 'w7'"),
        (["--weight", "w7", "--json"], "--weight must be w1 to w6, got 'w7'"),
        (["--learning-rate", "5", "--step", "20"], "step 20 cannot be explained: the network div"),
        (["--network", "nowhere.json"], "nowhere.json cannot be read"),
        (["--weight", "w1", "--sweep"], "--weight and --sweep cannot be combined: choose one"),
        (["--html", "page.html", "--json"], "--html and --json cannot be combined"),
        (["--html", "page.txt"], "expected a file that ends in .html"),
    ],
)
def test_bad_options_are_refused_in_a_line(bpfast, options, message):
    code, out, err = bpfast("explain", *options)
    assert (code, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1
