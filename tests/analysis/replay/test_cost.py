"""Costs: every number against sums in plain Python over the log of a run with two models."""

from __future__ import annotations

import json
from collections import defaultdict
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from retailsim.analysis.replay.cost import Cost
from retailsim.analysis.replay.cost_tables import cost_tables
from retailsim.analysis.replay.replay import replay
from retailsim.analysis.report.costs import cost_section
from retailsim.events.messages import AnsweredBy, EpisodeFailed, ModelCalled
from tests.analysis.fakelog import Line, closed, market, opened, order, write_run
from tests.analysis.fakelog import episode as unfinished
from tests.sim.modelserver import serving
from tests.sim.runs import outside_lines, scenario, sim

SCENARIO = """
[products]
per_category = 1
[[sellers]]
id = "one"
agent = "model"
model = "dear"
[[sellers]]
id = "plain-dealer"
agent = "plain-dealer"
[[buyers]]
id = "two"
agent = "model"
model = "cheap"
[[buyers]]
id = "three"
agent = "model"
model = "dear"
[[buyers]]
id = "easy-shopper"
agent = "easy-shopper"
[models.dear]
provider = "openai-compatible"
model = "a"
base_url = "{url}"
price = {{ input = 3.0, output = 9.0 }}
[models.cheap]
provider = "openai-compatible"
model = "b"
base_url = "{url}"
price = {{ input = 1.0, output = 2.0 }}
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cost")
    with serving() as server:
        path = scenario(folder, SCENARIO.format(url=server.url))
        result = sim("launch", path, "--out", folder / "run")
    assert result.exit_code == 0, result.stderr
    return folder / "run"


@pytest.fixture(scope="module")
def records(run: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in outside_lines(run)]


def found(run: Path) -> Cost:
    cost = replay(run).cost
    assert cost is not None
    return cost


NAMES = ("input_tokens", "cached_tokens", "output_tokens", "reasoning_tokens", "cost_nanousd")


def test_the_totals_are_the_sums_of_the_log(run: Path, records: list[dict[str, Any]]) -> None:
    cost = found(run)
    assert cost.calls == len(records)
    for name in NAMES:
        assert getattr(cost, name) == sum(record[name] for record in records)


@pytest.mark.parametrize(
    ("table", "keys"),
    [("models", ("model",)), ("roles", ("model", "role")), ("stages", ("role", "stage"))],
)
def test_each_table_splits_the_same_calls(
    run: Path, records: list[dict[str, Any]], table: str, keys: tuple[str, ...]
) -> None:
    rows = {tuple(getattr(row, key) for key in keys): row for row in getattr(found(run), table)}
    parts: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for record in records:
        parts[tuple(record[key] for key in keys)].append(record)
    assert set(rows) == set(parts)
    for key, part in parts.items():
        assert rows[key].calls == len(part)
        for name in NAMES:
            assert getattr(rows[key], name) == sum(record[name] for record in part)


def test_a_shared_broadcast_is_charged_in_full_to_each_episode(
    run: Path, records: list[dict[str, Any]]
) -> None:
    own: dict[str, list[dict[str, Any]]] = defaultdict(list)
    shared: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for record in records:
        (own[record["episode"]] if record["episode"] else shared[record["market"]]).append(record)
    charged: dict[bool, list[list[dict[str, Any]]]] = defaultdict(list)
    for episode, bought in _episodes(run).items():
        calls = own.get(episode, []) + shared.get(episode.rpartition("/")[0], [])
        if calls:
            charged[bought].append(calls)
    rows = {row.purchase: row for row in found(run).episodes if row.model is None}
    assert set(rows) == set(charged)
    for bought, episodes in charged.items():
        row = rows[bought]
        assert row.episodes == len(episodes)
        for name, value in (
            ("input_tokens", row.input_tokens),
            ("output_tokens", row.output_tokens),
            ("cost_nanousd", row.cost_nanousd),
        ):
            total = sum(record[name] for calls in episodes for record in calls)
            assert value == pytest.approx(total / len(episodes))


def _episodes(run: Path) -> dict[str, bool]:
    """Every closed episode, and whether something was bought in it."""
    [segment] = (run / "events").glob("*.jsonl")
    lines = [json.loads(line) for line in segment.read_text().splitlines()]
    bought = {line["episode"] for line in lines if line.get("type") == "OrderPlaced"}
    closed = {line["episode"] for line in lines if line.get("type") == "EpisodeClosed"}
    return {episode: episode in bought for episode in closed}


def test_a_model_has_a_row_of_its_own_where_it_acts_alone(run: Path) -> None:
    models = {row.model for row in found(run).episodes}
    assert models == {None, "dear", "cheap"}


def test_attempts_come_from_the_telemetry_and_may_be_missing(run: Path, tmp_path: Path) -> None:
    cost = found(run)
    assert sum(row.attempts for row in cost.attempts) == cost.calls
    for row in cost.attempts:
        assert row.outcomes == {"answered": row.attempts}
        assert row.latency_p50_s is not None
        assert row.latency_p99_s is not None
        assert 0.0 < row.latency_p50_s <= row.latency_p99_s
        assert row.repeated_share is not None
        assert 0.3 < row.repeated_share < 1.0
    telemetry = run / "telemetry"
    kept = {path: path.read_bytes() for path in telemetry.glob("*.jsonl")}
    try:
        for path, data in kept.items():
            path.write_bytes(data[:-20] + b'\n{"event": "model attempt"\nno JSON\xff\n')
        assert sum(row.attempts for row in found(run).attempts) in (cost.calls, cost.calls - 1)
        for path in kept:
            path.unlink()
        assert found(run).attempts == ()
    finally:
        for path, data in kept.items():
            path.write_bytes(data)


def test_the_tables_fit_into_80_columns(run: Path) -> None:
    console = Console(width=80, record=True, file=StringIO())
    for part in cost_tables(found(run)):
        console.print(part)
    text = console.export_text()
    assert max(map(len, text.splitlines())) <= 80
    assert "dear" in text
    assert "broadcast charged in full" in text


def called(**fields: Any) -> ModelCalled:
    everyday: dict[str, Any] = {
        "market": "m",
        "episode": "e",
        "t": 0,
        "source": "seller:s",
        "call": 0,
        "stage": "answer",
        "role": "seller",
        "model": "x",
        "prompt_version": "p",
        "request_sha256": "",
        "answer": "",
        "finish": "stop",
        "cost_nanousd": 7,
        "input_tokens": 100,
        "cached_tokens": 10,
        "output_tokens": 20,
        "reasoning_tokens": 0,
    }
    return ModelCalled(**(everyday | fields))


def test_an_unknown_price_is_unknown_and_never_nothing(tmp_path: Path) -> None:
    lines: list[Line] = [
        *market("m", closed("e", opened(), order())),
        called(),
        called(call=1, cost_nanousd=None, model="y"),
    ]
    cost = found(write_run(tmp_path / "run", lines))
    assert (cost.cost_nanousd, cost.unpriced_calls) == (None, 1)
    assert [row.cost_nanousd for row in cost.models] == [7, None]
    assert [row.cost_nanousd for row in cost.episodes] == [None]
    console = Console(width=80, record=True, file=StringIO())
    for part in cost_tables(cost):
        console.print(part)
    assert "cost unknown: no price for 1 calls" in console.export_text().replace(" \n", " ")


def test_saved_answers_are_counted_apart_and_not_paid(tmp_path: Path) -> None:
    lines: list[Line] = [
        *market("m", closed("e", opened(), order())),
        called(),
        called(call=1, saved=True),
    ]
    cost = found(write_run(tmp_path / "run", lines))
    assert (cost.cost_nanousd, cost.saved_nanousd) == (7, 7)
    assert (cost.saved_calls, cost.saved_tokens) == (1, 120)
    [row] = [row for row in cost.episodes if row.model is None]
    assert row.cost_nanousd == 14, "what an episode takes does not depend on who paid before"


def _per_episode(run: Path) -> dict[bool, tuple[int, float]]:
    """By whether something was bought: how many episodes, and the calls each is charged."""
    rows = [row for row in found(run).episodes if row.model is None]
    return {row.purchase: (row.episodes, row.calls) for row in rows}


def broadcast(name: str, call: int = 0) -> ModelCalled:
    return called(market=name, episode=None, call=call, stage="pitch")


def test_a_market_and_those_that_repeat_its_episodes_are_charged_as_one(tmp_path: Path) -> None:
    """Which market repeats which, the episodes say, whatever the markets are called."""
    failed = EpisodeFailed(stage="decide", reason="r")
    lines: list[Line] = [
        *market("first", closed("e", opened(), order()), unfinished("f", opened(), failed)),
        *market("then", unfinished("f2", opened(retries="f"), failed)),
        *market("last", closed("f3", opened(retries="f2"))),
        *(broadcast(name) for name in ("first", "then", "last")),
        broadcast("other"),
        *market("other", closed("g", opened(), order())),
    ]
    # e and f3: the broadcasts of three markets each; g: one.
    assert _per_episode(write_run(tmp_path / "run", lines)) == {True: (2, 2.0), False: (1, 3.0)}


def test_a_name_that_looks_like_a_retry_is_none(tmp_path: Path) -> None:
    lines: list[Line] = [
        *market("m", closed("e", opened(), order())),
        *market("m~1", closed("f", opened(), order())),
        *(broadcast(name) for name in ("m", "m~1")),
        broadcast("m~1", call=1),
    ]
    assert _per_episode(write_run(tmp_path / "run", lines)) == {True: (2, 1.5)}


def test_repetitions_that_go_round_in_a_circle_end(tmp_path: Path) -> None:
    """No run writes them, and a damaged log must not hang."""
    lines: list[Line] = [
        *market("a", closed("e", opened(retries="f")), closed("g", opened())),
        *market("b", closed("f", opened(retries="e"))),
        broadcast("a"),
    ]
    assert set(_per_episode(write_run(tmp_path / "run", lines))) == {False}


def answered(*told: AnsweredBy | None, model: str = "x") -> list[ModelCalled]:
    return [called(call=n, model=model, answered_by=by) for n, by in enumerate(told)]


def changes(folder: Path, *calls: ModelCalled) -> list[str]:
    cost = found(write_run(folder / "run", [*market("m", closed("e", opened())), *calls]))
    console = Console(width=200, record=True, file=StringIO())
    for part in cost_tables(cost):
        console.print(part)
    said = list(cost.changes())
    text = console.export_text()
    assert all(line in text for line in said)
    assert ("changed within the run" in text) == bool(said)
    assert all(line in cost_section(cost).lead for line in said)
    return said


MARCH, APRIL = AnsweredBy(model="x-03"), AnsweredBy(model="x-04", fingerprint="fp1", upstream="Up")


def test_a_model_that_changed_within_the_run_is_named_with_how_often(tmp_path: Path) -> None:
    said = changes(tmp_path, *answered(MARCH, APRIL, MARCH, None), *answered(APRIL, model="y"))
    [line] = said
    assert line.startswith("x changed within the run")
    assert "x-03: 2" in line
    assert "x-04 by Up (fp1): 1" in line
    cost = json.loads(sim("replay", tmp_path / "run", "--json").stdout)["cost"]
    assert sorted((one["model"], one["answered"], one["calls"]) for one in cost["answerers"]) == [
        ("x", "x-03", 2),
        ("x", "x-04", 1),
        ("y", "x-04", 1),
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (MARCH, AnsweredBy(model="x-03", fingerprint="fp2")),
        (APRIL, AnsweredBy(model="x-04", fingerprint="fp1", upstream="Down")),
    ],
)
def test_another_fingerprint_or_provider_is_a_change_too(
    one: AnsweredBy, other: AnsweredBy, tmp_path: Path
) -> None:
    assert len(changes(tmp_path, *answered(one, other))) == 1


def test_one_that_answered_throughout_or_tells_nothing_changed_nothing(tmp_path: Path) -> None:
    calls = [*answered(MARCH, MARCH, None), *answered(None, None, model="y")]
    assert changes(tmp_path, *calls, *answered(APRIL, model="z")) == []


def test_calls_that_ask_again_are_counted_with_those_for_thin_answers(tmp_path: Path) -> None:
    calls = [called(), called(call=1, again="malformed"), called(call=2, again="thin")]
    cost = found(write_run(tmp_path / "run", [*market("m", closed("e", opened())), *calls]))
    assert (cost.calls, cost.again_calls, cost.thin_calls) == (3, 2, 1)
    console = Console(width=200, record=True, file=StringIO())
    for part in cost_tables(cost):
        console.print(part)
    assert "2 asked again (1 for a thin answer)" in console.export_text()
    assert "2 asked again (1 for a thin answer)" in cost_section(cost).lead
