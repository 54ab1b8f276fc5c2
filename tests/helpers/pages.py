"""Pages of reports, and the runs that they are about, as tests look at them."""

from html.parser import HTMLParser

import optuna
import polars as pl

VOID = {"meta", "link", "br", "img"}


class Page(HTMLParser):
    """A page's elements, checked to be closed in order, and its text by the element's id."""

    def __init__(self, html):
        super().__init__()
        self.elements, self.open, self.texts = [], [], {}
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append((tag, dict(attributes).get("id")))

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop()[0] == tag

    def handle_data(self, text):
        for _, name in self.open:
            if name:
                self.texts[name] = self.texts.get(name, "") + text

    def all(self, tag):
        return [attributes for found, attributes in self.elements if found == tag]


def edit(path, **columns):
    """Put other columns into a folder's table."""
    frame = pl.read_csv(path / "networks.csv", infer_schema_length=None)
    frame.with_columns(**{name: pl.Series(v) for name, v in columns.items()}).write_csv(
        path / "networks.csv"
    )


def study_of(folder):
    """The study in a run's folder."""
    return optuna.load_study(study_name="bpfast", storage=f"sqlite:///{folder / 'study.db'}")
