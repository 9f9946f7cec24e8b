"""A run that is going on, followed as events: counted as it grows, while somebody looks."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyio import to_thread

from retailsim.analysis.projection.growing import GrowingLog
from retailsim.sim.studio.overview import live, watch
from retailsim.sim.studio.site.studio import STUDIO
from tests.sim.runs import small_run
from tests.studio.growing_run import Growing
from tests.studio.server import Client, ask
from tests.waiting import until

pytestmark = pytest.mark.slow

PATIENCE_S = 60.0


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("whole") / "run"
    small_run(out)
    return out


@pytest.fixture
def growing(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Growing]:
    monkeypatch.setattr(watch, "EVERY_S", 0.05)
    monkeypatch.setattr(watch, "REST_CHAPTERS", 0)
    with Growing(whole, tmp_path / "run") as found:
        yield found


@dataclass(frozen=True)
class Event:
    name: str
    id: int
    data: str

    @property
    def told(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.data)
        return found


@asynccontextmanager
async def events(client: Client, query: str = "", last: str = "") -> AsyncIterator[Any]:
    """Open a stream, as a page does; yields its events as they come."""
    headers = {"Last-Event-ID": last} if last else {}
    async with client.get(f"/runs/run/live{query}", headers=headers) as answer:
        assert answer.status == 200 and answer.content_type == "text/event-stream"

        async def each() -> AsyncIterator[Event]:
            held = b""
            while chunk := await answer.content.readany():
                held += chunk
                *blocks, held = held.split(b"\n\n")
                for block in blocks:
                    lines = [line.partition(": ") for line in block.decode().split("\n")]
                    if lines[0][0]:  # else a line that only says that it is there
                        data = "\n".join(value for key, _, value in lines if key == "data")
                        named = {key: value for key, _, value in lines}
                        yield Event(named["event"], int(named["id"]), data)

        with anyio.fail_after(PATIENCE_S):
            yield each()


def test_a_run_is_followed_to_its_end(growing: Growing) -> None:
    growing.grow()

    async def questions(client: Client) -> None:
        seen: list[Event] = []
        async with events(client) as stream:
            async for one in stream:
                seen.append(one)
                if one.name == "sections":
                    if growing.parts:
                        growing.grow()
                    elif growing.segment.exists():
                        growing.end()
        names = [one.name for one in seen]
        assert names[0] == "counters" and names[-1] == "end" and names.count("end") == 1
        assert seen[-1].told == {"state": "complete", "said": ""}
        assert [one.id for one in seen] == sorted(one.id for one in seen)
        counted = [one.told["done"] for one in seen if one.name == "counters"]
        assert counted == sorted(set(counted) | {100}) or counted[-2:] == [100, 100]
        assert 0 < counted[0] < 100
        sections = [one.data for one in seen if one.name == "sections"]
        assert len(sections) >= 3
        assert "100 episodes between" in sections[-1] and 'id="rules"' in sections[-1]
        assert 'id="rules"' not in sections[0] and "not finished" in sections[0]

    ask(growing.run.parent, questions)


def test_a_run_that_has_only_begun_has_a_page(growing: Growing) -> None:
    async def questions(client: Client) -> None:
        async with client.get("/runs/run/") as answer:
            page = await answer.text()
        assert answer.status == 200 and "0 of 100 episodes" in page
        assert 'data-live="live?since=0"' in page and "A chapter is missing" not in page
        async with events(client) as stream:
            async for one in stream:
                if one.name == "counters" and not one.told["done"]:
                    growing.grow()
                elif one.name == "counters":
                    break

    ask(growing.run.parent, questions)


def test_who_comes_back_is_told_what_is_new_and_not_more(growing: Growing) -> None:
    growing.grow()

    async def questions(client: Client) -> None:
        async with events(client) as stream:
            async for one in stream:
                if one.name == "sections":
                    break
        last = str(one.id)
        assert int(last) == growing.segment.stat().st_size
        for query, header in (("", last), (f"?since={last}", "")):
            async with events(client, query, header) as stream:
                first = [one async for one in _until_silent(stream)]
            assert [one.name for one in first] == ["counters"]
        async with events(client, "?since=0&measure=conversion_rate") as stream:
            async for one in stream:
                if one.name == "sections":
                    assert 'measure=conversion_rate#pairs" aria-current' in one.data
                    break

    ask(growing.run.parent, questions)


async def _until_silent(stream: AsyncIterator[Event]) -> AsyncIterator[Event]:
    """Yield what comes first, and what else comes within two seconds."""
    yield await anext(stream)
    with anyio.move_on_after(2.0):
        async for one in stream:
            yield one


def test_a_killed_run_says_how_to_go_on(growing: Growing) -> None:
    growing.grow()

    async def questions(client: Client) -> None:
        async with events(client) as stream:
            async for one in stream:
                if one.name == "counters" and one.told["state"] == "running":
                    growing.kill()
                if one.name == "sections":
                    last = one.data
        assert one.name == "end" and one.told["state"] == "unfinished"
        assert f"resume {growing.run}" in last

    ask(growing.run.parent, questions)


def test_damage_ends_it_with_the_file(growing: Growing) -> None:
    growing.grow()

    async def questions(client: Client) -> None:
        async with events(client) as stream:
            async for one in stream:
                if one.name == "counters" and one.told["state"] == "running":
                    growing.segment.rename(growing.segment.with_name("0000-00000001.jsonl.open"))
        assert one.name == "end" and one.told["state"] == "damaged"
        assert "0000-00000000.jsonl" in one.told["said"]

    ask(growing.run.parent, questions)


def test_one_reader_however_many_look_and_none_when_nobody_does(
    growing: Growing, monkeypatch: pytest.MonkeyPatch
) -> None:
    growing.grow()
    looks: list[int] = []
    advance = GrowingLog.advance

    def counted(self: GrowingLog) -> bool:
        looks.append(id(self))
        return advance(self)

    monkeypatch.setattr(GrowingLog, "advance", counted)

    async def questions(client: Client) -> None:
        async with events(client) as one, events(client) as other:
            for stream in (one, other):
                async for event in stream:
                    assert event.name == "counters"
                    break
            await to_thread.run_sync(until, lambda: len(looks) >= 5)
        assert len(set(looks)) == 1
        app = client.app
        await to_thread.run_sync(until, lambda: not app[live.STREAMS].open)
        await anyio.sleep(0.5)
        before = len(looks)
        await anyio.sleep(1.0)
        assert len(looks) == before

    ask(growing.run.parent, questions)


def test_a_page_follows_from_where_its_chapters_were_made(
    growing: Growing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else chapters that are made after their rest would be no news to it, and never come."""
    monkeypatch.setattr(watch, "REST_CHAPTERS", 1_000_000)
    growing.grow()
    made_at = growing.segment.stat().st_size

    async def questions(client: Client) -> None:
        for _ in range(2):
            async with client.get("/runs/run/") as answer:
                assert f'data-live="live?since={made_at}"' in await answer.text()
            if growing.parts:
                growing.grow()

    ask(growing.run.parent, questions)


def test_who_come_at_once_have_one_reader(growing: Growing) -> None:
    growing.grow()

    async def questions(client: Client) -> None:
        assert client.app is not None
        watches, studio, found = client.app[watch.WATCHES], client.app[STUDIO], []

        async def come() -> None:
            found.append(await watches.of(growing.run, studio))

        async with anyio.create_task_group() as group:
            group.start_soon(come)
            group.start_soon(come)
        assert found[0] is found[1]

    ask(growing.run.parent, questions)


def test_a_browser_keeps_connections_for_its_pages(growing: Growing) -> None:
    growing.grow()

    async def questions(client: Client) -> None:
        async with (
            events(client),
            events(client),
            events(client),
            events(client) as last,
            client.get("/runs/run/live") as refused,
        ):
            assert refused.status == 503
            assert "Too many pages" in await refused.text()
            async for one in last:
                assert one.name == "counters"
                break
            other = {"User-Agent": "another browser"}
            async with client.get("/runs/run/live", headers=other) as answer:
                assert answer.status == 200

    ask(growing.run.parent, questions)


def test_streams_end_with_the_server(growing: Growing) -> None:
    growing.grow()

    async def questions(client: Client) -> None:
        async with events(client) as stream:
            async for one in stream:
                assert one.name == "counters"
                break
            app = client.app
            assert app is not None
            app[STUDIO].closing.set()
            async for _ in stream:  # else it goes on, for its run does
                pass

    ask(growing.run.parent, questions)


def test_a_sealed_run_is_never_read_that_way(whole: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(self: GrowingLog, run: Path) -> None:
        raise AssertionError("a sealed run was tailed")

    monkeypatch.setattr(GrowingLog, "__init__", refused)

    async def questions(client: Client) -> None:
        async with client.get("/runs/run/") as answer:
            assert answer.status == 200
            assert "live.js" not in await answer.text()
        async with events(client) as stream:
            found = [one async for one in stream]
        assert [one.name for one in found] == ["counters", "sections", "end"]
        assert found[0].told["texts"]["done"] == "100 of 100 episodes"

    ask(whole.parent, questions)
