"""The episodes of a run: filtered and sorted as a plain second way does it, by page and as JSON."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import anyio
import anyio.lowlevel
import msgspec
import pytest

from retailsim.analysis.listing.columns import columns_with
from retailsim.analysis.listing.episode_filter import EpisodeFilter, filter_of
from retailsim.analysis.listing.listing import EpisodeList, episode_list
from retailsim.analysis.projection.errors import BadTables
from retailsim.events import messages as m
from retailsim.events.log.lock import RunLock
from retailsim.sim.folder.run_progress import RunProgress, progress_place
from retailsim.sim.studio.episodes import lists
from retailsim.sim.studio.episodes.lists import LISTS
from tests.analysis.fakelog import closed, episode, market, opened, order, review, write_run
from tests.sim.runs import small_run
from tests.studio.episodes.plain_episodes import Row, plain_list, plain_rows
from tests.studio.server import Client, ask

HOSTILE = "<script>alert('1')</script> & \"quoted\""


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run of a hundred episodes, and one with failures and a hostile title."""
    root = tmp_path_factory.mktemp("listed")
    small_run(root / "whole")
    failed = m.EpisodeFailed(stage="pre_inquiry", reason="no answer")
    undecided = episode("e1", opened(buyer="one", title=HOSTILE), failed)
    late = [opened(buyer="two"), order(2), review("pitch", 2), review("product", 5)]
    failed = m.EpisodeFailed(stage="review", reason="no answer")
    events = market(
        "m",
        undecided,
        episode("e2", *late, failed),
        closed("e3", opened(buyer="one", price_cents=900), m.DecisionMade(
            will_purchase=False, quantity=0, quantity_reason="", sentiment="Neutral", reason=""
        )),
        episode("e4", opened(buyer="two")),
    )  # fmt: skip
    run = write_run(root / "mixed", events, seal=False)
    (run / "run.toml").write_text("")
    return root


QUERIES: list[dict[str, str]] = [
    {},
    {"seller": "quiet-clerk", "sort": "-net"},
    {"buyer": "bargain-hunter", "bought": "yes", "sort": "stars"},
    {"category": "Food", "outcome": "refunded", "sort": "title"},
    {"min_rating": "4.25", "sort": "-stars"},
    {"text": "SHOWMAN", "sort": "-turns"},
    {"text": "rsel", "bought": "no", "sort": "-price"},
    {"text": ".*", "sort": "net"},
    {"condition": "base", "status": "closed", "sort": "-episode", "offset": "3", "limit": "7"},
    {"status": "failed"},
    {"offset": "99"},
    {"offset": "1000000"},
]


async def told(client: Client, run: str, query: Mapping[str, str]) -> dict[str, Any]:
    async with client.get(f"/runs/{run}/episodes.json", params=query) as answer:
        assert answer.status == 200, await answer.text()
        said: dict[str, Any] = await answer.json()
        return said


def same(row: Row, plain: Row) -> bool:
    return {name: row[name] for name in plain} == plain


def test_every_filter_and_order_gives_what_the_log_says(runs: Path) -> None:
    plain = plain_rows(runs / "whole")
    assert len(plain) == 100

    async def questions(client: Client) -> None:
        for query in QUERIES:
            expected = plain_list(plain, query)
            at, size = int(query.get("offset", 0)), int(query.get("limit", 100))
            found = await told(client, "whole", query)
            assert found["total"] == len(expected), query
            wanted = expected[at : at + size]
            assert len(found["rows"]) == len(wanted), query
            assert all(map(same, found["rows"], wanted)), query

    ask(runs, questions)
    counts = {len(plain_list(plain, query)) for query in QUERIES}
    assert len(counts) > 6  # filters that let all or nothing through would prove little


def test_failures_and_what_is_not_known_are_listed_as_such(runs: Path) -> None:
    plain = plain_rows(runs / "mixed")

    async def questions(client: Client) -> None:
        for query, expected in (
            ({}, ["e1", "e2", "e3", "e4"]),
            ({"bought": "yes"}, ["e2"]),
            ({"bought": "no"}, ["e3"]),
            ({"status": "failed"}, ["e1", "e2"]),
            ({"status": "open"}, ["e4"]),
            ({"stage": "review"}, ["e2"]),
            ({"min_rating": "3.5"}, ["e2"]),
            ({"sort": "units"}, ["e3", "e2", "e1", "e4"]),
            ({"sort": "-units"}, ["e2", "e3", "e1", "e4"]),
        ):
            found = await told(client, "mixed", query)
            assert [row["episode"] for row in found["rows"]] == expected, query
            assert [row["episode"] for row in plain_list(plain, query)] == expected, query
        page = await (await client.get("/runs/mixed/episodes")).text()
        assert "failed: pre inquiry" in page and "not ended" in page
        assert "The run is not complete." in page

    ask(runs, questions)


def test_neighbours_are_those_of_the_list_and_none_is_beyond_its_ends(runs: Path) -> None:
    episodes = episode_list(runs / "whole")
    for query in ({}, {"sort": "-net"}, {"seller": "quiet-clerk", "sort": "stars"}):
        wanted = filter_of(query.items())
        ids = [row["episode"] for row in episodes.rows(wanted).rows]
        for at, name in enumerate(ids):
            before = ids[at - 1] if at else None
            after = ids[at + 1] if at + 1 < len(ids) else None
            assert episodes.neighbours(wanted, name) == (before, after, at + 1, len(ids))
    elsewhere = next(n for n in (row["episode"] for row in plain_rows(runs / "whole")) if
                     n not in ids)  # fmt: skip
    assert episodes.neighbours(wanted, elsewhere) == (None, None, None, len(ids))
    assert episodes.neighbours(wanted, "no such episode").place is None


@pytest.mark.parametrize(
    ("query", "line"),
    [
        ("seler=x", "seler: 'seler' is not there; did you mean seller?"),
        ("buyer=a&buyer=b", "buyer: it is there twice; give one value"),
        ("status=maybe", "status: 'maybe' is not there; there is closed, failed, open"),
        ("seller=quiet-clark", "seller: 'quiet-clark' is not there; did you mean quiet-clerk?"),
        ("sort=-nett", "sort: 'nett' is not there; did you mean net?"),
        ("limit=1001", "limit: '1001' is not a whole number from 1 to 1,000"),
        ("offset=-1", "offset: '-1' is not a whole number from 0 to 1,000,000,000,000"),
        ("min_rating=nan", "min_rating: 'nan' is not a number from 1 to 5"),
        ("text=" + "x" * 201, "text: it is longer than 200 characters; search for less"),
    ],
)
def test_what_cannot_be_asked_gives_one_line(runs: Path, query: str, line: str) -> None:
    async def questions(client: Client) -> None:
        async with client.get(f"/runs/whole/episodes.json?{query}") as answer:
            assert (answer.status, await answer.json()) == (400, {"error": line})
        for path in ("episodes", "episodes/rows"):
            async with client.get(f"/runs/whole/{path}?{query}") as answer:
                assert answer.status == 400
                assert f"<p>{line}</p>" in unescape(await answer.text())

    ask(runs, questions)


LINK = re.compile(r'<a [^>]*href="([^"]*)"[^>]*>(.*?)</a>')


def links(page: str) -> dict[str, str]:
    """The addresses of a page by what their links say."""
    found = LINK.findall(page)
    return {unescape(re.sub("<[^>]*>", "", text)).strip(): unescape(to) for to, text in found}


def test_a_page_leads_on_by_links_alone(runs: Path) -> None:
    """Next, last, a column's order, taking away what is set: each is an address."""

    async def questions(client: Client) -> None:
        async def page(address: str) -> str:
            async with client.get(f"/runs/whole/{address}") as answer:
                assert answer.status == 200
                return await answer.text()

        first = await page("episodes?limit=30&seller=quiet-clerk&bought=no&sort=-price")
        assert links(first)["Seller: quiet-clerk×: take away"] == (
            "episodes?bought=no&sort=-price&limit=30"
        )
        assert links(first)["Clear all"] == "episodes"
        assert 'aria-sort="descending"' in first
        all_of = await page("episodes?limit=30")
        last = await page(links(all_of)["Last"])
        assert last.count('class="name"><a') == 10 and "91 to 100" in last
        assert "Next" not in links(last)
        assert links(last)["Previous"] == "episodes?offset=60&limit=30"
        assert 'aria-rowindex="92"' in last  # the row of heads is the first
        to_net = await page(links(all_of)["Net"])
        rows = plain_list(plain_rows(runs / "whole"), {"sort": "-net"})
        shown = [unescape(title) for title in re.findall(r'<a [^>]*title="([^"]*)"', to_net)]
        assert shown == [row["episode"] for row in rows[:30]]

    ask(runs, questions)


def test_a_protocol_cannot_name_a_column_that_is_there() -> None:
    own = columns_with({"mood": "Mood"})[-1]
    assert (own.name, own.label, own.unit) == ("mood", "Mood", "text")
    with pytest.raises(BadTables, match="the list of episodes already has a column 'bought'"):
        columns_with({"bought": "Item"}, "auction")


def test_a_row_leads_to_its_episode_with_the_filter(runs: Path) -> None:
    async def questions(client: Client) -> None:
        query = {"buyer": "bargain-hunter", "sort": "-net", "offset": "2"}
        row = (await told(client, "whole", query))["rows"][0]
        page = await (await client.get("/runs/whole/episodes", params=query)).text()
        (to,) = re.findall(f'<a href="([^"]*)" title="{row["episode"]}">', page)
        link = urlsplit(unescape(to))
        assert link.path == "episode"
        asked = {"id": [row["episode"]], "buyer": ["bargain-hunter"], "sort": ["-net"]}
        assert parse_qs(link.query) == asked

    ask(runs, questions)


def test_what_a_form_leaves_empty_is_not_in_the_address(runs: Path) -> None:
    async def questions(client: Client) -> None:
        sent = "seller=quiet-clerk&buyer=&text=&sort=-net"
        async with client.get(f"/runs/whole/episodes?{sent}", allow_redirects=False) as answer:
            assert answer.status == 303
            assert answer.headers["Location"] == "episodes?seller=quiet-clerk&sort=-net"

    ask(runs, questions)


def test_a_hostile_title_stays_text(runs: Path) -> None:
    async def questions(client: Client) -> None:
        for path in ("episodes", "episodes/rows"):
            query = urlencode({"text": "<SCRIPT>"})
            page = await (await client.get(f"/runs/mixed/{path}?{query}")).text()
            assert "<script>" not in page.lower().replace('<script type="module"', "")
            assert HOSTILE in links(page)
            assert "“<SCRIPT>”×: take away" in links(page)

    ask(runs, questions)


async def until(condition: Callable[[], bool]) -> None:
    with anyio.fail_after(60):
        while not condition():
            await anyio.lowlevel.checkpoint()


def test_who_has_gone_gets_no_work_and_lists_are_dropped_by_their_bytes(
    runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    rows = EpisodeList.rows

    def counting(self: EpisodeList, wanted: EpisodeFilter) -> Any:
        asked.append(wanted.text)
        return rows(self, wanted)

    monkeypatch.setattr(EpisodeList, "rows", counting)

    async def questions(client: Client) -> None:
        kept = client.app[LISTS] if client.app else None
        assert kept is not None
        await told(client, "whole", {})
        turn = kept._turns[runs / "whole"]
        await turn.acquire()
        waiting = [
            asyncio.create_task(told(client, "whole", {"text": text})) for text in ("a", "ab")
        ]
        await until(lambda: turn.statistics().tasks_waiting == 2)
        waiting[0].cancel()
        runner = client.server.runner
        assert runner is not None
        server = runner.server
        assert server is not None
        server.handler_cancellation = False  # as the studio's own, unlike aiohttp's for tests
        await until(lambda: any(one.transport is None for one in server.connections))
        turn.release()
        await waiting[1]
        assert asked == ["", "ab"]
        kept.most_bytes = 1
        await told(client, "mixed", {})
        assert list(kept._kept) == [runs / "mixed"]

    ask(runs, questions)


def progress(done: int) -> RunProgress:
    now = datetime.now(UTC)
    return RunProgress(
        state="running", total=9, done=done, failed=0, per_s=1.0, models=None, budget_usd=None,
        started=now, written=now,
    )  # fmt: skip


def test_a_log_that_grew_is_read_again_by_the_page_and_not_while_its_rows_are_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "REST", 0)
    run = write_run(tmp_path / "run", market("m", closed("e", opened())), seal=False)
    (run / "run.toml").write_text("")

    async def questions(client: Client) -> None:
        async def count(path: str) -> str:
            text = await (await client.get(f"/runs/run/{path}")).text()
            (found,) = re.findall(r'data-total="(\d+)"', text)
            return str(found)

        async def newer() -> str:
            answer = await client.get("/runs/run/episodes/newer.json")
            return str((await answer.json())["newer"])

        assert await count("episodes") == "1"
        assert await newer() == ""
        more = market("n", closed("f", opened()), closed("g", opened()))
        write_run(tmp_path / "more", [], more, seal=False, name="run")
        (new,) = (tmp_path / "more" / "events").glob("0001-*")
        new.rename(run / "events" / new.name)
        assert await count("episodes/rows") == "1"
        assert await newer() == "New episodes"
        progress_place(run).parent.mkdir()
        progress_place(run).write_bytes(msgspec.json.encode(progress(done=3)))
        assert await newer() == "2 new episodes"
        assert await count("episodes") == "3"
        assert await newer() == ""
        assert await count("episodes/rows") == "3"

    ask(tmp_path, questions)


def test_a_run_that_has_ended_is_read_again_at_once_and_one_that_goes_on_rests(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else its episodes would be fewer than its overview says, for as long as the rest lasts."""
    monkeypatch.setattr(lists, "REST", 1e9)
    run = write_run(tmp_path / "run", market("m", closed("e", opened())), seal=False)
    (run / "run.toml").write_text("")

    async def questions(client: Client) -> None:
        async def total() -> int:
            answer = await client.get("/runs/run/episodes.json")
            return int((await answer.json())["total"])

        with RunLock(run / "lock"):
            assert await total() == 1
            more = market("n", closed("f", opened()))
            write_run(tmp_path / "more", [], more, seal=False, name="run")
            (new,) = (tmp_path / "more" / "events").glob("0001-*")
            new.rename(run / "events" / new.name)
            assert await total() == 1
        assert await total() == 2

    ask(tmp_path, questions)
