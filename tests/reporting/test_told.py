"""What a report and the terminal say of a table is true of that table, whatever is in it.

Each test takes a text apart into all that it claims, and works each claim out from the rows. A text
that claims more than that does not match.
"""

import html as markup
import io
import re
from collections import Counter
from statistics import median, quantiles

import numpy as np
import pytest
from examples_budget import drawn as so_many
from hypothesis import given
from results import results
from rich.console import Console

from bpfast.command import leaderboard
from bpfast.command.progress import _reached
from bpfast.reporting import figures as report_figures
from bpfast.reporting import report
from bpfast.reporting import words as report_words
from bpfast.reporting.words import WORDS
from bpfast.sweeps.progress import SweepProgress

N = r"(-?[\d.,]+(?:e[+-]\d+)?)"  # a number
NO_SCORE = (
    rf"No network has a score: {N} of {N} diverged; lower the learning rate"
    rf"(?: \({N}(?: to {N})? was tried\))?, or (set|lower) clip_norm\."
)
DRAWN = (
    rf"(?: At most {N} of the {N} networks with a score are drawn, evenly spread over the ranks\.)?"
)
told = pytest.mark.filterwarnings("ignore:overflow encountered")


def each_table(test):
    return so_many(40)(given(results())(test))


def claims(pattern, text):
    """The groups of a pattern that matches all of a text."""
    found = re.fullmatch(pattern, text)
    assert found, f"{text!r} is none of {pattern!r}"
    return found.groups()


def value(text):
    return float(text.replace(",", ""))


def same(text, number, digits=3):
    """Whether a number is told to so many digits."""
    return value(text) == pytest.approx(number, rel=0.501 * 10 ** (1 - digits), abs=1e-12)


def check_no_score(drawn, text):
    diverged, count, low, high, what = claims(NO_SCORE, text)
    assert value(diverged) == len(drawn.with_fate("diverged"))
    assert value(count) == len(drawn.rows)
    assert what == ("lower" if "clip_norm" in drawn.rows[0] else "set")
    rates = [row["learning_rate"] for row in drawn.rows if "learning_rate" in row]
    if rates:
        same(low, min(rates))
        same(high or low, max(rates))
    else:
        assert low is None


def check_by_epoch(text, rows):
    """Counts, such as "20 after epoch 1 and 5 after epoch 3", or "after epochs 1 to 60"."""
    ends = {row["epochs"] for row in rows}
    if len(ends) > 8:
        assert [*map(value, claims(rf"after epochs {N} to {N}", text))] == [min(ends), max(ends)]
        return
    pairs = [claims(rf"{N} after epoch {N}", part) for part in re.split(", | and ", text)]
    assert {value(epoch): value(count) for count, epoch in pairs} == Counter(
        row["epochs"] for row in rows
    )


# --- sentences of the report ----------------------------------------------------------------------


@each_table
def test_how_networks_were_ranked(drawn):
    mean, metric, folds, groups, kind, whom, when, whole, epochs = claims(
        r"Networks are ranked by their (mean )?validation (accuracy|R²)(?: over (\d+) folds)?"
        r"(?:, rows of the same (\w+) being in the same fold)?\."
        rf"(?: (Successive halving|Hyperband) let (.+) go early(?:: ([^.]+))?\. {N} had all {N} "
        r"epochs?\.)?",
        report_words.protocol(drawn.run()),
    )
    assert metric == drawn.metric
    assert bool(mean) == bool(drawn.folds) == bool(folds)
    assert not folds or int(folds) == drawn.folds
    assert groups == drawn.groups
    names = {None: None, "Successive halving": "successive", "Hyperband": "hyperband"}
    assert names[kind] == drawn.halving
    if kind is None:
        return
    gone = drawn.with_fate("let go")
    assert value(whole) == sum(row["epochs"] == drawn.epochs for row in drawn.rows)
    assert value(epochs) == drawn.epochs
    if not gone:
        assert (whom, when) == ("no network", None)
        return
    assert [*map(value, claims(rf"{N} of {N} networks?", whom))] == [len(gone), len(drawn.rows)]
    check_by_epoch(when, gone)


@each_table
def test_who_is_first(drawn):
    text, first = report_words.leaderboard(drawn.run()), drawn.rows[0]
    if not drawn.scored:
        check_no_score(drawn, text)
        return
    number, ranked, mean, deviation, fate, had, of, count, span, tested = claims(
        rf"Network {N} is first, with a ((?:mean )?validation \S+(?: over 3 folds)?) of {N}"
        rf"(?: \(standard deviation {N}\))?(?:; it was (let go|interrupted) after {N} of {N} "
        rf"epochs?)?(?:; the (?:scores of the )?first (\d+) (span {N}|have the same score))?\. (.*)"
        .replace(f"(span {N}|have the same score)", "(span [^ .]+.*?|have the same score)"),
        text,
    )  # fmt: skip
    assert value(number) == first["network"]
    expected = f"mean validation {drawn.metric} over 3 folds" if drawn.folds else None
    assert ranked == (expected or f"validation {drawn.metric}")
    assert value(mean) == pytest.approx(first["validation_score"], abs=6e-5)
    assert bool(deviation) == bool(drawn.folds)
    assert not deviation or same(deviation, first["validation_std"])
    fates = {"let go": "let go", "on the way": "interrupted"}
    assert fate == fates.get(first["fate"])
    assert not fate or (value(had), value(of)) == (first["epochs"], drawn.epochs)
    scores = [row["validation_score"] for row in drawn.scored[:10]]
    assert bool(count) == (len(scores) > 1)
    if count:
        assert int(count) == len(scores)
        distance = max(scores) - min(scores)
        if distance:
            assert same(span.removeprefix("span "), distance, 2)
        else:
            assert span == "have the same score"
    check_tested(drawn, first["test_score"], tested)


def check_tested(drawn, score, text):
    if not drawn.tested:
        assert text == "There was no test part: all rows had a say in what was trained or ranked."
        return
    anew, told, on = claims(
        r"(Trained anew on all rows outside the test part, it|It) (.+) on (the|that) "
        r"(?:test )?part, which the ranking never looked at\.",
        text,
    )
    assert (anew == "It") == (on == "the") == (not drawn.folds)
    if np.isfinite(score):
        assert value(told.removeprefix("scores ")) == pytest.approx(score, abs=6e-5)
    else:
        assert told == "has no finite score"


@each_table
def test_how_the_winners_loss_went(drawn):
    has_figure, text = WORDS["loss_best"](drawn.run())
    first = drawn.rows[0]
    curve = {k: loss for k, loss in enumerate(first["curve"].tolist(), 1) if np.isfinite(loss)}
    assert has_figure == bool(curve)
    if not curve:
        assert text == "The first network has no finite loss, so there is no curve of it."
        return
    whose, folds, was, went = claims(
        r"(The best network's|The first network's|The first network diverged: until then its) "
        r"training loss(?:, a mean over (\d) folds,)? (?:was (.*)|went (.*))\.",
        text,
    )
    kind = "The first network diverged: until then its"
    if first["fate"] != "diverged":
        kind = "The best network's" if drawn.scored else "The first network's"
    assert whose == kind
    assert (folds or "0") == str(drawn.folds)
    if len(curve) == 1:
        told, epoch = claims(rf"{N} in epoch {N}", was)
        assert same(told, curve[value(epoch)])
        return
    a, begun, b, ended, trend = claims(rf"from {N} in epoch {N} to {N} in epoch {N}; (.*)", went)
    assert (value(begun), value(ended)) == (min(curve), max(curve))
    assert same(a, curve[min(curve)])
    assert same(b, curve[max(curve)])
    check_trend(curve, first["fate"] == "diverged", trend)


def check_trend(curve, diverged, text):
    """What the curve did since an epoch, and what is advised."""
    since, way, much, advice = claims(
        rf"since epoch {N} it (stood still|rose|fell)(?: (by [^:]+|from [^:]+))?(?:: (.*))?", text
    )
    before, last = curve[value(since)], curve[max(curve)]
    assert value(since) < max(curve)
    assert way == ("stood still" if last == before else "rose" if last > before else "fell")
    share = abs(last - before) / before if before else np.inf
    if way == "stood still":
        assert (much, advice) == (None, None)
        return
    if much.startswith("by less than 1%"):
        assert share < 0.005
    elif much.startswith("by more than 99%"):
        assert 0.995 <= share < 1
    elif much.startswith("by"):
        assert 100 * share == pytest.approx(value(much[3:-1]), abs=0.501)
    else:
        low, high = claims(rf"from {N} to {N}", much)
        assert same(low, before)
        assert same(high, last)
    rises, falls = "a smaller learning rate may help", "more epochs may help"
    expected = rises if way == "rose" else falls if share >= 0.05 else f"{falls} little"
    assert advice == (None if diverged else expected)


@each_table
def test_where_losses_end(drawn):
    has_figure, text = WORDS["loss_quantiles"](drawn.run())
    curves = [(row, dict(enumerate(row["curve"].tolist(), 1))) for row in drawn.rows]
    last = max((k for _, c in curves for k, loss in c.items() if np.isfinite(loss)), default=None)
    assert has_figure == (last is not None and len(drawn.rows) > 1)
    if not has_figure:
        one = "There is one network, and its curve is above."
        assert text == (one if last else "No network has a finite loss, so there are no curves.")
        return
    epoch, count, one, middle, low, high, others = claims(
        rf"In epoch {N}, (?:the training losses of the {N} networks|the one network) that came so "
        rf"far (?:has a training loss of {N}|have a median of {N}, and quartiles of {N} and {N})"
        r"(?:; the others: (.*))?\.",
        text,
    )
    there = [c[last] for _, c in curves if np.isfinite(c.get(last, np.inf))]
    missing = [row for row, c in curves if not np.isfinite(c.get(last, np.inf))]
    assert value(epoch) == last
    if len(there) == 1:
        assert same(one, there[0])
    else:
        assert value(count) == len(there)
        expected = quantiles(there, n=4, method="inclusive")
        for said, number in zip((low, middle, high), expected, strict=True):
            assert same(said, number)
    fates = {"diverged": "diverged", "let go": "let go", "on the way": "on the way"}
    fates["whole"] = "without a finite loss"
    expected = Counter(fates[row["fate"]] for row in missing)
    found = dict(reversed(part.split(" ", 1)) for part in (others or "").split(", ") if part)
    # one that was let go may lack a finite loss too: what it is said to lack it for is its fate
    assert {fate: value(told) for fate, told in found.items()} == expected


@each_table
def test_which_learning_rates_are_best(drawn):
    has_figure, text = WORDS["learning_rate"](drawn.run())
    rates = [row["learning_rate"] for row in drawn.rows]
    assert has_figure == bool(len(set(rates)) > 1 and drawn.scored)
    if len(set(rates)) == 1:
        (told,) = claims(rf"The learning rate does not differ between networks, {N}\.", text)
        assert same(told, rates[0])
        return
    if not drawn.scored:
        check_no_score(drawn, text)
        return
    span = rf"((?:from {N} to|of|around) {N})".replace(N, N[1:-1])
    whom, own, tried, lost, middle, below, _, _ = claims(
        rf"(The best \d*\s?networks?) (?:have learning rates|has a learning rate) {span}; {span} "
        rf"were tried(?:, and (the median of the \d+|that of the one) that diverged is {N})?"
        rf"(?:; scores below (?:-1|0), {N} of them, are drawn there)?\.{DRAWN}",
        text,
    )
    top = check_whom(drawn, whom)
    check_span(own, [row["learning_rate"] for row in top])
    check_span(tried, rates)
    diverged = [row["learning_rate"] for row in drawn.with_fate("diverged")]
    assert bool(lost) == bool(diverged)
    if diverged:
        count = "that of the one" if len(diverged) == 1 else f"the median of the {len(diverged)}"
        assert lost == count
        assert same(middle, median(diverged))
    check_floored(drawn, drawn.scored, below)


def check_whom(drawn, text):
    """The rows of the best networks that are spoken of."""
    (count,) = claims(r"The best (?:network|(\d+) networks)", text)
    number = int(count or 1)
    assert number == min(3, len(drawn.scored))  # a tenth of so few is less
    return drawn.scored[:number]


def check_span(text, values):
    """Ends, as in "from 1 to 3"; "of 1" where all are that, "around 1" where all nearly are."""
    kind, *ends = re.split(" to | ", text)
    assert same(ends[0], min(values))
    assert same(ends[-1], max(values))
    assert (kind == "from") == (f"{min(values):.3g}" != f"{max(values):.3g}")
    assert (kind == "of") == (min(values) == max(values))


def check_floored(drawn, rows, below):
    floor = {"accuracy": 0.0, "R²": -1.0}[drawn.metric]
    assert value(below or "0") == sum(row["validation_score"] < floor for row in rows)


@each_table
def test_what_the_best_have_in_common(drawn):
    run = drawn.run()
    has_figure, text = WORDS["parallel"](run)
    columns = ("hidden", "depth", "optimizer", "learning_rate", "momentum")
    values = {name: {row[name] for row in drawn.rows if row[name] == row[name]} for name in columns}
    varied = [name for name in columns if len(values[name]) > 1]
    assert has_figure == bool(drawn.scored and varied)
    if not has_figure:
        if drawn.scored:
            assert text == "No hyperparameter differs between networks."
        else:
            check_no_score(drawn, text)
        return
    whom, common, narrow = claims(
        r"(The best \d*\s?networks?): (.*?)\.( Narrow pages have room for these alone\.)?", text
    )
    assert bool(narrow) == (len(varied) > 3)
    top = check_whom(drawn, whom)
    told = [part.split(" is ", 1) for part in common.split("; ")]
    important = sorted(varied, key=lambda name: -drawn.importance.get(name, 0))
    assert [name for name, _ in told] == important[:3]
    for name, said in told:
        check_common(said, [row[name] for row in top], name in ("learning_rate", "momentum"))


def check_common(text, values, is_number):
    there = [v for v in values if v == v]
    if is_number:
        if not there:
            assert text == "in none"
            return
        span, inside, of = claims(
            rf"((?:from|around)?\s?{N[1:-1]}(?: to {N[1:-1]})?)(?: for (?:all|(\d) of the (\d)"
            r"(?: that have it)?))?",
            text,
        )
        low, high = (re.findall(N, span) * 2)[:2]
        # so few have no middle half: all of them are told
        assert same(low, min(there))
        assert same(high, max(there))
        assert (inside is None) == (len(there) == len(values))
        assert inside is None or int(inside) == int(of) == len(there)
        return
    counts = Counter(map(str, values))
    if len(counts) == 1:
        assert text == next(iter(counts)) + (" for all" if len(values) > 1 else "")
        return
    names, share, each = claims(r"most often (.*) \((\d+)%( each)?\)", text)
    most = max(counts.values())
    assert set(re.split(", | and ", names)) == {n for n in counts if counts[n] == most}
    assert 100 * most / len(values) == pytest.approx(int(share), abs=0.5)
    assert bool(each) == (list(counts.values()).count(most) > 1)


@each_table
def test_what_mattered(drawn):
    has_figure, text = WORDS["importance"](drawn.run())
    assert has_figure == bool(drawn.importance)
    if not has_figure:
        assert text == "There is no importance to show: unknown."
        return
    first, share, of_those, second, other, count = claims(
        r"(\w+) has (\S+\s?\d+%|\d+%) of the importance for being among the best tenth"
        r"( of those that had every epoch)?(?:, (\w+) (\S+\s?\d+%|\d+%))? "
        r"\(Optuna's PED-ANOVA, of (\d+) networks?\)\.",
        text,
    )
    expected = {"depth": [("depth", "100%")], "hidden": [("hidden", "> 99%"), ("depth", "< 1%")]}
    assert [(first, share), (second, other)][: len(drawn.importance)] == expected[first]
    whole = [row for row in drawn.scored if row["epochs"] == drawn.epochs]
    assert int(count) == len(whole)
    assert bool(of_those) == any(row["epochs"] < drawn.epochs for row in drawn.rows)


@each_table
def test_when_the_best_came(drawn):
    has_figure, text = WORDS["timeline"](drawn.run())
    timed = [row for row in drawn.rows if np.isfinite(row["ended"])]
    assert has_figure == bool(timed)
    if not timed:
        assert text == "The study has no times."
        return
    time = r"((?:\S+) (?:second|minute|hour)s?)"
    last, best, steps, below, _, _, none = claims(
        rf"The last network ended {time} after the first began(?:(?:, the best one after {time})?; "
        rf"(\d+) networks? in turn (?:was|were) the best so far(?:; scores below (?:-1|0), {N} of "
        rf"them, are drawn there)?\.{DRAWN}|(; none of them has a score\.))",
        text,
    )
    check_time(last, max(row["ended"] for row in timed))
    scored = [row for row in drawn.scored if np.isfinite(row["ended"])]
    assert bool(none) == (not scored)
    if not scored:
        return
    first = drawn.rows[0]["ended"]
    assert bool(best) == bool(np.isfinite(first))
    if best:
        check_time(best, first)
    records, highest = 0, -np.inf
    for moment in sorted({row["ended"] for row in scored}):  # of equal moments the best counts
        here = max(row["validation_score"] for row in scored if row["ended"] == moment)
        records, highest = records + (here > highest), max(here, highest)
    assert int(steps) == records
    assert ("1 network in turn was" in text) == (records == 1)
    check_floored(drawn, scored, below)


def check_time(text, seconds):
    count, unit = text.split()
    units = {"second": 1.0, "minute": 60.0, "hour": 3600.0}
    assert same(count, seconds / units[unit.removesuffix("s")])
    assert unit.endswith("s") == (count != "1")


# --- the page -------------------------------------------------------------------------------------


def page_of(drawn):
    return report._html(drawn.run(), "PROTOCOL", "LEADERBOARD", [])


@each_table
def test_facts(drawn):
    facts = {
        markup.unescape(name): (markup.unescape(told), markup.unescape(small or ""))
        for name, told, small in re.findall(
            r"<dt>(.*?)</dt><dd>(.*?)(?:<small>(.*?)</small>)?</dd>", page_of(drawn)
        )
    }
    first, epochs = drawn.rows[0], [row["epochs"] for row in drawn.rows]
    told, small = facts.pop(f"Validation {drawn.metric}")
    check_cell(told, first, "validation_score")
    if drawn.folds:
        (deviation,) = claims(r"mean of 3 folds, deviation (\S+)", small)
        check_cell(deviation, first, "validation_std")
    assert bool(small) == bool(drawn.folds)
    told = facts.pop(f"Test {drawn.metric}", None)
    assert bool(told) == drawn.tested
    if told:
        check_cell(told[0], first, "test_score")
        assert told[1] == ("of the first, trained anew" if drawn.folds else "of the first")
    told, small = facts.pop("Networks")
    assert value(told) == len(drawn.rows)
    check_fates(drawn, small)
    if min(epochs) == drawn.epochs:
        assert facts.pop("Epochs for each") == (str(drawn.epochs), "")
    else:
        told, small = facts.pop("Epochs")
        ends = {str(min(epochs)), str(max(epochs))}
        assert set(told.split(" to ")) == ends
        whole = epochs.count(drawn.epochs)
        assert small == f"{whole} of {len(epochs)} had all {drawn.epochs}"
    ended = len(drawn.rows) - len(drawn.with_fate("on the way"))
    told, small = facts.pop("Training time")
    assert told == "8 s"
    assert bool(small) == bool(ended)
    if ended:
        assert same(small.removesuffix(" networks/s"), ended * max(drawn.folds, 1) / 8.0)
    assert facts.pop("Sample-updates/s") == ("500", "device cpu")
    assert not facts


def check_fates(drawn, text):
    counts = dict(reversed(part.split(" ", 1)) for part in text.split(", "))
    assert value(counts.pop("diverged")) == len(drawn.with_fate("diverged"))
    for fate in ("let go", "on the way"):
        assert int(counts.pop(fate, 0)) == len(drawn.with_fate(fate))
    assert not counts


def check_cell(text, row, name):
    number = row[name]
    if row["fate"] == "diverged" and name.endswith("score"):
        assert text == "diverged"
    elif isinstance(number, str):
        assert text == number
    elif np.isnan(number):
        assert text == "\N{EN DASH}"
    elif name.endswith("score"):
        assert value(text.replace("inf", "1e999")) == pytest.approx(number, abs=6e-5)
    else:
        assert same(text.replace("inf", "1e999"), number)


@each_table
def test_the_leaderboard(drawn):
    head, body = (
        re.findall(rf"<t{tag}[^>]*>(.*?)</t{tag}>", page_of(drawn), re.DOTALL)
        for tag in ("head", "body")
    )
    names = re.findall(r"<th[^>]*>(.*?)</th>", head[0])
    for must, there in (("validation std", drawn.folds), ("test", drawn.tested)):
        assert (must in names) == bool(there)
    assert ("epochs" in names) == (len({row["epochs"] for row in drawn.rows}) > 1)
    rows = re.findall(r"<tr>(.*?)</tr>", body[0])
    assert len(rows) == len(drawn.rows)
    for place, (row, cells) in enumerate(zip(drawn.rows, rows, strict=True), 1):
        cells = dict(zip(names, re.findall(r"<td[^>]*>(.*?)</td>", cells), strict=True))
        assert cells.pop("rank") == str(place)
        for name, text in cells.items():
            column = {"validation": "validation_score", "test": "test_score"}.get(name)
            check_cell(text, row, column or name.replace(" ", "_"))


@each_table
def test_the_frame_of_the_page(drawn):
    html, count = markup.unescape(page_of(drawn)), len(drawn.rows)
    many = f"{count} network{'s' * (count != 1)}"
    (title,) = re.findall(r"<h1>(.*?)</h1>", html)
    assert title == f"houses: {many}" + (", each on 3 folds" if drawn.folds else "")
    assert f'<p class="muted">{count} row{"s" * (count != 1)}, {count} input' in html
    assert "began 2026-03-01 at 22:00 UTC" in html
    assert ("Use the winner" in html) == bool(drawn.scored)
    note = re.findall(r"Of (\d+) networks? that w\w+ asked for, (\d+) (is|are) here; (\d+)", html)
    expected = (drawn.asked, count, len(drawn.with_fate("on the way")))
    assert [(int(a), int(b), int(c)) for a, b, _, c in note] == [expected] * drawn.interrupted
    for everywhere, names in re.findall(
        r"The same for every network( that has it)?: (.*?)\.[ <]", html
    ):
        for part in names.split(", "):
            name, told = part.split(" ")
            has = [row[name] for row in drawn.rows if row[name] == row[name]]
            assert {*map(str, has)} == {told} or same(told, *set(has))
            assert bool(everywhere) == (len(has) < count)
    settings = dict(re.findall(r'<th scope="row"[^>]*>(.*?)</th><td[^>]*><code>(.*?)</code>', html))
    assert settings.get("halving", "None").split(",")[0] == str(drawn.halving)
    assert settings.get("groups") == drawn.groups


# --- the terminal ---------------------------------------------------------------------------------


@each_table
def test_what_the_terminal_prints(drawn):
    file = io.StringIO()
    leaderboard.print_result(Console(file=file, width=2000), drawn.result(), top=100)
    title, head, *rows, summary = file.getvalue().rstrip("\n").split("\n")
    ranked = f"validation {drawn.metric}"
    ranked = f"mean {ranked} over 3 folds" if drawn.folds else ranked
    assert title.strip() == (f"best by {ranked}" if drawn.scored else f"no network has a {ranked}")
    names = re.split(r"\s{2,}", head.strip())
    assert ("validation std" in names) == bool(drawn.folds)
    assert ("test" in names) == drawn.tested
    assert ("epochs" in names) == (len({row["epochs"] for row in drawn.rows}) > 1)
    assert len(rows) == len(drawn.rows)
    for row, text in zip(drawn.rows, rows, strict=True):
        assert "nan" not in text
        told = "diverged" in text
        assert told == (row["fate"] == "diverged")
        assert told or f"{row['validation_score']:.4f}" in text
    check_summary(drawn, summary)


def check_summary(drawn, text):
    count, folds, speed, diverged, early, how, when, highest, first = claims(
        rf"{N} networks?(?: on each of (\d) folds)? in 8 s: (?:{N} networks/s, )?0\.00 M "
        rf"sample-updates/s; {N} diverged(?:; {N} (let go|stopped or let go): ([^;]*))?"
        rf"(?:; highest test {drawn.metric} of any: {N})?"
        rf"(?:; test {drawn.metric} of the first, trained on all other rows: (\S+))?",
        text,
    )
    assert value(count) == len(drawn.rows)
    assert int(folds or 0) == drawn.folds
    assert bool(speed) == (not drawn.interrupted)
    networks = len(drawn.rows) * max(drawn.folds, 1)
    assert not speed or value(speed) == pytest.approx(networks / 8.0, abs=0.5)
    assert value(diverged) == len(drawn.with_fate("diverged"))
    gone = drawn.with_fate("let go", "on the way")
    assert value(early or "0") == len(gone)
    if gone:
        assert how == ("stopped or let go" if drawn.interrupted else "let go")
        check_by_epoch(when, gone)
    tests = [row["test_score"] for row in drawn.rows if drawn.tested]
    finite = [score for score in tests if np.isfinite(score)]
    assert bool(highest) == bool(finite and not drawn.folds)
    assert not highest or value(highest) == pytest.approx(max(finite), abs=6e-5)
    assert bool(first) == bool(drawn.tested and drawn.folds)
    if first:
        assert first == (f"{tests[0]:.4f}" if np.isfinite(tests[0]) else "none")


@pytest.mark.parametrize(
    ("reached", "words"),
    [
        ((0, -np.inf, 0, 0), ""),
        ((1, -np.inf, 1, 0), "  1 network, 1 diverged"),
        ((1, 0.5, 0, 0), "  1 network, best 0.5000"),
        ((20, 0.98765, 2, 18), "  20 networks, best 0.9877, 2 diverged, 18 let go"),
    ],
)
def test_what_progress_says(reached, words):
    assert _reached(SweepProgress(1, 2, 1.0, 3e6, "8 relu adam", *reached)) == words


# --- the figures ----------------------------------------------------------------------------------


@so_many(2)
@given(results())
@told
def test_any_table_can_be_drawn(drawn):
    run = drawn.run()
    for name, says in WORDS.items():
        if says(run).drawn:
            assert report_figures.draw(name, run, report_figures.NARROW, "svg")
