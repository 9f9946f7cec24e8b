"""Who draws by what: a buyer by itself, a seat by its `stream`, whatever the sellers are called."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.sim.runs import events_of, launched

RETAIL = """
[products]
per_category = 2
[[sellers]]
{one}
[[sellers]]
{other}
[[buyers]]
id = "ann"
[[buyers]]
id = "bob"
"""
CSALES = """
[design]
protocol = "csales"
[profiles]
count = 6
[[sellers]]
{one}
[[sellers]]
{other}
[[buyers]]
id = "ann"
agent = "csuser"
"""
DEEDS = {
    "retail": (RETAIL, ("PitchPresented", "DecisionMade", "OrderPlaced", "ReviewPosted")),
    "csales": (CSALES, ("ActionChosen", "MessageSent", "ItemSelected", "OrderPlaced")),
}
NAMES = ("market", "episode", "seq", "source", "order", "seller")
"""Fields that name the seats, or stand beside what other seats did."""


def deeds(folder: Path, protocol: str, one: str, other: str) -> dict[str, list[dict[str, Any]]]:
    """What each seller's markets held, by the seller's id, apart from names."""
    text, kinds = DEEDS[protocol]
    folder.mkdir()
    (folder / "scenario.toml").write_text(text.format(one=one, other=other))
    launched(folder / "run", folder / "scenario.toml")
    markets = {e["market"]: e["seller"] for e in events_of(folder / "run", "EpisodeOpened")}
    found: dict[str, list[dict[str, Any]]] = {}
    for kind in kinds:
        for event in events_of(folder / "run", kind):
            kept = {key: value for key, value in event.items() if key not in NAMES}
            found.setdefault(markets[event["market"]], []).append(kept)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("protocol", DEEDS)
def test_seats_of_one_stream_differ_in_nothing_but_their_names(
    protocol: str, tmp_path: Path
) -> None:
    named = deeds(tmp_path / "a", protocol, 'id = "shop"', 'id = "our-shop"\nstream = "shop"')
    assert named["shop"] == named["our-shop"] != []


@pytest.mark.slow
@pytest.mark.parametrize("protocol", DEEDS)
def test_seats_of_other_names_draw_apart(protocol: str, tmp_path: Path) -> None:
    named = deeds(tmp_path / "a", protocol, 'id = "shop"', 'id = "our-shop"')
    assert named["shop"] != named["our-shop"]


@pytest.mark.slow
def test_a_seller_that_is_renamed_meets_the_same_buyers(tmp_path: Path) -> None:
    def mood(folder: Path, name: str) -> list[tuple[Any, ...]]:
        """How many exchanges each buyer wants, on what: drawn by the buyer before the sale."""
        folder.mkdir()
        text = RETAIL.format(one=f'id = "{name}"', other='id = "rival"')
        (folder / "scenario.toml").write_text(text)
        launched(folder / "run", folder / "scenario.toml")
        return sorted(
            (event["episode"].rpartition("/")[2], event["topics"])
            for event in events_of(folder / "run", "TopicsChosen")
        )

    assert mood(tmp_path / "a", "shop") == mood(tmp_path / "b", "our-shop")


def test_a_buyer_is_in_the_same_mood_with_every_seller(tmp_path: Path) -> None:
    text = RETAIL.format(one='id = "shop"', other='id = "rival"')
    (tmp_path / "scenario.toml").write_text(text)
    launched(tmp_path / "run", tmp_path / "scenario.toml")
    opened = {e["episode"]: e for e in events_of(tmp_path / "run", "EpisodeOpened")}
    chosen: dict[tuple[str, str], set[str]] = {}
    for event in events_of(tmp_path / "run", "TopicsChosen"):
        about = opened[event["episode"]]
        key = (about["product"], about["buyer"])
        chosen.setdefault(key, set()).add(str(event["topics"]))
    assert all(len(topics) == 1 for topics in chosen.values())
    assert len({str(topics) for topics in chosen.values()}) > 1, "buyers differ"
