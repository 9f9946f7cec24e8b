"""What a resume has to play: everything that is not done, once, with what is known of it."""

from __future__ import annotations

import json
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from retailsim.events.messages import ModelCalled
from retailsim.market.protocols.retail.spec import RetailSpec
from retailsim.sim.execution.job import Job, run_design
from retailsim.sim.folder.run_folder import RunFolder
from retailsim.sim.run.resume import missing
from tests.analysis.fakelog import write_run
from tests.sim.runs import event_lines, launched, scenario, sim

SCENARIO = """
[products]
per_category = 1
[[sellers]]
id = "s"
agent = "plain-dealer"
[[buyers]]
id = "a"
agent = "easy-shopper"
[[buyers]]
id = "b"
agent = "careful-saver"
"""

Lines = dict[str, list[dict[str, Any]]]
Rewrite = Callable[[Iterable[Any]], RunFolder]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of four markets with two episodes each."""
    folder = tmp_path_factory.mktemp("missing")
    launched(folder / "run", scenario(folder, SCENARIO))
    return folder / "run"


@pytest.fixture(scope="module")
def markets(whole: Path) -> Lines:
    """The events of its markets, in the order of the design."""
    found: Lines = defaultdict(list)
    for line in event_lines(whole):
        event = json.loads(line)
        found[event["market"]].append(event)
    job, _, _ = missing(RunFolder(whole), RunFolder(whole).read(), retry_failed=False)
    assert len(job.skip) == len(found) == 4
    return found


@pytest.fixture
def logged(whole: Path, tmp_path: Path) -> Rewrite:
    """Return the run as if its log held these lines."""

    def rewrite(lines: Iterable[Any]) -> RunFolder:
        run = tmp_path / "run"
        shutil.copytree(whole, run, ignore=shutil.ignore_patterns("events", "derived"))
        folder = RunFolder(run)
        write_run(run, list(lines), seal=False, name=folder.read().run.id)
        return folder

    return rewrite


def left(run: RunFolder, *, retry_failed: bool = False) -> tuple[Job, int, int]:
    return missing(run, run.read(), retry_failed=retry_failed)


def played(run: RunFolder, job: Job) -> list[str]:
    design = run_design(run, run.read())
    return [spec.id for spec in job.markets(design.markets(), RetailSpec)]


def called(market: str, call: int = 0, episode: str | None = None) -> ModelCalled:
    return ModelCalled(
        market=market, episode=episode, t=0, source="seller:s", call=call, stage="pitch",
        role="seller", model="x", prompt_version="", request_sha256="", answer=str(call),
        finish="stop", input_tokens=0, cached_tokens=0, output_tokens=0, reasoning_tokens=0,
        cost_nanousd=None,
    )  # fmt: skip


def failed(events: list[dict[str, Any]], buyer: str) -> list[dict[str, Any]]:
    """The events of a market in which this buyer's episode did not close, but failed."""
    changed = []
    for event in events:
        if event["type"] == "EpisodeClosed" and event["episode"].endswith(f"/{buyer}"):
            event = {**event, "type": "EpisodeFailed", "stage": "decision", "reason": "r"}
        changed.append(event)
    return changed


def test_of_a_finished_run_nothing_is_missing(logged: Rewrite, markets: Lines) -> None:
    run = logged(event for events in markets.values() for event in events)
    job, total, done = left(run)
    assert (played(run, job), total, done) == ([], 8, 8)
    assert (job.extra, dict(job.leftovers)) == ((), {})


def test_of_a_run_that_wrote_nothing_all_is_missing(logged: Rewrite, markets: Lines) -> None:
    run = logged([])
    job, total, done = left(run)
    assert (sorted(played(run, job)), total, done) == (sorted(markets), 8, 0)


def test_what_was_begun_is_played_again_with_what_is_known_of_it(
    logged: Rewrite, markets: Lines
) -> None:
    first, second, *_ = markets
    asked = called(second)
    run = logged([*markets[first], asked, *markets[second][:5]])
    job, total, done = left(run)
    assert (total, done) == (8, 2)
    assert first not in played(run, job)
    assert second in played(run, job)
    assert set(job.leftovers) == {second}
    known = job.leftovers[second]
    assert known.records == (asked,)
    assert isinstance(known.events, bytes)
    assert [json.loads(line)["seq"] for line in known.events.splitlines()] == [0, 1, 2, 3, 4]


def test_failed_episodes_are_repeated_only_where_that_is_wanted(
    logged: Rewrite, markets: Lines
) -> None:
    name, *others = markets
    rest = [event for other in others for event in markets[other]]
    run = logged([called(name), called(name, 0, "e"), *failed(markets[name], "b"), *rest])
    job, total, done = left(run)
    assert (job.extra, total, done) == ((), 8, 8)
    job, total, done = left(run, retry_failed=True)
    assert played(run, job) == [f"{name}~1"]
    [retry] = job.markets((), RetailSpec)
    assert [buying.retries for buying in retry.episodes] == [f"{name}/b"]
    assert (total, done) == (9, 8)
    assert job.leftovers[f"{name}~1"].records == (called(f"{name}~1"),), "the pitch is paid"


def test_a_retry_that_was_begun_goes_on_whether_wanted_or_not(
    logged: Rewrite, markets: Lines
) -> None:
    """Also with what it was answered itself, and it is not repeated under a second name."""
    name, *others = markets
    rest = [event for other in others for event in markets[other]]
    own = called(f"{name}~1", 0, f"{name}/b~1")
    run = logged([called(name), *failed(markets[name], "b"), *rest, own])
    for wanted in (False, True):
        job, total, done = left(run, retry_failed=wanted)
        assert played(run, job) == [f"{name}~1"]
        assert (total, done) == (9, 8)
        assert job.leftovers[f"{name}~1"].records == (called(f"{name}~1"), own)


def test_a_market_that_does_not_go_on_as_it_began_stops_the_run(
    logged: Rewrite, markets: Lines
) -> None:
    """Whatever made it differ, an agent or its code, the others are not played for nothing."""
    empty = logged([])
    first = played(empty, left(empty)[0])[0]
    shutil.rmtree(empty.path)
    *same, last = markets[first][:6]
    run = logged([*same, {**last, "t": last["t"] + 1}])
    result = sim("resume", run.path)
    assert result.exit_code == 2
    assert f"market {first} does not match its log when played again: event 5" in result.stderr
    ended = [line for line in event_lines(run.path) if line.startswith(b'{"type":"MarketClosed"')]
    assert not ended
