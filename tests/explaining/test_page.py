"""bpfast.explaining.page: what is in a page, and what is refused."""

import json
import re
from graphlib import CycleError

import pytest
from explanations import drawn, tutorial

import bpfast as bp
from bpfast.explaining.page import ASSETS, page, script, write
from bpfast.kernels.tables import ACTIVATIONS


def embedded(text):
    """The JSON in a page."""
    found = re.search(r'<script type="application/json" id="explanation">(.*?)</script>', text)
    return json.loads(found[1])


def test_every_number_of_the_tutorial_is_in_the_page():
    data = embedded(page(tutorial().page_data()))
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
    text = page(drawn((2, 3, 2), activation="gelu", loss="cross_entropy").page_data())
    assert set(re.findall(r'(?:src|href)="([^"]*)"', text)) == {"data:,", "#says"}
    # namespaces are names, nobody fetches them
    assert set(re.findall(r"https?://[^\"'\s]+", text)) == {
        "http://www.w3.org/1998/Math/MathML",
        "http://www.w3.org/2000/svg",
    }
    assert not re.search(r"\b(?:fetch|XMLHttpRequest|import)\s*\(|@import|url\(", text)


def test_a_page_has_all_scripts():
    text = page(tutorial().page_data())
    for path in ASSETS.glob("*.js"):
        assert path.read_text(encoding="utf-8").splitlines()[0] in text, path.name
    assert not re.search(r"^(?:import|export)\b", text, re.MULTILINE)
    assert not re.search(r"\$(?:style|data|script)\b", text)
    assert len(re.findall("</script>", text)) == 2


@pytest.fixture
def own_activation():
    bp.register_activation("cube", lambda z: z * z * z, lambda z, a: 3.0 * z * z)
    yield "cube"
    del ACTIVATIONS["cube"]


def test_a_function_of_your_own_has_no_page(own_activation, tmp_path):
    explanation = drawn((2, 2, 1), activation=own_activation, loss="mse")
    with pytest.raises(ValueError, match="'cube' is a function of your own"):
        write(explanation.page_data(), tmp_path / "page.html")
    assert explanation._repr_html_() is None
    assert not list(tmp_path.iterdir())


def test_a_page_is_written_whole_or_refused(tmp_path):
    path = write(tutorial().page_data(), tmp_path / "page.html")
    assert path.read_text(encoding="utf-8") == page(tutorial().page_data())
    with pytest.raises(ValueError, match=r"ends in \.html"):
        write(tutorial().page_data(), tmp_path / "page.txt")
    with pytest.raises(ValueError, match="there is no folder"):
        write(tutorial().page_data(), tmp_path / "nowhere" / "page.html")
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


def test_the_command_writes_the_page(bpfast, tmp_path, monkeypatch):
    pytest.importorskip("typer")
    monkeypatch.setenv("BPFAST_DEVICE", "reference")
    code, out, err = bpfast("explain", "--html", "page.html")
    assert (code, err) == (0, "")
    assert "page.html" in out
    assert (tmp_path / "page.html").read_text(encoding="utf-8") == page(tutorial().page_data())
    code, _, err = bpfast("explain", "--html", "page.pdf")
    assert code == 2
    assert "ends in .html" in err


@pytest.fixture
def modules(tmp_path, monkeypatch):
    """Writes JavaScript modules, which are the page's from then on."""
    monkeypatch.setattr("bpfast.explaining.page.ASSETS", tmp_path)

    def write_all(**texts):
        for name, text in texts.items():
            (tmp_path / f"{name}.js").write_text(text)

    return write_all


def test_a_script_begins_with_what_it_imports(modules):
    modules(
        top='import { a, b } from "./left.js";\nimport {\n  c,\n} from "./right.js";\nf(c);\n',
        left='import { c } from "./right.js";\nexport const a = c;\nexport class b {}\n',
        right="export const c = 1;\n",
        other="nobody imports this\n",
    )
    assert script("top").split("\n") == [
        "const c = 1;",
        "const a = c;",
        "class b {}",
        "f(c);",
    ]


def test_imports_of_scripts_run_one_way(modules):
    modules(
        one='import { b } from "./two.js";\nexport const a = b;\n',
        two='import { a } from "./one.js";\nexport const b = a;\n',
    )
    with pytest.raises(CycleError):
        script("one")
