"""Pages in a browser, and modules of the page's JavaScript by themselves."""

import json
import shutil
import subprocess

import pytest
from explanations import drawn, tutorial

from bpfast.explaining.page import script, write


@pytest.fixture(scope="session")
def pages(tmp_path_factory):
    """Files with the tutorial's network, others of odd shapes, and the largest there may be."""
    folder = tmp_path_factory.mktemp("pages")
    classes = {"activation": ("tanh", "gelu"), "loss": "cross_entropy"}
    explanations = {
        "tutorial": tutorial(),
        "flat": drawn((2, 1), loss="mse"),
        "quantile": drawn((2, 6, 1), activation="elu", loss="quantile", quantile=0.9),
        "probability": drawn((3, 3, 1), activation="leaky_relu", loss="binary_cross_entropy"),
        "classes": drawn((3, 4, 3, 2), **classes),
        "largest": drawn((8, 8, 8, 8, 8), activation="silu", loss="mse"),
    }
    return {name: write(e.page_data(), folder / f"{name}.html") for name, e in explanations.items()}


@pytest.fixture
def page(show, pages):
    return show(pages["tutorial"])


@pytest.fixture
def in_javascript(request):
    """Calls a JavaScript function, which may use some modules, with each of some arguments.

    In Node, or else in a browser.
    """

    def call(modules, function, arguments):
        program = (
            f"{script(*modules.split())}\nconst all = {json.dumps(arguments)}.map({function});"
        )
        if node := shutil.which("node"):
            program += "console.log(JSON.stringify(all));"
            done = subprocess.run(
                [node, "-"], input=program, capture_output=True, text=True, check=True
            )
            return json.loads(done.stdout)
        tab = request.getfixturevalue("browser").new_page()
        return json.loads(tab.evaluate(f"(() => {{ {program}\nreturn JSON.stringify(all); }})()"))

    return call
