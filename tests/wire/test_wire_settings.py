"""What `resume --set` may change of agents over HTTP, and what belongs to the run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from retailsim.agents.errors import BadOption
from retailsim.agents.wire.address import WireOptions, shown_url
from retailsim.sim.errors import BadSetting
from retailsim.sim.folder.run_folder import Identity, RunFile, versions
from retailsim.sim.run.wire_settings import CHANGEABLE, with_wire_settings
from retailsim.sim.scenario.scenario import AgentTable, Scenario
from tests.sim.runs import event_lines, launched, outside_lines, scenario, sim
from tests.wire.served import Ours, serving
from tests.wire.test_wire_run import RETAIL, Failing, wired

HTTP = {"url": "http://127.0.0.1:9/", "config": {"mood": "good"}}
BUYERS = (
    AgentTable(id="127.0.0.1:9", agent="http", options=HTTP),
    AgentTable(id="usual"),
    AgentTable(id="ann", agent="http", options=HTTP),
)
FILE = RunFile(
    run=Identity(format=1, id="r", scenario_folder=""),
    versions=versions(),
    scenario=Scenario(sellers=(AgentTable(id="shop"),), buyers=BUYERS),
    inputs={},
)


@pytest.mark.parametrize("name", ["ann", "127.0.0.1:9", '"127.0.0.1:9"'])
def test_one_seats_address_changes_and_nothing_else(name: str) -> None:
    changed = with_wire_settings(FILE, [f"buyers.{name}.options.url=http://127.0.0.1:10/"])
    new = {**HTTP, "url": "http://127.0.0.1:10/"}
    buyers = tuple(
        msgspec.structs.replace(seat, options=new) if seat.id == name.strip('"') else seat
        for seat in BUYERS
    )
    wanted = msgspec.structs.replace(FILE.scenario, buyers=buyers)
    assert changed == msgspec.structs.replace(FILE, scenario=wanted)


@pytest.mark.parametrize(
    ("setting", "kind", "said"),
    [
        ("buyers.ann.options.config.mood=bad", BadSetting, "is part of what was asked; resume can"),
        ("buyers.ann.id=bob", BadSetting, "buyers.ann: resume can change the options of agents"),
        ("buyers.ann.agent=usual", BadSetting, "resume can change the options of agents"),
        ("buyers.ann.options=7", BadSetting, "resume can change the options of agents"),
        ("buyers.usual.options.at_most=1", BadSetting, "'usual' is not one of"),
        ("sellers.shop.options.url=http://a/", BadSetting, "the run has no such agents over HTTP"),
        ("buyers.ann.options.url=ftp://a/", BadOption, "must begin with http:// or https://"),
        ("buyers.ann.options.attempts=0", BadOption, "`int` >= 1"),
    ],
)
def test_what_cannot_change_is_one_line(setting: str, kind: type[Exception], said: str) -> None:
    with pytest.raises(kind) as error:
        with_wire_settings(FILE, [setting])
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_every_option_but_the_agents_own_can_change() -> None:
    assert {*CHANGEABLE, "config"} == set(WireOptions.__struct_fields__)


@pytest.mark.slow
def test_a_run_goes_on_where_its_agent_has_moved(tmp_path: Path) -> None:
    def text(url: str) -> Any:
        return scenario(tmp_path, RETAIL.format(seller="", buyer=wired(url, attempts=1)))

    with serving(Failing(5)) as server:
        assert sim("launch", text(server.url), "--out", tmp_path / "run").exit_code == 3
    with serving(Ours({"buyer": "behavioral"}, 3)) as server:
        setting = f"buyers.ann.options.url={server.url}"
        resumed = sim("resume", tmp_path / "run", "--set", setting)
        assert resumed.exit_code == 0, resumed.stderr
        asked = len(server.bodies)
        launched(tmp_path / "whole", text(server.url))
    assert asked == len(outside_lines(tmp_path / "run")) - 5
    assert event_lines(tmp_path / "run") == event_lines(tmp_path / "whole")


@pytest.mark.parametrize(
    "url",
    [
        "http://ann:hushhush@host/",
        "http:http://ann:hushhush@host/",
        "HTTP://ann:hushhush@host/",
        "http://ann:hush/hushhush@host/",
        "http://ann:hush@hushhush@host/",
        "http://host/?key=hushhush",
        "http://host/#hushhush",
        "http://host/sk-hushhush0123456789abcdef0123456789",
    ],
)
def test_a_secret_in_an_address_is_refused_and_not_repeated(url: str, tmp_path: Path) -> None:
    for words in (
        ("launch", "--sellers", url, "--out", tmp_path / "r"),
        ("agents", "check", url, "--role", "seller"),
    ):
        result = sim(*words)
        assert result.exit_code == 2
        assert "url" in result.stderr and "host" in result.stderr
        assert "hush" not in result.stdout + result.stderr
    assert not (tmp_path / "r").exists()


def test_a_secret_in_an_address_of_another_scheme_is_not_repeated() -> None:
    result = sim("agents", "check", "http", "--set", "url=ftp://ann:hushhush@host/")
    assert "url 'ftp://host' must begin with http:// or https://" in result.stderr


def test_an_address_without_secrets_is_shown_whole() -> None:
    assert shown_url("https://host:8000/@me/agent") == "https://host:8000/@me/agent"
