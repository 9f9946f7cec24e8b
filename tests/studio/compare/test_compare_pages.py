"""Two runs beside each other: the verdict, and the pairs that changed most."""

from __future__ import annotations

import re
from html import escape, unescape
from pathlib import Path
from urllib.parse import urlencode

import polars as pl
import pytest

from retailsim.analysis.measures.changed_pairs import READS, change, changed_pairs, most_changed
from retailsim.analysis.measures.value_text import written
from retailsim.analysis.projection.loader import load
from retailsim.events.messages import MessageSent
from retailsim.sim.look.side_by_side import side_by_side, streams_of
from retailsim.sim.studio.compare.pairs import Asked, asked_in, pairs_shown
from tests.analysis.fakelog import closed, market, opened, order, write_run
from tests.sim.runs import SMALL, launched
from tests.studio.server import Client, ask

PAIR = {
    **dict.fromkeys(("category", "seller", "seller_two", "buyer", "buyer_two"), "x"),
    **dict.fromkeys(("condition", "condition_two"), "base"),
    "replication": 1,
    "outcome": None,
    "outcome_two": None,
}


def made(*changes: tuple[bool, bool, int, int]) -> pl.DataFrame:
    """Pairs by what each side bought and took in; their names say their places."""
    rows = [
        {
            **PAIR,
            "about": str(n),
            "episode": f"a{n}",
            "episode_two": f"b{n}",
            "bought": one,
            "bought_two": two,
            "net": before,
            "net_two": after,
            "profit": None,
            "profit_two": None,
        }
        for n, (one, two, before, after) in enumerate(changes)
    ]
    return pl.DataFrame(rows, schema_overrides={"profit": pl.Int64, "profit_two": pl.Int64})


PAIRS = made(
    (False, False, 0, 0), (True, True, 900, 500), (False, True, 0, 100), (True, False, 300, 0)
)


@pytest.mark.parametrize(
    ("by", "way", "order"),
    [
        ("net", "either", "1320"),
        ("net", "up", "2"),
        ("net", "down", "13"),
        ("decision", "either", "3210"),
        ("decision", "up", "2"),
        ("profit", "up", ""),
    ],
)
def test_what_changed_most_is_first(by: str, way: str, order: str) -> None:
    asked = asked_in({"by": by, "way": way})
    assert "".join(most_changed(PAIRS, asked.by, asked.way)["about"]) == order


def test_a_filter_keeps_pairs_with_that_seat_on_either_side() -> None:
    renamed = PAIRS.with_columns(
        seller=pl.Series(["ann", "ann", "bob", "bob"]),
        seller_two=pl.Series(["ann", "cat", "cat", "bob"]),
    )
    shown = pairs_shown(renamed, Asked(seller="cat"), ("one", "two"))
    assert [row.about for row in shown.rows] == ["1", "2"]
    assert shown.rows[0].seats == "ann → cat, x"
    assert shown.options["seller"] == ("ann", "bob", "cat")
    assert shown.counted[0].startswith("Of 4 pairs, 1 buy in two only, 1 in one only, and 2 ")
    assert not pairs_shown(renamed, Asked(category="none"), ("one", "two")).rows


def test_pages_of_pairs_follow_each_other() -> None:
    many = made(*((True, True, 0, n) for n in range(120)))
    asked, seen = Asked(a="x", b="y", way="up"), []
    while True:
        shown = pairs_shown(many, asked, ("x", "y"))
        seen += [row.about for row in shown.rows]
        if shown.behind is None:
            break
        asked = asked_in(dict(part.split("=") for part in shown.behind.split("&")))
    assert seen == [str(n) for n in range(119, 0, -1)]
    assert shown.before == "a=x&b=y&way=up&after=50"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    launched(folder / "base", *SMALL)
    launched(folder / "cheap", *SMALL, "--set", "design.discount=0.3")
    launched(folder / "other", *SMALL, "--seed", "9")
    launched(folder / "talk", "csales", "--set", "profiles.count=2")
    told = (folder / "cheap" / "run.toml").read_text()
    francs = folder / "francs"
    (folder / "cheap").rename(francs)
    (folder / "cheap").mkdir()
    for part in ("events", "inputs"):
        (folder / "cheap" / part).symlink_to(francs / part)
    (folder / "cheap" / "run.toml").write_text(told)
    (francs / "run.toml").write_text(
        told.replace("[scenario.products]\n", '[scenario.products]\ncurrency = "CHF"\n')
    )
    return folder


@pytest.mark.slow
def test_the_pairs_are_those_that_the_verdict_is_of(runs: Path) -> None:
    first, second = runs / "base", runs / "cheap"
    found = side_by_side(first, second).comparison
    pairs = changed_pairs(load(first, READS), load(second, READS), streams_of(first, second))
    assert pairs.height == found.pairs == 100
    planned = {one.measure: one.test.estimate for one in found.planned}
    for by, measure in (
        ("net", "net_revenue_cents"),
        ("profit", "profit_cents"),
        ("decision", "conversion_rate"),
    ):
        mean = pairs.select(change(asked_in({"by": by}).by).mean()).item()
        assert mean == pytest.approx(planned[measure]), measure
        assert mean != 0


async def text(client: Client, path: str) -> tuple[int, str]:
    async with client.get(path) as answer:
        return answer.status, await answer.text()


@pytest.mark.slow
def test_the_page_has_the_verdict_first_and_each_pair_of_a_filter(runs: Path) -> None:
    verdict = side_by_side(runs / "base", runs / "cheap").verdict[0].removesuffix(".")

    async def main(client: Client) -> None:
        status, page = await text(client, "/compare?a=base&b=cheap")
        assert status == 200
        assert re.findall(r"<h1>(.*?)</h1>", page) == [verdict]
        assert page.index("What differs") < page.index('id="pairs"') < page.index('id="parts"')
        assert page.count('scope="row"') == 50
        _, page = await text(client, "/compare?a=base&b=cheap&seller=quiet-clerk&way=down")
        rows = re.findall(r'scope="row">.*?</tr>', page, re.DOTALL)
        assert rows
        assert all("quiet-clerk" in row and "▼" in row for row in rows)
        assert (await text(client, "/compare?a=base&b=cheap&by=luck"))[0] == 400
        assert (await text(client, "/compare?a=base&b=nowhere"))[0] == 404

    ask(runs, main)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("other", "status", "said"),
    [
        ("talk", 409, "compare runs of one protocol"),
        ("francs", 409, "CHF"),
        ("other", 200, "no two of their episodes are a pair"),
        ("base", 200, "0 buy in base (again) only"),
    ],
)
def test_runs_without_pairs_are_told_in_a_line(
    runs: Path, other: str, status: int, said: str
) -> None:
    async def main(client: Client) -> None:
        found, page = await text(client, f"/compare?a=base&b={other}")
        assert found == status
        assert said in page
        assert ("cannot be compared" in page) is (status == 409)
        assert f'<option value="{other}" selected>{other}</option>' in page or status == 200

    ask(runs, main)


HOSTILE = "<script>alert(1)</script>"
STEP = re.compile(r'rel="(prev|next)" href="(.*?)"')


@pytest.mark.slow
def test_pairs_follow_each_other_in_the_order_of_the_table(runs: Path) -> None:
    query = "a=base&b=cheap&by=profit&way=down&seller=quiet-clerk"

    async def main(client: Client) -> None:
        _, page = await text(client, f"/compare?{query}")
        table = [unescape(one) for one in re.findall(r'href="./(compare/episodes[^"]*)', page)]
        assert len(table) > 2
        seen, here = [], table[0]
        while True:
            seen.append(here)
            status, page = await text(client, f"/{here}")
            assert status == 200
            steps = dict(STEP.findall(page))
            assert ("prev" in steps) is (len(seen) > 1)
            if "next" not in steps:
                break
            here = unescape(steps["next"]).removeprefix("../")
        assert seen == table
        assert f"{len(table)} of {len(table)}" in page
        _, page = await text(client, f"/{here}&only")
        assert 'class="twins alike"' not in page and 'class="twins other"' in page

    ask(runs, main)


@pytest.mark.slow
def test_a_pair_says_what_both_logs_say(runs: Path) -> None:
    """The numbers are those of both episodes; all else that differs is marked on both sides."""
    one, two = runs / "base", runs / "cheap"
    pairs = changed_pairs(load(one, READS), load(two, READS), streams_of(one, two))
    row = most_changed(pairs, "net").row(0, named=True)
    ids = {"id_a": row["episode"], "id_b": row["episode_two"]}

    async def main(client: Client) -> None:
        _, page = await text(client, f"/compare/episodes?a=base&b=cheap&{urlencode(ids)}")
        for name in ("net", "profit"):
            both = (written("cents", row[f"{name}{side}"]) for side in ("", "_two"))
            assert " → ".join(both) in page
        assert "bought" in page and page.count('<div class="twins other">') > 0
        assert page.count("<mark>") > 0
        _, page = await text(client, f"/compare/episodes?a=base&b=base&{urlencode(ids)}")
        assert "<mark>" not in page and 'class="twins other"' not in page
        for left in ("id_a", "id_b"):
            some = urlencode({**ids, left: "none"})
            status, page = await text(client, f"/compare/episodes?a=base&b=cheap&{some}")
            assert status == 404 and "no episode of this name" in page
        other = urlencode({**ids, "id_b": pairs["episode_two"][-1]})
        _, page = await text(client, f"/compare/episodes?a=base&b=cheap&{other}")
        assert "no pair of the comparison" in page
        status, page = await text(client, f"/compare/episodes?a=base&b=francs&{urlencode(ids)}")
        assert status == 409 and "CHF" in page

    ask(runs, main)


@pytest.mark.slow
def test_hostile_text_stays_text(tmp_path: Path) -> None:
    for name, price in (("one", 1000), ("two", 900)):
        said = MessageSent(
            stage="sales", role="seller", turn=1, text=f"{HOSTILE} it costs {price} and no more"
        )
        start = opened(HOSTILE, HOSTILE, title=HOSTILE, category=HOSTILE, price_cents=price)
        bought = (order(price=price),) if name == "two" else ()
        events = market("m", closed("e<i>&#1", start, said, *bought))
        write_run(tmp_path / name, events, protocol="nobodys")

    async def main(client: Client) -> None:
        _, page = await text(client, "/compare?a=one&b=two&seller=%22%3E%3Cscript%3E")
        assert "No pair is like that" in page and "<script" not in page
        _, page = await text(client, "/compare?a=one&b=two")
        assert "<script" not in page and page.count(escape(HOSTILE)) > 3
        found = re.search(r'href="./(compare/episodes[^"]*)', page)
        assert found
        _, page = await text(client, f"/{unescape(found[1])}")
        assert "<script" not in page and "<i>" not in page
        assert f"{escape(HOSTILE)} it costs <mark>1000</mark> and no more" in page

    ask(tmp_path, main)
