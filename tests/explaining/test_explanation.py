"""bpfast.explaining.explanation: an explanation as data, as JSON and in a notebook."""

import dataclasses
import html
import json
import re

import pytest
from explanations import drawn, tutorial

from bpfast.explaining import explain
from bpfast.explaining.network import read_network
from bpfast.explaining.page import page


def test_names_lead_to_weights_and_neurons():
    e = tutorial()
    ways = [(part.name, part.source, part.target, part.value) for part in e.weights]
    assert ways == [
        ("w1", "i1", "h1", 0.11),
        ("w2", "i2", "h1", 0.21),
        ("w3", "i1", "h2", 0.12),
        ("w4", "i2", "h2", 0.08),
        ("w5", "h1", "prediction", 0.14),
        ("w6", "h2", "prediction", 0.15),
    ]
    assert e["h2"].activation == pytest.approx(0.48)
    with pytest.raises(KeyError, match="w7"):
        e["w7"]
    with pytest.raises(KeyError, match="neuron"):
        e.paths("h1")


def test_it_is_frozen_plain_data():
    e = tutorial()
    with pytest.raises(dataclasses.FrozenInstanceError):
        e.error = 0.0
    assert e == tutorial()


@pytest.mark.parametrize("make", [tutorial, lambda: drawn((2, 3, 2, 3), loss="cross_entropy", y=1)])
def test_json_holds_everything_and_leads_back(make, tmp_path):
    e = make()
    data = json.loads(e.to_json())
    assert data["error"] == e.error
    assert data["next_prediction"] == list(e.next_prediction)
    assert [part["gradient"] for part in data["weights"]] == [part.gradient for part in e.weights]
    assert data["weights"][0]["factors"][-1]["formula"] == "i1"
    assert data["layers"][0][0]["slope"]["name"] == e.layers[0][0].slope.name
    path = tmp_path / "network.json"
    path.write_text(json.dumps(data["network"]))
    assert explain(**read_network(path), device="reference") == e


def test_a_notebook_shows_the_page_in_a_frame_of_its_own():
    explanation = tutorial()
    found = re.fullmatch(r'<iframe srcdoc="([^"]*)"[^>]*></iframe>', explanation._repr_html_())
    assert html.unescape(found[1]) == page(explanation.page_data())
