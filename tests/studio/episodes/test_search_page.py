"""A text in the whole log: what is found is what a plain way finds, and it leads to its turn."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from retailsim.analysis.lookup.log_search import searched
from retailsim.events import messages as m
from retailsim.events.log.reader import read_lines
from tests.analysis.fakelog import Line, closed, market, opened, write_run
from tests.sim.runs import small_run
from tests.studio.server import Client, ask

HOSTILE = "Say \"<img src=x onerror='alert(1)'>\" & Größe \\ mehr"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("searched")
    small_run(root / "whole")
    said = m.MessageSent(stage="pre_inquiry", role="buyer", turn=1, text=HOSTILE)
    envelope = {"market": "m", "episode": None, "seq": 90, "t": 90_000, "source": "market"}
    told = {"seller": "s", "product": "p", "sections": ["Warm and dry", "Rating of five"]}
    pitch = {"type": "PitchPresented", **envelope, **told}
    events: list[Line] = [*market("m", closed("e", opened(), said)), pitch]
    (write_run(root / "few", events) / "run.toml").write_text("")
    return root


def plain(run: Path, text: str) -> list[tuple[str | None, int | None]]:
    """The lines with a text in a field that is not of the envelope, each looked at by itself."""

    def texts(value: Any) -> Iterator[str]:
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            for inner in value.values():
                yield from texts(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from texts(inner)

    found = []
    for line in read_lines(run / "events"):
        event = json.loads(line)
        own = {
            name: value
            for name, value in event.items()
            if name not in ("type", "market", "episode", "seq", "t", "source")
        }
        if any(text.lower() in one.lower() for one in texts(own)):
            found.append((event["episode"], event.get("seq")))
    return found


@pytest.mark.parametrize("text", ["refund", "REFUNDED", "ORD-RSHO", "quiet-clerk", "rating", "$"])
def test_what_is_found_is_what_is_there(runs: Path, text: str) -> None:
    found = [hit for hits in searched(runs / "whole", text) for hit in hits]
    expected = plain(runs / "whole", text)
    assert [(hit.episode, hit.seq) for hit in found] == expected
    assert all(hit.text.lower() == text.lower() for hit in found)
    lines = [line for line in read_lines(runs / "whole" / "events") if text.encode() in line]
    if text == "rating":  # a field's name is in many lines, and none of them is meant
        assert len(lines) > len(expected)


@pytest.mark.parametrize("text", ['SAY "<IMG', "Größe \\ mehr", "1)'>\" &", "onerror='alert(1)'"])
def test_marks_of_all_kinds_are_found_and_stay_text(runs: Path, text: str) -> None:
    async def questions(client: Client) -> None:
        page = await (await client.get("/runs/few/search", params={"q": text})).text()
        assert "<img" not in page.lower()
        (marked,) = re.findall("<mark>(.*?)</mark>", page)
        assert unescape(marked).lower() == text.lower()
        assert 'href="episode?id=e#e2"' in page
        assert "That is all." in page

    ask(runs, questions)


def test_what_was_said_to_all_leads_to_the_episodes_that_heard_it(runs: Path) -> None:
    async def questions(client: Client) -> None:
        page = await (await client.get("/runs/few/search", params={"q": "warm and"})).text()
        assert 'href="episodes?seller=s&amp;product=p"' in page
        assert "to all buyers" in page and "Warm and</mark> dry" in page

    ask(runs, questions)


def test_the_script_stands_behind_the_button_that_it_shows(runs: Path) -> None:
    """It runs as soon as it is there, and then what stands behind it may not have come."""

    async def questions(client: Client) -> None:
        async with client.get("/runs/few/search?q=warm") as answer:
            page = await answer.text()
        assert 0 < page.index('id="stop"') < page.index("search.js")

    ask(runs, questions)


def test_a_search_ends_at_two_hundred_and_says_how_it_ended(runs: Path) -> None:
    async def questions(client: Client) -> None:
        async def page(text: str) -> str:
            return await (await client.get("/runs/whole/search", params={"q": text})).text()

        many = await page("the")
        assert many.count("<mark>") == 200 and "These are the first 200; there are more." in many
        assert "It stands nowhere." in await page("no such text")
        assert "<ol" not in await page(" ")
        async with client.get("/runs/whole/search", params={"q": "x" * 201}) as answer:
            assert answer.status == 400
            assert "q: it is longer than 200 characters" in await answer.text()

    ask(runs, questions)


def test_a_log_that_is_damaged_says_so_where_the_search_ends(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", market("m", closed("e", opened(title="Rye bread"))))
    (run / "run.toml").write_text("")
    (segment,) = (run / "events").glob("*.jsonl")
    segment.write_bytes(segment.read_bytes().replace(b"Rye", b"Rum", 1))

    async def questions(client: Client) -> None:
        page = await (await client.get("/runs/run/search", params={"q": "bread"})).text()
        assert segment.name in page and "<mark>" not in page

    ask(tmp_path, questions)
