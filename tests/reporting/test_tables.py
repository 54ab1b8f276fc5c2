"""Tables as HTML: text stays text."""

from pages import Page

from bpfast.reporting.tables import html_table


def test_cells_are_escaped_and_text_begins_at_the_left():
    html = html_table(["name", "n"], [["<b>", "1"], ["a & b", "2"]], [True, False], "plain")
    assert html.startswith('<table class="plain">\n<thead><tr><th scope="col" class="text">name')
    assert '<td class="text">&lt;b&gt;</td><td>1</td>' in html
    page = Page(html)
    assert [len(page.all(tag)) for tag in ("th", "tr", "td")] == [2, 3, 4]


def test_a_table_needs_no_class():
    assert html_table(["n"], [["1"]], [False]).startswith("<table>\n")
