"""The page of one conversation: all of it there, once, and what others wrote as text."""

from __future__ import annotations

import json
import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import polars as pl
import pytest
from yarl import URL

from retailsim.analysis.conversation.lines import scanned_lines
from retailsim.analysis.conversation.turns import in_words
from retailsim.analysis.exhibits.beside import Beside, Thought, ThoughtRow
from retailsim.analysis.projection.loader import load
from retailsim.events.messages import MessageSent, ModelCalled, OutsideAnswered
from tests.analysis.fakelog import closed, market, opened, write_run
from tests.sim.runs import small_run
from tests.studio.server import Client, ask

HOSTILE = (
    '<script>alert(1)</script> <img src=x onerror=alert(1)> https://example.com "quoted" '
    "\u202edesrever\u200b {{ 7 * 7 }} </bdi></p>"
)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pages")
    small_run(folder / "a")
    return folder


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("OrderPlaced", "Order placed"),
        ("unit_price_cents", "Unit price cents"),
        ("qa_integration", "Q&A"),
    ],
)
def test_names_of_the_log_are_shown_as_words(name: str, words: str) -> None:
    assert in_words(name) == words


class Page(HTMLParser):
    """What a test asks of a page: its ids, where its links lead, its tags and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: Counter[str] = Counter()
        self.handlers: list[str] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            if name == "href":
                self.links.append(value or "")
            if name.startswith("on") or name == "style":
                self.handlers.append(name)

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())


async def shown(client: Client, run: str, episode: str, status: int = 200, **query: str) -> Page:
    asked = {"id": episode, **query}
    async with client.get(f"/runs/{run}/episode", params=asked) as answer:
        page = Page(await answer.text())
        assert answer.status == status, page.text
        return page


@pytest.fixture(scope="module")
def refunded(runs: Path) -> str:
    """An episode with a refund: there is nothing that its page does not have."""
    episodes = load(runs / "a").episodes
    return str(episodes.filter(pl.col("refunded_cents") > 0)["episode"][0])


def test_every_event_is_a_turn_and_an_event_once_and_every_anchor_leads_somewhere(
    runs: Path, refunded: str
) -> None:
    seqs = sorted(json.loads(line)["seq"] for line in scanned_lines(runs / "a", refunded))

    async def questions(client: Client) -> None:
        page = await shown(client, "a", refunded)
        assert len(set(page.ids)) == len(page.ids)
        assert [one for one in page.ids if re.fullmatch(r"e\d+", one)] == [f"e{n}" for n in seqs]
        assert [one for one in page.ids if re.fullmatch(r"v\d+", one)] == [f"v{n}" for n in seqs]
        anchors = {link[1:] for link in page.links if link.startswith("#")}
        assert anchors <= set(page.ids)
        booked = {one for one in page.ids if re.fullmatch(r"l\d+", one)}
        assert booked and booked <= anchors
        assert page.tags["script"] == 1

    ask(runs, questions)


def test_its_files_are_the_lines_of_the_log_and_a_text(runs: Path, refunded: str) -> None:
    async def questions(client: Client) -> None:
        for name, kind in (
            ("episode.jsonl", "application/x-ndjson"),
            ("episode.txt", "text/plain"),
        ):
            async with client.get(f"/runs/a/{name}", params={"id": refunded}) as answer:
                assert answer.content_type == kind
                assert answer.headers["Content-Disposition"].startswith("attachment")
                body = await answer.read()
            if name == "episode.jsonl":
                assert body.splitlines() == scanned_lines(runs / "a", refunded)
            else:
                assert b"== Decision ==" in body

    ask(runs, questions)


def test_its_neighbours_lead_on_and_keep_the_filter(runs: Path) -> None:
    rows = load(runs / "a").episodes.filter(pl.col("buyer") == "careful-saver")
    first, second = rows["episode"][:2]
    asked = {"buyer": "careful-saver", "sort": "episode"}
    other = rows["episode"][0].replace("careful-saver", "easy-shopper")

    async def questions(client: Client) -> None:
        page = await shown(client, "a", first, buyer="careful-saver", sort="episode")
        [behind] = [URL(one) for one in page.links if "episode?" in one]
        assert dict(behind.query) == {"id": second, **asked}
        back = next(URL(one) for one in page.links if "episodes?" in one)
        assert dict(back.query) == asked
        assert f"1 of {rows.height}" in page.text
        page = await shown(
            client, "a", other, buyer="careful-saver"
        )  # not in the filter: nothing is beside it
        assert not [one for one in page.links if "episode?" in one]
        page = await shown(client, "a", first, 400, sellr="x")
        assert "sellr" in page.text and "seller" in page.text

    ask(runs, questions)


def test_an_unknown_episode_is_404_in_a_sentence(runs: Path) -> None:
    async def questions(client: Client) -> None:
        for episode in ("", "nobody", "<b>"):
            page = await shown(client, "a", episode, 404)
            assert "no episode of this name" in page.text
        async with client.get("/runs/a/episode.jsonl", params={"id": "nobody"}) as answer:
            assert answer.status == 404

    ask(runs, questions)


def hostile(folder: Path) -> Path:
    said = MessageSent(stage="sales", role="seller", turn=1, text=HOSTILE)
    long = MessageSent(stage="sales", role="buyer", turn=1, text="y" * 2_000_000)
    left_out = MessageSent(stage="sales", role="seller", turn=2, text="")
    events = market(
        "m", closed("e/<i>&#1", opened(HOSTILE, HOSTILE, title=HOSTILE), said, long, left_out)
    )
    strange = {"type": "Strange", "market": "m", "episode": "e/<i>&#1", "seq": 99, "<i>x": HOSTILE}
    return write_run(folder / "h", [*events, strange], protocol="nobodys", segment_bytes=1 << 24)


@pytest.mark.slow
def test_what_others_wrote_stays_text_and_a_megabyte_is_cut(tmp_path: Path) -> None:
    hostile(tmp_path)

    async def questions(client: Client) -> None:
        page = await shown(client, "h", "e/<i>&#1", tab="<x>")
        assert page.tags["script"] == 1 and not page.tags["img"] and not page.tags["i"]
        assert not page.handlers
        assert all("example.com" not in link for link in page.links)
        assert "<script>alert(1)</script>" in page.text and "{{ 7 * 7 }}" in page.text
        assert "2,000,000 characters" in page.text
        assert "(left out of the log)" in page.text
        assert "holds 2 invisible characters" in page.text and "\\u202e" in page.text
        assert len(page.text) < 200_000
        assert page.tags["bdi"] > 10
        async with client.get("/runs/h/episode.txt", params={"id": "e/<i>&#1"}) as answer:
            assert "y" * 2_000_000 in await answer.text()  # a file has all of it

    ask(tmp_path, questions)


def test_a_damaged_log_is_told_with_file_byte_and_what_to_do(tmp_path: Path) -> None:
    run = hostile(tmp_path)
    [segment] = (run / "events").glob("*.jsonl")
    bytes_ = bytearray(segment.read_bytes())
    at = bytes_.index(b"onerror")
    bytes_[at] ^= 1
    segment.write_bytes(bytes_)

    async def questions(client: Client) -> None:
        page = await shown(client, "h", "e/<i>&#1", 409)
        assert re.search(r"\.jsonl, byte \d+: the log is damaged: ", page.text)

    ask(tmp_path, questions)


def called(market: str, episode: str | None, call: int, answer: str) -> ModelCalled:
    return ModelCalled(
        market=market, episode=episode, t=0, source="seller:s", call=call, stage="pitch",
        role="seller", model="m", prompt_version="", request_sha256="", answer=answer,
        finish="stop", input_tokens=10, cached_tokens=0, output_tokens=5, reasoning_tokens=0,
        cost_nanousd=2_000_000_000,
    )  # fmt: skip


def test_a_market_that_is_open_shows_the_answers_it_has(tmp_path: Path) -> None:
    answered = OutsideAnswered(
        market="m",
        episode="e",
        t=0,
        source="buyer:b",
        call=0,
        key="decide",
        digest="",
        answer="yes",
    )
    over = market("over", closed("e0", opened()))
    calls = [called("m", None, 0, "for all"), called("m", "e", 0, "for one"), answered]
    write_run(
        tmp_path / "o",
        [called("over", "e0", 0, "long ago"), *over, *calls],
        seal=False,
        protocol="nobodys",
    )

    async def questions(client: Client) -> None:
        for where in ("", "m"):
            page = await shown(client, "o", "e", market=where)
            assert "Its market is still open" in page.text and "Nothing was said yet." in page.text
            assert [one for one in ("for all", "for one", "yes") if one not in page.text] == []
            assert "2 calls: 20 tokens in, 10 out, $4.00" in page.text
            assert "long ago" not in page.text
        page = await shown(client, "o", "", market="m")
        assert "for all" in page.text and "for one" not in page.text
        async with client.get("/runs/o/open") as answer:
            found = Page(await answer.text())
        links = [URL(one).query for one in found.links if "episode?" in one]
        assert [dict(one) for one in links] == [{"market": "m"}, {"id": "e", "market": "m"}]
        page = await shown(client, "o", "e0")
        assert "Its market is still open" not in page.text and "long ago" in page.text

    ask(tmp_path, questions)


def test_each_thought_stands_below_the_name_of_its_own_column(
    runs: Path, refunded: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where two thoughts are the same."""
    same = ThoughtRow(name="Turn 1", seq=1, cells=tuple(map(Thought, ("yes", "–", "yes"))))
    table = Beside(title="Guesses", lead="", columns=("Old", "Rich", "In a hurry"), rows=(same,))
    monkeypatch.setattr("retailsim.analysis.conversation.conversation._beside", lambda *_: table)

    async def questions(client: Client) -> None:
        async with client.get("/runs/a/episode", params={"id": refunded}) as answer:
            html = await answer.text()
        named = re.findall(r"<dt>([^<]*)</dt><dd[^>]*><bdi>([^<]*)", html)
        assert [one for one in named if one[1] == "yes"] == [("Old", "yes"), ("In a hurry", "yes")]

    ask(runs, questions)
