"""Who plays the seats when the command line names agents: replaced, or a part each."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from retailsim.sim.seats.seat_names import entries_of, give_seats
from tests.sim.runs import events_of, sim

PARTS: list[dict[str, Any]] = [
    {"id": "male", "agent": "behavioral", "gender": "male", "options": {"inclination": 1.0}},
    {"id": "female", "agent": "behavioral", "gender": "female"},
]


def given(names: str, *, parts: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    tree: dict[str, Any] = {"buyers": [dict(part) for part in PARTS]}
    models: dict[str, Any] = {}
    give_seats(tree, "buyer", names.split(","), models, parts=parts)
    return tree, models


def test_named_agents_replace_the_seats() -> None:
    tree, _ = given("careful-saver, easy-shopper,", parts=False)
    assert [seat["id"] for seat in tree["buyers"]] == ["careful-saver", "easy-shopper"]


def test_each_part_is_played_by_each_of_the_names_without_the_old_options() -> None:
    tree, models = given("openai/gpt-5.4,behavioral", parts=True)
    assert tree["buyers"] == [
        {"id": f"{gender}@{who}", "gender": gender, **seat}
        for gender in ("male", "female")
        for who, seat in (
            ("openai:gpt-5.4", {"agent": "model", "model": "openai/gpt-5.4"}),
            ("behavioral", {"agent": "behavioral"}),
        )
    ]
    assert models == {"openai/gpt-5.4": {"provider": "openai", "model": "gpt-5.4"}}


@pytest.mark.parametrize(
    ("asked", "entries"),
    [
        ("a,b", ["a", "b"]),
        ("http://u:p,w@h/x,csi", ["http://u:p,w@h/x", "csi"]),
        ("csi, http:HTTPS://u:p,/w@h ,b", ["csi", "http:HTTPS://u:p,/w@h", "b"]),
        ("http://h/x,http://u:p@g", ["http://h/x", "http://u:p@g"]),
        ("http://h/x,csi", ["http://h/x", "csi"]),
        ("policy:one,two.json,b", ["policy:one,two.json", "b"]),
        ("policy:one.json,b", ["policy:one.json", "b"]),
        ("policy:no,such", ["policy:no", "such"]),
    ],
)
def test_commas_of_secrets_and_files_part_no_names(
    asked: str, entries: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second half of a password was refused as an agent's name, and so shown."""
    monkeypatch.chdir(tmp_path)
    for name in ("one.json", "one,two.json"):
        (tmp_path / name).touch()
    assert entries_of(asked) == entries


def test_a_password_with_a_comma_is_not_repeated() -> None:
    result = sim("launch", "--sellers", "http://u:first,second@127.0.0.1:9", "--dry-run")
    assert result.exit_code == 2
    assert not {"first", "second"} & set(re.findall(r"\w+", result.stderr))


def test_seats_without_a_persona_are_no_parts() -> None:
    tree: dict[str, Any] = {"sellers": [{"id": "x", "agent": "behavioral"}]}
    give_seats(tree, "seller", ["plain-dealer"], {}, parts=True)
    assert tree["sellers"] == [{"id": "plain-dealer", "agent": "plain-dealer"}]


def test_what_a_model_was_said_to_be_stays() -> None:
    models: dict[str, Any] = {"openai/gpt-5.4": {"max_in_flight": 2}}
    give_seats({}, "seller", ["openai/gpt-5.4"], models)
    assert models["openai/gpt-5.4"]["max_in_flight"] == 2


@pytest.mark.slow
def test_an_experiment_keeps_its_parts(tmp_path: Path) -> None:
    words = ("--set", "design.replications=1", "--buyers", "careful-saver,easy-shopper")
    result = sim("experiment", "demographic", "--out", tmp_path / "out", "--json", *words)
    assert result.exit_code == 0, result.stderr
    genders = {
        event["buyer"]: event["buyer_gender"]
        for event in events_of(tmp_path / "out" / "all", "EpisodeOpened")
    }
    assert genders == {
        f"{gender}-{number}@{who}": gender
        for number in range(1, 7)
        for gender in ("male", "female")
        for who in ("careful-saver", "easy-shopper")
    }
    rows = json.loads(result.stdout)["outcome"]["rows"]
    assert all(value["measured"]["n"] == 60 for row in rows for value in row["values"])


@pytest.mark.slow
def test_stand_ins_go_when_somebody_is_named(tmp_path: Path) -> None:
    """Tables 4 and 10 are of models without a persona: a stand-in's is no part to play."""
    names = ("--sellers", "plain-dealer,behavioral", "--buyers", "easy-shopper,behavioral")
    size = ("--set", "products.per_category=1")
    result = sim("experiment", "pairwise", *names, *size, "--out", tmp_path / "x", "--json")
    assert result.exit_code == 0, result.stderr
    seen = events_of(tmp_path / "x" / "all", "EpisodeOpened")
    assert len(seen) == 4 * 2 * 2
    assert {event["seller"] for event in seen} == {"plain-dealer", "behavioral"}
    assert {event["buyer"] for event in seen} == {"easy-shopper", "behavioral"}
    plain = [event for event in seen if event["seller"] == "behavioral"]
    assert not any(event["seller_persona"] for event in plain)
