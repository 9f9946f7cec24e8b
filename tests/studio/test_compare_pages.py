"""Two runs beside each other: the verdict, and the pairs that changed most."""

from __future__ import annotations

import re
from pathlib import Path

import anyio
import polars as pl
import pytest

from retailsim.analysis.measures.changed_pairs import READS, change, changed_pairs, most_changed
from retailsim.analysis.projection.loader import load
from retailsim.sim.look.side_by_side import side_by_side, streams_of
from retailsim.sim.studio.pairs import Asked, asked_in, pairs_shown
from tests.sim.runs import SMALL, launched
from tests.studio.server import Client, served

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

    async def main() -> None:
        async with served(runs) as client:
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

    anyio.run(main)


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
    async def main() -> None:
        async with served(runs) as client:
            found, page = await text(client, f"/compare?a=base&b={other}")
            assert found == status
            assert said in page
            assert ("cannot be compared" in page) is (status == 409)
            assert f"<option selected>{other}</option>" in page or status == 200

    anyio.run(main)
