"""What a notebook shows of runs and conversations: tables, every text escaped."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import pytest

import retailsim
from retailsim.market.core.money import dollars
from retailsim.sim.api import pages
from retailsim.sim.api.chat import Chat

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>&\"'"


class Reader(HTMLParser):
    """The tags of a page, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        assert attrs in ([], [("style", "text-align: right")])

    def handle_data(self, data: str) -> None:
        self.text += f"{data}|"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> retailsim.Run:
    name = HOSTILE.replace("/", "")  # which no seat's name may hold
    return retailsim.run(
        settings={"products.per_category": 1},
        sellers=[{"id": name}, {"id": "plain"}],
        out=tmp_path_factory.mktemp("pages") / f"{name} run",
    )


def test_a_run_is_a_table_of_its_measures(run: retailsim.Run) -> None:
    reader = Reader(run._repr_html_())
    assert set(reader.tags) == {"div", "p", "b", "table", "thead", "tbody", "tr", "th", "td"}
    assert reader.text.startswith(f"{run.path.name}|: 40 of 40 episodes closed|Episodes|")
    overall = run.measures()["overall"]
    earned = dollars(overall["profit_cents"])
    assert f"all|40|{earned}|{overall['conversion_rate']:.1%}|" in reader.text
    assert f"{HOSTILE.replace('/', '')}|20|" in reader.text and "plain|20|" in reader.text


def test_many_sellers_are_not_all_shown(
    run: retailsim.Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "MOST_SELLERS", 1)
    page = run._repr_html_()
    assert "plain" not in page and "<p>and 1 more sellers</p>" in page


def test_a_run_that_is_gone_says_so(tmp_path: Path) -> None:
    reader = Reader(retailsim.Run(tmp_path / HOSTILE.replace("/", ""))._repr_html_())
    assert reader.tags == ["p", "code"] and "alert(1)" in reader.text


def test_a_conversation_is_text(run: retailsim.Run) -> None:
    chat = Chat(
        {
            "seller": HOSTILE,
            "buyer": "b",
            "title": HOSTILE,
            "status": "closed",
            "messages": [{"role": "user", "name": "buyer", "content": HOSTILE}],
            "reviews": [{"aspect": "pitch", "rating": 3, "text": HOSTILE}],
        }
    )
    reader = Reader(chat._repr_html_())
    assert set(reader.tags) == {"div", "p", "i", "b"}
    assert reader.text.count(HOSTILE) == 4 and "★★★ <script>" in reader.text
    assert repr(chat) == f"buyer: {HOSTILE}"
    real = run.conversation(run.episodes()["episode"][0])
    assert "closed" in Reader(real._repr_html_()).text
