"""What takes each seat is in the log, from the seat's agent."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from retailsim.events.streams import Seed
from retailsim.market.core.participants import EpisodeSpec, Participant
from retailsim.market.core.spec import MarketSpec
from retailsim.market.protocols.registry import find_protocol
from retailsim.sim.scenario.scenario import Scenario
from retailsim.sim.seats.cast import Cast
from tests.sim.modelserver import serving
from tests.sim.runs import events_of, launched, scenario, sim

AGENT = """
from retailsim.agents.retail.behavioral.buyer import BehavioralBuyer


class Mine(BehavioralBuyer):
    pass
"""
SEATS = """
[products]
per_category = 1
[[sellers]]
id = "ours"
[[sellers]]
id = "profile"
agent = "plain-dealer"
[[sellers]]
id = "llama"
agent = "model"
model = "local"
[[buyers]]
id = "mine"
agent = "mine:Mine"
[[buyers]]
id = "easy-shopper"
agent = "easy-shopper"
[models.local]
provider = "openai-compatible"
model = "my-llama"
base_url = "{url}"
"""


@pytest.mark.slow
def test_each_seat_has_the_kind_of_its_agent(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(AGENT)
    with serving() as server:
        launched(tmp_path / "run", scenario(tmp_path, SEATS.format(url=server.url)))
    opened = events_of(tmp_path / "run", "EpisodeOpened")
    assert {(event["seller"], event["seller_kind"]) for event in opened} == {
        ("ours", "behavioral"),
        ("profile", "behavioral"),
        ("llama", "model"),
    }
    assert {(event["buyer"], event["buyer_kind"]) for event in opened} == {
        ("mine", "plug-in"),
        ("easy-shopper", "behavioral"),
    }
    assert "every event is the same" in sim("verify", tmp_path / "run").stdout


@pytest.mark.slow
def test_a_repeated_episode_has_its_kinds_too(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        AGENT.replace("pass", "async def decide(self, request):\n        raise ValueError('no')")
    )
    text = SEATS.split("[models.local]")[0].replace('agent = "model"\nmodel = "local"\n', "")
    launched(tmp_path / "run", scenario(tmp_path, text))
    assert sim("resume", tmp_path / "run", "--retry-failed").exit_code == 0
    again = [e for e in events_of(tmp_path / "run", "EpisodeOpened") if e["retries"]]
    assert again
    assert {event["buyer_kind"] for event in again} == {"plug-in"}
    assert {event["seller_kind"] for event in again} == {"behavioral"}


def test_a_seat_that_nobody_takes_has_no_kind(tmp_path: Path) -> None:
    """A protocol that seats somebody unknown fails where that one is asked, not before."""
    scenario = msgspec.toml.decode(
        '[[sellers]]\nid = "ours"\n[[buyers]]\nid = "b"\n', type=Scenario
    )
    cast = Cast(scenario, find_protocol("retail"), Seed(1), tmp_path)
    spec = MarketSpec(
        id="m",
        sellers=(Participant(id="ours"),),
        episodes=(EpisodeSpec(episode="e", buyer=Participant(id="stranger")),),
    )
    seated = cast.seated(spec)
    assert (seated.seller.kind, seated.episodes[0].buyer.kind) == ("behavioral", None)
