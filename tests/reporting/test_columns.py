"""The table of columns: each has its row, and the sentence counts them."""

import re

from pages import Page
from runs import make_run

from bpfast.reporting.columns import columns_html, sentence
from bpfast.reporting.page import page_html
from bpfast.reporting.reading import read_run

COLUMNS = [
    {"column": "survived", "kind": "left out", "inputs": 0, "done": "the target"},
    {"column": "age", "kind": "number", "inputs": 2, "done": "missing in 3 rows: their median, 29"},
    {"column": "sex", "kind": "words", "inputs": 2, "done": "one-hot: 2 words"},
    {"column": "fare", "kind": "number", "inputs": 1, "done": "as it is"},
    {"column": "<b>", "kind": "left out", "inputs": 0, "done": "different in nearly every row"},
]


def test_columns_are_counted_and_those_left_out_named():
    assert sentence(COLUMNS) == (
        "3 columns make 5 inputs (numbers: 2, words: 1). Left out: survived (the target) and <b> "
        "(different in nearly every row)."
    )
    assert sentence(COLUMNS[2:3]) == "1 column makes 2 inputs (words: 1)."
    many = [COLUMNS[1], *[COLUMNS[0] | {"column": f"c{k}"} for k in range(10)]]
    assert sentence(many).endswith("c7 (the target) and 2 others.")


def test_a_page_has_a_row_for_each_column(tmp_path):
    html = page_html(read_run(make_run(tmp_path, 5, columns=COLUMNS)), [])
    section = html.split('<section aria-labelledby="columns">')[1].split("</section>")[0]
    rows = re.findall(r"<tr>(.*?)</tr>", section)[1:]
    cells = [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in rows]
    assert [row[0] for row in cells] == ["survived", "age", "sex", "fare", "&lt;b&gt;"]
    assert cells[1] == ["age", "number", "2", "missing in 3 rows: their median, 29"]
    assert Page(html).texts["columns-says"] == sentence(COLUMNS)


def test_a_folder_that_does_not_say_has_no_such_table(tmp_path):
    assert columns_html(read_run(make_run(tmp_path, 3))) == ""
