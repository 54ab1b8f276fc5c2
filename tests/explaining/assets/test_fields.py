"""fields.js: what is edited, and all that follows."""

import pytest
from explained_page import sentence, written
from explanations import tutorial

pytestmark = pytest.mark.xdist_group("browser")


EDITS = [
    ("learning rate", 0.1, {"learning_rate": 0.1}),
    ("i2", -1.5, {"x": [2.0, -1.5]}),
    ("target", 0.25, {"y": [0.25]}),
    ("w2", 0.7, {"weights": [[[0.11, 0.12], [0.7, 0.08]], [[0.14], [0.15]]]}),
]


def test_all_follows_an_edit(page):
    for field, value, changes in EDITS:
        page.fill(f"#fields input[name='{field}']", str(value))
        page.click("#phases button:text('Update')")
        explanation = tutorial(**changes)
        table = page.locator("#formulas table").inner_text()
        for part in explanation.weights:
            for number in (part.value, part.gradient, part.new_value):
                assert written(number) in table, field
        page.click("#phases button:text('Again')")
        assert written(explanation.next_prediction[0], 10) in sentence(page)
        page.click("#reset")
        page.click("#phases button:text('Update')")
        assert "0.121326" in page.locator("#formulas table").inner_text()


def test_what_is_no_number_changes_nothing(page):
    field = page.locator("#rate")
    for text in ("", "-1", "1e300"):
        field.fill(text)
        assert field.get_attribute("aria-invalid") == "true"
    page.click("#phases button:text('Update')")
    assert "0.121326" in page.locator("#formulas table").inner_text()
    field.fill("0.2")
    assert field.get_attribute("aria-invalid") == "false"
