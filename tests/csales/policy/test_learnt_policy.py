"""A policy in a file: exact, checked when it is read, and part of the run that it plays in."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retailsim.agents.csales.policy.features import ADDED, NAMES, TABLE
from retailsim.agents.policy.errors import BadPolicy
from retailsim.agents.policy.linear import SCALE, LinearPolicy, read_policy
from retailsim.agents.policy.table import UNIT
from retailsim.market.protocols.csales.action_table import DEFAULT_TABLE
from tests.sim.runs import event_lines, events_of, launched, scenario, sim

COUNT, SIZE = len(DEFAULT_TABLE.names), len(NAMES)


def policy(**bias: float) -> LinearPolicy:
    """A policy that likes options by these numbers, whatever the state."""
    found = [bias.get(name.split(": ")[-1].split()[0], 0.0) for name in DEFAULT_TABLE.names]
    return LinearPolicy.of(TABLE, [[0.0] * SIZE] * COUNT, found)


SHOWS = policy(Suggestion=1, Logical=0.5)
"""Shows items, and as soon as something may only be argued for, argues by reasons."""


# -- choosing ------------------------------------------------------------------------------

units = st.lists(st.integers(0, UNIT), min_size=SIZE, max_size=SIZE)
numbers = st.integers(-SCALE * 9, SCALE * 9)
tables = st.lists(st.lists(numbers, min_size=SIZE, max_size=SIZE), min_size=COUNT, max_size=COUNT)
masks = st.lists(st.integers(0, 1), min_size=COUNT, max_size=COUNT).filter(any)


@pytest.mark.slow
@given(tables, units, masks)
def test_the_choice_is_the_legal_option_of_the_highest_exact_score(
    table: list[list[int]], state: list[int], mask: list[int]
) -> None:
    made = LinearPolicy.of(TABLE, [[one / SCALE for one in row] for row in table], [0.0] * COUNT)
    chosen = made.choose([one / UNIT for one in state], mask)
    exact = [
        sum(Fraction(w, SCALE) * Fraction(u, UNIT) for w, u in zip(row, state, strict=True))
        for row in table
    ]
    legal = [number for number in range(COUNT) if mask[number]]
    assert chosen == max(legal, key=lambda number: (exact[number], -number))


def test_of_equals_the_first_legal_one_is_taken() -> None:
    assert policy().choose([0.0] * SIZE, [0, 0, 1, 1, 1, 1, 1, 1]) == 2
    assert SHOWS.choose([0.0] * SIZE, [1] * COUNT) == DEFAULT_TABLE.names.index("Suggestion")
    only_persuasion = [0, 0, 0, 1, 1, 1, 1, 1]
    assert (
        DEFAULT_TABLE.names[SHOWS.choose([0.0] * SIZE, only_persuasion)]
        == "Persuasion: Logical Appeal"
    )


# -- files ---------------------------------------------------------------------------------


def test_what_is_saved_is_read(tmp_path: Path) -> None:
    SHOWS.save(tmp_path / "p.json")
    assert read_policy(tmp_path / "p.json", TABLE) == SHOWS


def earlier(path: Path, **change: Any) -> None:
    """Write the policy in a file as version csales-1 had it, without the features added since."""
    table = json.loads(path.read_text())
    rows = [row[: SIZE - len(ADDED)] for row in table["weights"]]
    path.write_text(json.dumps(table | {"features": "csales-1", "weights": rows} | change))


@pytest.mark.slow
@given(tables, units, masks)
def test_a_policy_of_the_earlier_features_chooses_as_it_did(
    table: list[list[int]], state: list[int], mask: list[int]
) -> None:
    """What it did not know has no weight: it chooses as over the old features alone."""
    of = LinearPolicy.of(TABLE, [[one / SCALE for one in row] for row in table], [0.0] * COUNT)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "p.json"
        of.save(path)
        earlier(path)
        chosen = read_policy(path, TABLE).choose([one / UNIT for one in state], mask)
    old = SIZE - len(ADDED)
    scores = [sum(w * u for w, u in zip(row[:old], state[:old], strict=True)) for row in table]
    legal = [number for number in range(COUNT) if mask[number]]
    assert chosen == max(legal, key=lambda number: (scores[number], -number))


def test_a_policy_that_says_an_earlier_version_has_its_features(tmp_path: Path) -> None:
    SHOWS.save(tmp_path / "p.json")
    earlier(tmp_path / "p.json", weights=[[0] * SIZE] * COUNT)
    with pytest.raises(BadPolicy) as error:
        read_policy(tmp_path / "p.json", TABLE)
    assert f"needs weights of {COUNT} options by {SIZE - len(ADDED)} features" in str(error.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"features": "csales-0"}, "was learnt on the features 'csales-0', not 'csales-2'"),
        (
            {"options": ["Beg"]},
            "for other options: it does not know 'Preference Probing', ",
        ),
        ({"weights": [[0]]}, f"needs weights of {COUNT} options by {SIZE} features"),
        ({"weights": [[0.5] * SIZE] * COUNT}, "is no policy: Expected `int`, got `float`"),
        ({"bias": [1]}, f"needs a bias for each of {COUNT} options"),
        ({"options": ["x" * 100_000] * 8}, f"this run does not have '{'x' * 57}...'"),
        ({"temperature": 1}, "is no policy: Object contains unknown field `temperature`"),
    ],
)
def test_what_cannot_take_the_seat_is_said_in_one_line(
    tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    SHOWS.save(tmp_path / "p.json")
    table = json.loads((tmp_path / "p.json").read_text()) | change
    (tmp_path / "p.json").write_text(json.dumps(table))
    with pytest.raises(BadPolicy) as error:
        read_policy(tmp_path / "p.json", TABLE)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_that_is_none_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "p.json").write_bytes(b"\xff{")
    for name in ("p.json", "."):
        with pytest.raises(BadPolicy) as error:
            read_policy(tmp_path / name, TABLE)
        assert "\n" not in str(error.value)


# -- a seat --------------------------------------------------------------------------------


def seated(folder: Path, *more: str) -> Path:
    """A scenario whose seller goes by the policy beside it."""
    SHOWS.save(folder / "shows.json")
    options = ", ".join(('file = "shows.json"', *more))
    return scenario(
        folder,
        f"""
        profiles = {{ count = 8 }}
        sellers = [{{ id = "p", agent = "policy", options = {{ {options} }} }}]
        buyers = [{{ id = "csuser", agent = "csuser" }}]
        design = {{ protocol = "csales", max_turns = 10 }}
        """,
    )


def chosen(run: Path) -> Sequence[str]:
    events = events_of(run, "ActionChosen")
    return [": ".join(filter(None, (e["action"], e["strategy"]))) for e in events]


@pytest.mark.slow
def test_a_seat_goes_by_its_file_and_the_run_keeps_it(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    launched(home / "run", seated(home))
    assert set(chosen(home / "run")) == {"Suggestion", "Persuasion: Logical Appeal"}
    [kind] = {event["seller_kind"] for event in events_of(home / "run", "EpisodeOpened")}
    assert kind == "policy"
    shutil.move(home / "run", tmp_path / "moved")
    shutil.rmtree(home)
    verified = sim("verify", tmp_path / "moved")
    assert verified.exit_code == 0, verified.stderr
    assert "8 markets played again, every event is the same" in verified.stdout


@pytest.mark.slow
def test_another_policy_in_its_place_is_found(tmp_path: Path) -> None:
    launched(tmp_path / "run", seated(tmp_path))
    policy(Preference=1).save(tmp_path / "run" / "inputs" / "policies" / "0.json")
    assert sim("verify", tmp_path / "run").exit_code == 2


@pytest.mark.slow
def test_it_may_explore(tmp_path: Path) -> None:
    launched(tmp_path / "run", seated(tmp_path, "explore = 0.5"))
    assert len(set(chosen(tmp_path / "run"))) > 3
    launched(tmp_path / "again", seated(tmp_path, "explore = 0.5"), "--workers", 2)
    assert event_lines(tmp_path / "again") == event_lines(tmp_path / "run")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("{}", "file, the path of a policy, is needed"),
        ('{ file = "nowhere.json" }', "p.options.file: there is no file"),
        ('{ file = "." }', "is a folder: name a file"),
        ('{ file = "scenario.toml" }', "JSON is malformed: "),
        ('{ file = "scenario.toml" }', "; write one with policy learn"),
        ('{ file = "shows.json", mood = 1 }', "file, the path of a policy, is needed"),
    ],
)
def test_a_seat_without_its_policy_is_said_in_one_line(
    tmp_path: Path, options: str, said: str
) -> None:
    path = seated(tmp_path)
    path.write_text(path.read_text().replace('{ file = "shows.json" }', options))
    launch = sim("launch", path, "--out", tmp_path / "run")
    assert launch.exit_code == 2
    assert said in launch.stderr
    assert not (tmp_path / "run").exists()
