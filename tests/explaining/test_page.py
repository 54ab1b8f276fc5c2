"""The page of an explanation: what is in it, what is refused, and its arithmetic, run by Node."""

import html
import json
import math
import re
import shutil
import subprocess
from itertools import pairwise

import numpy as np
import pytest

import bpfast as bp
from bpfast.explaining.explanation import explain
from bpfast.explaining.network import TUTORIAL
from bpfast.explaining.page import ASSETS, page, script, write
from bpfast.explaining.sweep import max_curvature
from bpfast.kernels.tables import ACTIVATIONS
from bpfast.training.network import loss_names

BUILT_IN_ACTIVATIONS, BUILT_IN_LOSSES = tuple(ACTIVATIONS), tuple(loss_names())
RATES = (0.01, 0.1, 0.7)
# What the arithmetic makes of a list of networks, each with its sample.
COMPUTE = """
const compute = ({ network, rates }) => {
  const model = new Network(network);
  const start = new Float64Array(model.size);
  network.weights.forEach((rows, layer) => start.set(rows.flat(), model.starts[layer]));
  network.biases.forEach((row, l) =>
    start.set(row, model.parameterIndex(l, network.layers[l], 0)),
  );
  const setup = { start, x: network.x, y: network.y };
  const error = model.computeGradient(start, setup.x, setup.y);
  const now = [model.gradient, model.prediction, model.delta[0]];
  const [gradient, prediction, delta] = now.map((row) => [...row]);
  const next = Float64Array.from(start);
  descend(next, gradient, network.learning_rate);
  const curvature = largestEigenvalue(hessian(model, setup));
  const errors = rates.map((rate) => errorAfter(model, { ...setup, rate }, 3));
  return { error, gradient, prediction, delta, next: [...next], curvature, errors };
};
"""


def tutorial():
    return explain(**TUTORIAL, device="reference")


def drawn(layers, seed=0, **options):
    """An explanation of a network with drawn weights, biases and sample."""
    mlp, rng = bp.MLP(layers, **options), np.random.default_rng(seed)
    weights = [rng.normal(size=shape) for shape in pairwise(layers)]
    biases = [rng.normal(size=width) for width in layers[1:]] if mlp.bias else []
    x, y = rng.normal(size=layers[0]), rng.uniform(size=layers[-1])
    return explain(mlp, weights, x, y, 0.1, biases, "reference")


def embedded(text):
    """The JSON in a page."""
    found = re.search(r'<script type="application/json" id="explanation">(.*?)</script>', text)
    return json.loads(found[1])


def test_every_number_of_the_tutorial_is_in_the_page():
    data = embedded(page(tutorial()))
    weights = data["weights"]
    assert [part["name"] for part in weights] == ["w1", "w2", "w3", "w4", "w5", "w6"]
    expected = {
        "value": [0.11, 0.21, 0.12, 0.08, 0.14, 0.15],
        "gradient": [-0.22652, -0.33978, -0.2427, -0.36405, -0.68765, -0.38832],
        "new_value": [0.121326, 0.226989, 0.132135, 0.0982025, 0.1743825, 0.169416],
    }
    for key, numbers in expected.items():
        assert [part[key] for part in weights] == pytest.approx(numbers, rel=1e-12), key
    assert [unit["activation"] for unit in data["layers"][0]] == pytest.approx([0.85, 0.48])
    assert data["prediction"] == pytest.approx([0.191])
    assert data["error"] == pytest.approx(0.3272405)
    assert data["next_prediction"] == pytest.approx([0.2557457808075])
    assert data["network"]["learning_rate"] == 0.05


def test_a_page_asks_for_nothing_outside_itself():
    text = page(drawn((2, 3, 2), activation="gelu", loss="cross_entropy"))
    assert set(re.findall(r'(?:src|href)="([^"]*)"', text)) == {"data:,", "#says"}
    # namespaces are names, nobody fetches them
    assert set(re.findall(r"https?://[^\"'\s]+", text)) == {
        "http://www.w3.org/1998/Math/MathML",
        "http://www.w3.org/2000/svg",
    }
    assert not re.search(r"\b(?:fetch|XMLHttpRequest|import)\s*\(|@import|url\(", text)


def test_a_page_has_all_scripts():
    text = page(tutorial())
    for path in ASSETS.glob("*.js"):
        assert path.read_text(encoding="utf-8").splitlines()[0] in text, path.name
    assert not re.search(r"^(?:import|export)\b", text, re.MULTILINE)
    assert not re.search(r"\$(?:style|data|script)\b", text)
    assert len(re.findall("</script>", text)) == 2


def test_a_notebook_shows_the_page_in_a_frame_of_its_own():
    explanation = tutorial()
    found = re.fullmatch(r'<iframe srcdoc="([^"]*)"[^>]*></iframe>', explanation._repr_html_())
    assert html.unescape(found[1]) == page(explanation)


@pytest.fixture
def own_activation():
    bp.register_activation("cube", lambda z: z * z * z, lambda z, a: 3.0 * z * z)
    yield "cube"
    del ACTIVATIONS["cube"]


def test_a_function_of_your_own_has_no_page(own_activation, tmp_path):
    explanation = drawn((2, 2, 1), activation=own_activation, loss="mse")
    with pytest.raises(ValueError, match="'cube' is a function of your own"):
        write(explanation, tmp_path / "page.html")
    assert explanation._repr_html_() is None
    assert not list(tmp_path.iterdir())


def test_a_page_is_written_whole_or_refused(tmp_path):
    path = write(tutorial(), tmp_path / "page.html")
    assert path.read_text(encoding="utf-8") == page(tutorial())
    with pytest.raises(ValueError, match=r"ends in \.html"):
        write(tutorial(), tmp_path / "page.txt")
    with pytest.raises(ValueError, match="there is no folder"):
        write(tutorial(), tmp_path / "nowhere" / "page.html")
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


def test_the_command_writes_the_page(bpfast, tmp_path, monkeypatch):
    pytest.importorskip("typer")
    monkeypatch.setenv("BPFAST_DEVICE", "reference")
    code, out, err = bpfast("explain", "--html", "page.html")
    assert (code, err) == (0, "")
    assert "page.html" in out
    assert (tmp_path / "page.html").read_text(encoding="utf-8") == page(tutorial())
    code, _, err = bpfast("explain", "--html", "page.pdf")
    assert code == 2
    assert "ends in .html" in err


# --- arithmetic -----------------------------------------------------------------------------------


def in_javascript(jobs, request):
    """What the page's arithmetic makes of some jobs: in Node, or else in a browser."""
    source = script("sweep") + COMPUTE
    text = json.dumps(jobs)
    if node := shutil.which("node"):
        program = f"{source}\nconsole.log(JSON.stringify({text}.map(compute)));"
        done = subprocess.run(
            [node, "-"], input=program, capture_output=True, text=True, check=True
        )
        return json.loads(done.stdout)
    tab = request.getfixturevalue("browser").new_page()
    return tab.evaluate(f"(() => {{ {source}\nreturn {text}.map(compute); }})()")


def rows(explanation, key):
    """A number of every weight and bias, in the order of a population's parameters."""
    parts = {(part.layer, part.source, part.target): part for part in explanation.weights}
    biases = {(part.layer, part.target): part for part in explanation.biases}
    row = []
    sources = explanation.input_names
    for layer, units in enumerate(explanation.layers):
        names = [unit.name for unit in units]
        row += [getattr(parts[layer, s, name], key) for s in sources for name in names]
        row += [getattr(biases[layer, name], key) for name in names if biases]
        sources = names
    return row


@pytest.mark.xdist_group("browser")
def test_arithmetic_is_that_of_the_reference(request):
    explanations = [
        drawn((3, 4, 2, 2), seed, activation=(a, b), loss=loss, bias=bias, delta=0.4, quantile=0.8)
        for seed, (a, b) in enumerate(pairwise((*BUILT_IN_ACTIVATIONS, "identity")))
        for loss in BUILT_IN_LOSSES
        for bias in (True, False)
    ]
    jobs = [{"network": e.as_dict()["network"], "rates": RATES} for e in explanations]
    results = in_javascript(jobs, request)
    assert len(results) == len(BUILT_IN_ACTIVATIONS) * len(BUILT_IN_LOSSES) * 2
    for explanation, result in zip(explanations, results, strict=True):
        assert result["error"] == pytest.approx(explanation.error, rel=1e-12), explanation.mlp
        assert result["prediction"] == pytest.approx(explanation.prediction, rel=1e-12)
        assert result["delta"] == pytest.approx(explanation.deltas[0], rel=1e-11, abs=1e-15)
        for key, name in (("gradient", "gradient"), ("next", "new_value")):
            expected = rows(explanation, name)
            np.testing.assert_allclose(result[key], expected, rtol=1e-11, atol=1e-15)


@pytest.mark.xdist_group("browser")
def test_small_errors_of_large_numbers_keep_their_digits(request):
    """By the reference, by what is told of each output, and by the page."""
    near = math.log(3.0) + 1e-6
    cases = [
        ("cross_entropy", [1e4, 1e4], [1.0, 0.0], math.log(2.0), 1e-15),
        ("poisson", [near], [3.0], 1.5 * (near - math.log(3.0)) ** 2, 1e-6),
    ]
    explanations = [
        explain(bp.MLP((1, len(z)), loss=loss, bias=False), [[z]], [1.0], y, 0.0, [], "reference")
        for loss, z, y, _, _ in cases
    ]
    jobs = [{"network": e.as_dict()["network"], "rates": []} for e in explanations]
    results = in_javascript(jobs, request)
    for explanation, result, (*_, expected, rel) in zip(explanations, results, cases, strict=True):
        for error in (explanation.error, sum(explanation.error_terms), result["error"]):
            assert error == pytest.approx(expected, rel=rel, abs=0.0)


@pytest.mark.xdist_group("browser")
def test_training_and_curvature_are_those_of_the_kernels(request):
    explanations = [tutorial(), drawn((3, 4, 2), activation="tanh", loss="cross_entropy")]
    jobs = [{"network": e.as_dict()["network"], "rates": RATES} for e in explanations]
    for explanation, result in zip(explanations, in_javascript(jobs, request), strict=True):
        population = explanation.population()
        assert result["curvature"] == pytest.approx(
            max_curvature(explanation, population), rel=1e-5
        )
        n = len(RATES)
        population = population[np.zeros(n, int)]
        sample = explanation.sample()
        sgd = bp.SGD(learning_rate=np.array(RATES))
        bp.fit(population, *sample, sgd, epochs=3, device="reference", progress=False)
        expected = bp.gradients(population, *sample, device="reference")[0]
        assert result["errors"] == pytest.approx(expected, rel=1e-10)


@pytest.mark.xdist_group("browser")
def test_tiny_and_huge_numbers_do_not_break_functions(request):
    """Where exponentials overflow or vanish, and where erf's series ends."""
    identity = {"layers": [1, 1, 1], "loss": "mse", "bias": False, "delta": 1.0, "quantile": 0.5}
    zs = [-800.0, -40.0, -6.5, -1e-9, 0.0, 1e-9, 3.0, 8.6, 40.0, 800.0]
    jobs = [
        {
            "network": identity
            | {"activation": name, "weights": [[[1.0]], [[1.0]]], "biases": []}
            | {"x": [z], "y": [0.0], "learning_rate": 0.1},
            "rates": [],
        }
        for name in BUILT_IN_ACTIVATIONS
        for z in zs
    ]
    values = [result["prediction"][0] for result in in_javascript(jobs, request)]
    expected = [ACTIVATIONS[name].value(z) for name in BUILT_IN_ACTIVATIONS for z in zs]
    # gelu's 1 + erf cancels far below zero
    np.testing.assert_allclose(values, expected, rtol=1e-12, atol=1e-14)
