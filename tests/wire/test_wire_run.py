"""A run with agents over HTTP: the same as with agents of ours, recorded, resumed and verified."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.sim.runs import event_lines, events_of, launched, outside_lines, scenario, sim
from tests.wire.served import Ours, Reply, said, serving

RETAIL = """
[run]
seed = 3
[products]
per_category = 1
[[sellers]]
id = "shop"
{seller}
[[buyers]]
id = "ann"
persona = {{ pickiness = "easygoing" }}
{buyer}
"""
CSALES = """
[run]
seed = 3
[design]
protocol = "csales"
[profiles]
count = 3
[[sellers]]
id = "shop"
{seller}
[[buyers]]
id = "user"
{buyer}
"""


def wired(url: str, **options: Any) -> str:
    more = "".join(f", {name} = {json.dumps(value)}" for name, value in options.items())
    return f'agent = "http"\noptions = {{ url = "{url}"{more} }}'


def without_kinds(lines: list[bytes]) -> list[dict[str, Any]]:
    events = [json.loads(line) for line in lines]
    return [
        {key: value for key, value in event.items() if not key.endswith("_kind")}
        for event in events
    ]


@pytest.mark.slow
@pytest.mark.parametrize("text", [RETAIL, CSALES], ids=["retail", "csales"])
def test_agents_over_http_play_as_the_same_agents_here(text: str, tmp_path: Path) -> None:
    """So a request holds all that an agent may know, and an answer all that it may say."""
    here = tmp_path / "here"
    launched(here, scenario(tmp_path, text.format(seller="", buyer="")))
    with serving(Ours({"seller": "behavioral", "buyer": "behavioral"}, 3)) as server:
        seats = wired(server.url)
        path = scenario(tmp_path, text.format(seller=seats, buyer=seats))
        launched(tmp_path / "there", path)
    assert without_kinds(event_lines(tmp_path / "there")) == without_kinds(event_lines(here))
    opened = events_of(tmp_path / "there", "EpisodeOpened")
    assert {(one["seller_kind"], one["buyer_kind"]) for one in opened} == {("wire", "wire")}
    assert len(outside_lines(tmp_path / "there")) == len(server.bodies) > 20
    verified = sim("verify", tmp_path / "there")  # nobody serves any more
    assert verified.exit_code == 0, verified.stderr


class Failing(Ours):
    """Is not there any more after so many requests."""

    def __init__(self, after: int) -> None:
        super().__init__({"seller": "behavioral", "buyer": "behavioral"}, 3)
        self.left = after

    def __call__(self, body: dict[str, Any]) -> Reply:
        self.left -= 1
        return super().__call__(body) if self.left >= 0 else (503, {}, b"")


@pytest.mark.slow
def test_a_run_whose_agent_goes_away_is_resumed_with_the_same_events(tmp_path: Path) -> None:
    with serving(Failing(10**6)) as server:
        path = scenario(tmp_path, RETAIL.format(seller="", buyer=wired(server.url, attempts=1)))
        launched(tmp_path / "whole", path)
    agent = Failing(7)
    with serving(agent) as server:
        path = scenario(tmp_path, RETAIL.format(seller="", buyer=wired(server.url, attempts=1)))
        stopped = sim("launch", path, "--out", tmp_path / "run")
        assert stopped.exit_code == 3, stopped.stderr
        assert f"error: {server.url}: no answer after 1 attempt in" in stopped.stderr
        assert "s: HTTP 503" in stopped.stderr
        assert "; start the agent; everything so far is kept: " in stopped.stderr
        assert len(outside_lines(tmp_path / "run")) == 7
        lines = (tmp_path / "run" / "telemetry" / "shard-0000.jsonl").read_text().splitlines()
        attempts = [one for one in map(json.loads, lines) if one["event"] == "wire attempt"]
        statuses = Counter(one["status"] for one in attempts)
        assert statuses[200] == 7
        assert set(statuses) == {200, 503}
        assert {one["seat"] for one in attempts} == {"buyer:ann"}
        agent.left = 10**6
        resumed = sim("resume", tmp_path / "run")
        assert resumed.exit_code == 0, resumed.stderr
    assert event_lines(tmp_path / "run") == event_lines(tmp_path / "whole")
    again = {json.dumps(body, sort_keys=True) for body in server.bodies}
    assert len(again) == len(outside_lines(tmp_path / "run")), "nothing recorded is asked again"


def test_an_agent_that_was_never_there_is_the_scenarios_mistake(tmp_path: Path) -> None:
    path = scenario(
        tmp_path, RETAIL.format(seller="", buyer=wired("http://127.0.0.1:9/", attempts=1))
    )
    result = sim("launch", path, "--out", tmp_path / "run")
    assert result.exit_code == 2
    assert "connection failed" in result.stderr
    assert not outside_lines(tmp_path / "run")


def test_what_an_agent_answers_wrongly_fails_its_episode_and_fails_it_again(tmp_path: Path) -> None:
    ours = Ours({"buyer": "behavioral"}, 3)

    def reply(body: dict[str, Any]) -> Reply:
        return said({"will_purchase": "yes"}) if body["request"] == "Decide" else ours(body)

    with serving(reply) as server:
        path = scenario(tmp_path, RETAIL.format(seller="", buyer=wired(server.url)))
        result = sim("launch", path, "--out", tmp_path / "run")
    assert result.exit_code == 1, "no episode closed"
    [failed, *_] = events_of(tmp_path / "run", "EpisodeFailed")
    assert failed["stage"] == "decision"
    assert failed["reason"] == (
        f"WireMalformed: {server.url}: answered Decide with "
        """'{"will_purchase":"yes"}': Expected `bool`, got `str` - at `$.will_purchase`"""
    )
    assert sim("verify", tmp_path / "run").exit_code == 0


@pytest.mark.slow
def test_an_address_on_the_command_line_takes_a_seat(tmp_path: Path) -> None:
    with serving(Ours({"seller": "behavioral"}, 1)) as server:
        words = ("--sellers", server.url, "--set", "products.per_category=1")
        launched(tmp_path / "run", "pairwise", *words)
    name = server.url.removeprefix("http://").replace("/", ":")
    opened = events_of(tmp_path / "run", "EpisodeOpened")
    assert {(one["seller"], one["seller_kind"]) for one in opened} == {(name, "wire")}


@pytest.mark.slow
def test_workers_ask_the_same_and_write_the_same(tmp_path: Path) -> None:
    with serving(Ours({"buyer": "behavioral"}, 3)) as server:
        path = scenario(tmp_path, RETAIL.format(seller="", buyer=wired(server.url)))
        launched(tmp_path / "one", path)
        launched(tmp_path / "two", path, "--workers", 2)
    assert event_lines(tmp_path / "two") == event_lines(tmp_path / "one")


def test_an_agent_over_http_may_sit_in_a_protocol_of_ones_own(tmp_path: Path) -> None:
    """Whose parts are values, which need not be hashable."""
    text = RETAIL.format(seller=wired("http://127.0.0.1:9/"), buyer="")
    protocol = '[design]\nprotocol = "tests.protocols.sealed_bid:PROTOCOL"\n'
    path = scenario(tmp_path, text.replace("[products]", f"{protocol}[products]"))
    planned = sim("launch", path, "--dry-run")
    assert planned.exit_code == 0, planned.stderr
