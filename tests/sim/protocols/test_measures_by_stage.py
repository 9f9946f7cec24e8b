"""Runs in which agents fail at every stage: each measure counts what came so far, and no less."""

from __future__ import annotations

import json
import math
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import retailsim
from retailsim.analysis.export import measures as export_measures
from retailsim.analysis.measures.comparison import compare
from retailsim.analysis.measures.estimates import decided, measured
from retailsim.analysis.measures.value_text import MARKED
from retailsim.analysis.projection.loader import load
from retailsim.analysis.protocols.csales.conversations import conversations
from retailsim.analysis.protocols.csales.seller_table import table
from retailsim.analysis.protocols.experiment_outcome import outcome_of
from retailsim.analysis.report.content import report
from retailsim.market.core.money import dollars
from tests.analysis.plain_measures import Row, plain, rows_of
from tests.sim.runs import SMALL, event_lines, events_of, launched, replayed, scenario, sim

PLUGINS = Path(__file__).parents[1] / "plugins"

STUMBLING = """
[products]
per_category = 8
issue_rate = 0.6
[design]
nonbuyer_reviews = true
[[sellers]]
id = "warm"
agent = "stumbling:Seller"
[[sellers]]
id = "plain-dealer"
[[buyers]]
id = "easy"
agent = "stumbling:Buyer"
[[buyers]]
id = "easy-shopper"
"""

STAGES = {"strategy", "pitch", "topics", "pre_inquiry", "decision"}
STAGES |= {"post_inquiry", "settlement", "review"}


def played(folder: Path, text: str) -> Path:
    shutil.copy(PLUGINS / "stumbling.py", folder)
    launched(folder / "run", scenario(folder, text))
    return folder / "run"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return played(tmp_path_factory.mktemp("stumbling"), STUMBLING)


@pytest.fixture(scope="module")
def rows(run: Path) -> list[Row]:
    """One row an episode, in plain Python from the lines of the log."""
    return rows_of(map(json.loads, event_lines(run)))


def test_there_are_failures_of_every_kind(run: Path, rows: list[Row]) -> None:
    """Else the tests below would show less than they say."""
    failures = Counter(event["stage"] for event in events_of(run, "EpisodeFailed"))
    assert set(failures) == STAGES
    failed = [row for row in rows if row["status"] == "failed"]
    kinds = {(row["decided"], row["orders"] > 0, row["settled"]) for row in failed}
    assert kinds == {
        (False, False, False),
        (True, False, False),
        (True, True, False),
        (True, True, True),
    }
    assert any(row["units_refunded"] for row in failed)
    assert any(row["rating_pitch"] for row in failed)


def shared(row: Row) -> Row:
    """A row without what the protocol measures beside the shared measures."""
    return {name: value for name, value in row.items() if name != "unsupported_claims"}


def test_every_measure_is_the_plain_sum_over_what_came_so_far(run: Path, rows: list[Row]) -> None:
    found = replayed(run)
    assert shared(found["overall"]) == plain(rows)
    for kind, keys in (
        ("sellers", ("seller",)),
        ("buyers", ("buyer",)),
        ("categories", ("category",)),
        ("pairs", ("seller", "buyer")),
    ):
        groups = sorted({tuple(row[key] for key in keys) for row in rows})
        expected = [
            dict(zip(keys, group, strict=True))
            | plain([row for row in rows if tuple(row[key] for key in keys) == group])
            for group in groups
        ]
        told = [shared(row) for row in found[kind]]
        for row in told:
            row.pop("normalized_revenue_cents", None)
        assert told == expected


def test_pairs_are_set_against_the_mean_of_what_all_pairs_earned(
    run: Path, rows: list[Row]
) -> None:
    pairs = replayed(run)["pairs"]
    mean = sum(row["net_revenue_cents"] for row in rows) / len(pairs)
    for pair in pairs:
        net = sum(
            row["net_revenue_cents"]
            for row in rows
            if (row["seller"], row["buyer"]) == (pair["seller"], pair["buyer"])
        )
        assert pair["normalized_revenue_cents"] == pytest.approx(net - mean)


def test_bounds_enclose_the_rates_and_are_what_they_say(run: Path, rows: list[Row]) -> None:
    """Had all failed ones gone one way: computed by really letting them."""
    row = replayed(run)["overall"]
    for name in ("conversion_rate", "refund_rate"):
        assert row[f"{name}_low"] < row[name] < row[f"{name}_high"]
    would: dict[bool, float] = {}
    for bought in (False, True):
        changed = [
            one | {"decided": True, "orders": int(bought)} if not one["decided"] else one
            for one in rows
        ]
        would[bought] = sum(one["orders"] > 0 for one in changed) / len(changed)
    assert row["conversion_rate_low"] == would[False]
    assert row["conversion_rate_high"] == would[True]
    assert row["net_revenue_cents_low"] < row["net_revenue_cents"]


def test_tables_with_intervals_and_the_export_read_the_same_rule(
    run: Path, rows: list[Row]
) -> None:
    expected = plain(rows)
    projection = load(run)
    [one] = measured(decided(projection.episodes))
    assert one.episodes == expected["decided"]
    for name in ("conversion_rate", "refund_rate", "average_quantity", "average_rating"):
        assert one[name].value == pytest.approx(expected[name])
    assert one.totals["net_revenue_cents"] == expected["net_revenue_cents"]
    exported = export_measures(run).row(0, named=True)
    assert {name: exported[name] for name in expected if name in exported} == {
        name: value for name, value in expected.items() if name in exported
    }
    same = compare(projection, projection)
    assert same.pairs == expected["decided"]
    [conversion] = [c for c in same.planned if c.measure == "conversion_rate"]
    assert conversion.first.value == pytest.approx(expected["conversion_rate"])
    assert conversion.test.estimate == 0.0


@pytest.mark.slow
def test_the_terminal_and_the_report_say_what_failed_and_what_it_leaves_open(
    run: Path, rows: list[Row]
) -> None:
    row, failed = plain(rows), sum(one["status"] == "failed" for one in rows)
    said = (
        f"{failed} episodes failed: {failed - row['undecided']} after the buyer's decision, "
        f"{row['undecided']} before it. Each counts as far as it came. "
        f"Conversion would be {row['conversion_rate_low']:.1%} had none of the "
        f"{row['undecided']} bought, {row['conversion_rate_high']:.1%} had all. "
        f"With {row['unsettled']} orders of unknown outcome the refund rate lies between "
        f"{row['refund_rate_low']:.1%} and {row['refund_rate_high']:.1%}, net revenue between "
        f"{dollars(row['net_revenue_cents_low'])} and {dollars(row['net_revenue_cents'])}."
    )
    terminal = " ".join(sim("replay", run).stdout.split())
    assert said in terminal
    assert f" {row['conversion_rate']:.1%} " in terminal.split(" All ")[1]
    assert "Decided" in terminal
    assert said in report(run, {}).warnings
    assert said in outcome_of("pairwise", {"all": run}).notes
    assert f"0.5: {said}" in outcome_of("guidance", {"0.0": run, "0.5": run}).notes


@pytest.mark.slow
def test_net_revenue_is_marked_where_refunds_are_not_known(run: Path) -> None:
    """With how low it may be, row by row: in the terminal, the notebook and the report."""
    found = replayed(run)
    terminal = sim("replay", run).stdout
    tables = {one.title: one for part in report(run, {}).sections for one in part.tables}
    groups = {"Sellers": found["sellers"], "Buyers": found["buyers"], "Pairs": found["pairs"]}
    kinds = set()
    for title, group in groups.items():
        cells = {line[0].text: line for line in tables[title].rows}
        for row in group:
            name = " / ".join(row[key] for key in ("seller", "buyer") if key in row)
            net, least = row["net_revenue_cents"], row["net_revenue_cents_low"]
            open_ = row["unsettled"] > 0
            kinds.add(open_)
            at = tables[title].columns.index("Net revenue")
            total, each = cells[name][at : at + 2]
            if open_:
                assert (total.text, total.below) == (f"{dollars(net)}*", f"≥ {dollars(least)}")
                assert each.text == f"{dollars(net / row['decided'])}*"
                assert each.below.startswith(f"≥ {dollars(least / row['decided'])}; ")
            else:
                assert total.text == dollars(net)
                assert "≥" not in total.below + each.below
            if title != "Pairs":
                assert (f"{dollars(net)}*" in terminal) == open_
                assert (f"≥ {dollars(least)}" in terminal) == open_
        assert MARKED in tables[title].note
    assert True in kinds
    assert MARKED in " ".join(terminal.split())
    notebook = retailsim.load(run)._repr_html_()
    overall = found["overall"]
    both = f"{dollars(overall['net_revenue_cents'])}* ≥ "
    assert both + dollars(overall["net_revenue_cents_low"]) in notebook
    assert MARKED in notebook


@pytest.mark.slow
def test_the_funnel_counts_steps_of_those_that_came_to_them(run: Path, rows: list[Row]) -> None:
    """And bounds the shares of all, by letting each unknown one come to the step, or not."""
    [funnel] = [one for one in report(run, {}).sections if one.name == "funnel"]
    cells = {line[0].text: line[1:] for line in funnel.tables[0].rows}
    decided_ = [row for row in rows if row["decided"]]
    buying = [row for row in rows if row["orders"]]
    contacted = {
        event["episode"]
        for event in events_of(run, "MessageSent")
        if event["stage"] == "post_inquiry" and event["role"] == "buyer"
    }
    ever_open = []
    for name, came, known in (
        (
            "contacted support",
            [row["episode"] in contacted for row in buying],
            [row["settled"] or row["episode"] in contacted for row in buying],
        ),
        (
            "reviewed the product",
            [row["rating_product"] is not None for row in buying],
            [row["status"] == "closed" or row["rating_product"] is not None for row in buying],
        ),
        (
            "got money back",
            [row["units_refunded"] > 0 for row in buying],
            [row["settled"] for row in buying],
        ),
    ):
        count, of_all, of_those, _ = cells[name]
        open_ = known.count(False)
        ever_open.append(open_ > 0)
        bounds = [
            " to ".join(f"{(sum(came) + more) / len(some):.1%}" for more in (0, open_))
            for some in (decided_, buying)
        ]
        assert count.text == str(sum(came))
        assert of_those.text == f"{sum(came) / sum(known):.1%}"
        if open_:
            assert (of_all.text, of_all.below) == (bounds[0], f"{open_} not known")
            assert of_those.below.endswith(f"; with {open_} not known: {bounds[1]}")
        else:
            assert of_all.text == f"{sum(came) / len(decided_):.1%}"
            assert "not known" not in of_those.below
    assert ever_open == [False, True, True], "both kinds are seen"
    assert cells["bought"][1].text == f"{plain(rows)['conversion_rate']:.1%}"
    assert "A range is for steps that are not known" in funnel.tables[0].note


@pytest.mark.slow
def test_a_funnel_without_failures_has_single_shares(tmp_path: Path) -> None:
    launched(tmp_path / "run", *SMALL)
    [funnel] = [one for one in report(tmp_path / "run", {}).sections if one.name == "funnel"]
    assert "A range" not in funnel.tables[0].note
    for line in funnel.tables[0].rows:
        assert not any("not known" in cell.below or " to " in cell.text for cell in line)


@pytest.mark.slow
def test_a_buyer_that_fails_after_every_purchase_has_bought(tmp_path: Path) -> None:
    """It has to be said: nothing closed but what was not bought."""
    text = STUMBLING.replace("nonbuyer_reviews = true", "").replace("[design]\n", "")
    text = text.replace("stumbling:Buyer", "breaking:Buyer").replace(
        "stumbling:Seller", "warm-neighbor"
    )
    (tmp_path / "breaking.py").write_text(
        "from retailsim.agents.retail.behavioral.buyer import BehavioralBuyer\n\n\n"
        "class Buyer(BehavioralBuyer):\n"
        "    async def complain(self, request):\n"
        "        raise RuntimeError('gone')\n\n"
        "    review = complain\n"
    )
    good = played(tmp_path, text)
    by_buyer = {row["buyer"]: row for row in replayed(good)["buyers"]}
    easy, other = by_buyer["easy"], by_buyer["easy-shopper"]
    assert easy["failed"] == easy["orders"] > 0
    assert easy["episodes"] + easy["orders"] == easy["decided"] == other["decided"]
    assert easy["conversion_rate"] == easy["orders"] / easy["decided"] > 0.3
    raised = {event["episode"] for event in events_of(good, "IssueRaised")}
    orders = [one for one in events_of(good, "OrderPlaced") if one["episode"].endswith("/easy")]
    open_units = sum(one["quantity"] for one in orders if one["episode"] in raised)
    assert easy["unsettled"] == sum(one["episode"] in raised for one in orders) > 0
    assert easy["refund_rate_low"] == 0.0
    assert easy["refund_rate_high"] == open_units / easy["units"]
    [funnel] = [one for one in report(good, {}).sections if one.name == "funnel"]
    [support] = [line for line in funnel.tables[0].rows if line[0].text == "contacted support"]
    assert support[2].below == f"{easy['unsettled']} not known", "they failed before they spoke"
    said = " ".join(sim("replay", good).stdout.split())
    assert f"{easy['failed']} episodes failed: {easy['failed']} after the buyer's decision" in said


@pytest.mark.slow
def test_without_failures_everything_is_as_it_was(tmp_path: Path) -> None:
    """By the rule that went before: whatever did not close counts nowhere."""
    launched(tmp_path / "run", *SMALL)
    found = replayed(tmp_path / "run")["overall"]
    rows = rows_of(map(json.loads, event_lines(tmp_path / "run")))
    before = plain([row for row in rows if row["status"] == "closed"])
    assert shared(found) == before
    assert found["decided"] == found["episodes"] == len(rows)
    assert found["conversion_rate_low"] == found["conversion_rate"] == found["conversion_rate_high"]
    assert found["refund_rate_low"] == found["refund_rate"] == found["refund_rate_high"]
    assert found["net_revenue_cents_low"] == found["net_revenue_cents"]
    assert "failed: " not in sim("replay", tmp_path / "run").stdout
    said = "".join(map(str, report(tmp_path / "run", {}).sections[:4]))
    assert MARKED not in said + sim("replay", tmp_path / "run").stdout
    assert "≥" not in said
    notes = outcome_of("pairwise", {"all": tmp_path / "run"}).notes
    assert not any("failed: " in note for note in notes)


# -- selective failures ---------------------------------------------------------------------

COIN = """
[products]
per_category = 30
[design]
replications = 8
[[sellers]]
id = "plain-dealer"
[[buyers]]
id = "a"
agent = "stumbling:Coin"
options = { buys = 0.7, fails = FAILS }
[[buyers]]
id = "b"
agent = "stumbling:Coin"
options = { buys = 0.7, fails = FAILS }
"""


@pytest.mark.slow
def test_failing_calls_do_not_bias_conversion(tmp_path: Path) -> None:
    """Those who buy are asked more often, so more of them fail: to count what closed is biased.

    Where nothing fails, the same buyers decide the same, so the truth is known.
    """
    for name in ("sound", "failing"):
        (tmp_path / name).mkdir()
    sound = played(tmp_path / "sound", COIN.replace("FAILS", "0.0"))
    failing = played(tmp_path / "failing", COIN.replace("FAILS", "0.05"))
    truth, found = (replayed(run)["overall"] for run in (sound, failing))
    true = truth["conversion_rate"]
    assert abs(true - 0.7) < 3 * math.sqrt(0.7 * 0.3 / truth["decided"])
    # Of so many that all decided, as many were left out blindly.
    missing = 1 / found["decided"] - 1 / truth["decided"]
    assert abs(found["conversion_rate"] - true) < 3 * math.sqrt(true * (1 - true) * missing)
    assert found["conversion_rate_low"] < true < found["conversion_rate_high"]
    # The control: what counts only those that closed reads 63 % instead of 70 %.
    closed = load(failing).episodes.filter(status="closed")
    old = int((closed["orders"] > 0).sum()) / closed.height
    expected = true * 0.95**6 / (true * 0.95**6 + 1 - true)
    error = math.sqrt(expected * (1 - expected) / closed.height)
    assert abs(old - expected) < 3 * error < true - old


# -- sales conversations --------------------------------------------------------------------

TALKS = """
[run]
seed = 3
[design]
protocol = "csales"
[[sellers]]
id = "csi"
agent = "stumbling:Talker"
[[sellers]]
id = "random"
agent = "random-action"
[[buyers]]
id = "csuser"
agent = "stumbling:Shopper"
"""


@pytest.mark.slow
def test_conversations_count_as_far_as_they_came(tmp_path: Path) -> None:
    run = played(tmp_path, TALKS)
    events: list[dict[str, Any]] = [json.loads(line) for line in event_lines(run)]
    rows = rows_of(events)
    found, outcome = conversations(load(run)), table(load(run))
    failed = [row for row in rows if row["status"] == "failed"]
    assert failed and all(not row["decided"] for row in failed)
    assert found.conversations.height == len(rows) - len(failed)
    kinds = Counter(event["type"] for event in events)
    assert found.actions.height == kinds["ActionChosen"]
    assert found.inferences.height == kinds["ProfileInferred"]
    assert found.inferences.filter(~pl.col("decided")).height > 0
    values = {row.label: {v.name: v.measured for v in row.values} for row in outcome.rows}
    for seller in ("csi", "random"):
        mine = plain([row for row in rows if row["seller"] == seller])
        assert values[seller]["SR"].value == pytest.approx(mine["conversion_rate"])
        assert values[seller]["SR"].n == mine["decided"]
        low, high = mine["conversion_rate_low"], mine["conversion_rate_high"]
        told = f"{seller} ({mine['failed']:,} failed) {low:.1%} or {high:.1%}"
        assert any(told in note for note in outcome.notes)
    first = sum(e["type"] == "ProfileInferred" and e["turn"] == 1 for e in events)
    assert sum(values[f"{s}, turn 1"]["category read"].n for s in ("csi", "random")) == first
