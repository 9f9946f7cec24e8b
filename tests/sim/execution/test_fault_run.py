"""Whole runs with models under a hail of faults: nothing is lost, changed or paid twice."""

from __future__ import annotations

import itertools
import json
import subprocess
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from retailsim.agents.llm.gateway.retry import Patience
from retailsim.analysis.projection.loader import load
from retailsim.sim.play.engine import IN_FLIGHT
from tests.sim.faultymodel import LOST, SPOILT, Remote, running
from tests.sim.runs import (
    ROOT,
    command,
    event_lines,
    outside_lines,
    replayed,
    scenario,
    sim,
)

pytestmark = pytest.mark.slow

BUYERS = list(
    itertools.product(
        (None, "male", "female"),
        ("picky", "easygoing"),
        ("sensitive", "indifferent"),
        ("rational", "emotional"),
    )
)
"""24 kinds of buyer; with one without a persona 25."""

MODEL = """
[models.local]
provider = "openai-compatible"
model = "my-llama"
base_url = "{url}"
key_env = "FAULTS_KEY"
timeout_s = 3.0
deadline_s = 60.0
price = {{ input = 1.0, output = 2.0 }}
"""


def seat(role: str, name: str, gender: str | None, **persona: str) -> str:
    """One seat; no two are the same, so that no two requests of different episodes are."""
    traits = ", ".join(f'{trait} = "{pole}"' for trait, pole in persona.items())
    lines = [f"[[{role}]]", f'id = "{name}"', 'agent = "model"', 'model = "local"']
    lines += [f"persona = {{ {traits} }}"] if traits else []
    lines += [f'gender = "{gender}"'] if gender else []
    return "\n".join(lines)


def whole(url: str, most_sellers: int = 5, most_buyers: int = 25) -> str:
    """4 products x 5 sellers x 25 buyers: 500 episodes, all of them models on both sides."""
    sellers = [
        seat("sellers", "none", None),
        seat("sellers", "leader", None, assertiveness="assertive"),
        seat("sellers", "waiter", "female", assertiveness="passive"),
        seat("sellers", "friend", None, friendliness="friendly"),
        seat("sellers", "clerk", "male", friendliness="reserved"),
    ]
    buyers = [seat("buyers", "none", None)]
    for gender, pickiness, prices, reason in BUYERS:
        name = "-".join((gender or "any", pickiness, prices, reason))
        traits = {"pickiness": pickiness, "price_consciousness": prices, "rationality": reason}
        buyers.append(seat("buyers", name, gender, **traits))
    head = "[products]\nper_category = 1\n[design]\nmax_turns = 2\n"
    return (
        head + "\n".join([*sellers[:most_sellers], *buyers[:most_buyers]]) + MODEL.format(url=url)
    )


def few(url: str) -> str:
    """32 episodes in 8 markets."""
    return whole(url, 2, 4)


@pytest.fixture(scope="module", autouse=True)
def quick_and_keyed() -> Iterator[None]:
    """Back off for milliseconds, and have a key."""
    with pytest.MonkeyPatch.context() as patch:
        quick = partial(Patience, base_s=0.02, cap_s=0.1)
        patch.setattr("retailsim.agents.llm.gateway.call.Patience", quick)
        patch.setenv("FAULTS_KEY", "sk-fault-run-0123456789")
        yield


@pytest.fixture(scope="module")
def server() -> Iterator[Remote]:
    with running() as remote:
        yield remote


class Played:
    """A run and what the server counted of it."""

    def __init__(self, server: Remote, folder: Path, **settings: Any) -> None:
        server.begin(**settings)
        path = scenario(folder, whole(server.url), f"{settings['share']}.toml")
        self.run = folder / f"run-{settings['share']}"
        self.result = sim("launch", path, "--out", self.run, "--json")
        self.seen, self.answered, self.faults = server.counts()
        self.records = [json.loads(line) for line in outside_lines(self.run)]
        self.events = [json.loads(line) for line in event_lines(self.run)]

    def answers(self) -> dict[tuple[str, str | None], list[Any]]:
        """What models said, by market and episode."""
        found = defaultdict(list)
        for record in self.records:
            told = (record["source"], record["call"], record["request_sha256"], record["answer"])
            found[record["market"], record["episode"]].append((*told, record["finish"]))
        return found

    def told(self) -> dict[str, list[Any]]:
        """The events of each episode, without their numbers, which count the market's."""
        found = defaultdict(list)
        for event in self.events:
            if event["episode"] is not None:
                found[event["episode"]].append({**event, "seq": None})
        return found


@pytest.fixture(scope="module")
def calm(server: Remote, tmp_path_factory: pytest.TempPathFactory) -> Played:
    return Played(server, tmp_path_factory.mktemp("calm"), share=0.0)


@pytest.fixture(scope="module")
def stormy(server: Remote, tmp_path_factory: pytest.TempPathFactory) -> Played:
    return Played(server, tmp_path_factory.mktemp("stormy"), share=0.2, seed=3)


def test_the_storm_is_a_storm(calm: Played, stormy: Played) -> None:
    """A fifth of the requests meet a fault, and every kind of fault comes."""
    assert calm.result.exit_code == 0, calm.result.stderr
    assert set(calm.faults) == {"ok"}
    assert replayed(calm.run)["episodes"]["failed"] == 0
    assert stormy.result.exit_code == 0, stormy.result.stderr
    assert 0.18 < 1 - stormy.faults["ok"] / stormy.seen < 0.22
    assert len(stormy.faults) == 27, sorted(stormy.faults)


def test_every_episode_is_complete_or_visibly_failed(stormy: Played) -> None:
    ends = Counter[str]()
    opened = set()
    for event in stormy.events:
        if event["type"] == "EpisodeOpened":
            opened.add(event["episode"])
        elif event["type"] in ("EpisodeClosed", "EpisodeFailed"):
            ends[event["episode"]] += 1
    assert len(opened) == 500
    assert set(ends) == opened
    assert set(ends.values()) == {1}


def test_an_episode_fails_only_with_a_rejected_output_beside_it(stormy: Played) -> None:
    """Faults of the exchange fail nothing; answers that stay unusable do, and are kept."""
    failed = [event for event in stormy.events if event["type"] == "EpisodeFailed"]
    rejected = {e["episode"] for e in stormy.events if e["type"] == "OutputRejected"}
    assert failed
    broken_markets = {e["market"] for e in stormy.events if e["type"] == "MarketFailed"}
    for event in failed:
        assert event["episode"] in rejected or event["market"] in broken_markets
    measures = replayed(stormy.run)
    assert measures["episodes"]["failed"] == len(failed)
    assert measures["rejected_outputs"] == sum(
        event["type"] == "OutputRejected" for event in stormy.events
    )


def test_where_the_answers_are_the_same_the_measures_are(calm: Played, stormy: Played) -> None:
    there, here = calm.answers(), stormy.answers()
    markets = {event["episode"]: event["market"] for event in calm.events if event["episode"]}
    same = {
        episode
        for episode, market in markets.items()
        if there[market, episode] == here[market, episode]
        and there[market, None] == here[market, None]
    }
    assert 250 < len(same) < 500
    before, after = calm.told(), stormy.told()
    for episode in same:
        assert after[episode] == before[episode]
    frames = [
        load(played.run).episodes.sort("episode").filter(_in(same)) for played in (calm, stormy)
    ]
    assert frames[0].equals(frames[1])


def _in(names: set[str]) -> Any:
    import polars as pl

    return pl.col("episode").is_in(sorted(names))


def test_no_call_is_paid_twice(calm: Played, stormy: Played) -> None:
    """Each answer that arrived is in the log exactly once, and no request was answered again.

    Answers lost on their way (a reset, half a body, a stall) are paid for by nobody's fault but
    the network's; they are counted apart and asked for again.
    """
    for played in (calm, stormy):
        logged = Counter(record["request_sha256"] for record in played.records)
        assert logged == played.answered
    lost = sum(stormy.faults[fault] for fault in LOST)
    spoilt = sum(stormy.faults[fault] for fault in SPOILT)
    assert lost > 0
    assert stormy.answered.total() == stormy.faults["ok"] + spoilt


def test_every_attempt_is_in_the_telemetry(stormy: Played) -> None:
    lines = (stormy.run / "telemetry" / "shard-0000.jsonl").read_text().splitlines()
    attempts = [note for note in map(json.loads, lines) if note["event"] == "model attempt"]
    assert len(attempts) == stormy.seen
    outcomes = Counter(note["outcome"] for note in attempts)
    assert outcomes["answered"] == stormy.answered.total()
    assert outcomes["timeout"] == stormy.faults["stall"]
    assert set(outcomes) == {
        "answered",
        "timeout",
        "rate_limit",
        "overloaded",
        "server",
        "transport",
        "malformed",
    }


def test_the_stormy_run_resumes_to_nothing_and_verifies(server: Remote, stormy: Played) -> None:
    before = server.counts()[0]
    resumed = sim("resume", stormy.run)
    assert resumed.exit_code == 0, resumed.stderr
    verified = sim("verify", stormy.run)
    assert verified.exit_code == 0, verified.stderr
    assert "every event is the same" in verified.stdout
    assert server.counts()[0] == before


@pytest.mark.parametrize("limit", ["402", "insufficient", "429-hours", "429-minutes", "401"])
def test_a_limit_stops_the_run_and_a_resume_pays_only_for_the_rest(
    server: Remote, tmp_path: Path, limit: str
) -> None:
    path = scenario(tmp_path, few(server.url))
    server.begin()
    assert sim("launch", path, "--out", tmp_path / "whole", "--json").exit_code == 0
    needed = server.counts()[1]
    server.begin(stop_at=25, stop_with=limit)
    stopped = sim("launch", path, "--out", tmp_path / "run", "--json")
    assert stopped.exit_code == 3, stopped.stderr
    assert "Traceback" not in stopped.stderr
    first = server.counts()[1]
    assert 0 < first.total() <= 25
    server.begin()
    resumed = sim("resume", tmp_path / "run")
    assert resumed.exit_code == 0, resumed.stderr
    assert first + server.counts()[1] == needed
    assert event_lines(tmp_path / "run") == event_lines(tmp_path / "whole")


@pytest.mark.parametrize("after", [1, 60, 200])
def test_a_killed_run_pays_only_for_what_was_on_its_way(
    server: Remote, tmp_path: Path, after: int
) -> None:
    """After kill -9 a resume asks again only for answers that the process had not written."""
    path = scenario(tmp_path, few(server.url))
    server.begin()
    assert sim("launch", path, "--out", tmp_path / "whole", "--json").exit_code == 0
    server.begin(hang_at=after)
    words = command("launch", path, "--out", tmp_path / "run", "--json")
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.DEVNULL) as started:
        server.wait_until_hanging()
        started.kill()
    paid = server.counts()[1]
    assert paid.total() == after
    kept = Counter(json.loads(line)["request_sha256"] for line in outside_lines(tmp_path / "run"))
    assert kept <= paid
    assert (paid - kept).total() <= IN_FLIGHT
    server.begin()
    resumed = sim("resume", tmp_path / "run")
    assert resumed.exit_code == 0, resumed.stderr
    logged = [json.loads(line)["request_sha256"] for line in outside_lines(tmp_path / "run")]
    assert Counter(logged) == kept + server.counts()[1]
    assert event_lines(tmp_path / "run") == event_lines(tmp_path / "whole")
