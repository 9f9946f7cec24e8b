"""`experiment policy`: the loop once around, how it goes on, and what it refuses."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

import retailsim
from retailsim.agents.csales.behavioral.parameters import defaults, parameters_of
from retailsim.analysis.experiments.figures import figures
from retailsim.analysis.experiments.outcomes import (
    ExperimentOutcome,
    OutcomeRow,
    OutcomeTable,
    Value,
)
from retailsim.analysis.statistics.values import Estimate, Interval
from retailsim.sim.learning.csales import loop
from retailsim.sim.learning.csales.contest import OLD, digests, held_out
from retailsim.sim.learning.csales.loop_plan import LIMITS, Sizes
from retailsim.sim.learning.csales.stress import MOVED, moved
from retailsim.sim.run.launch import read_scenario
from retailsim.sim.run.launch_options import Options
from tests.sim.runs import sim

TINY = Sizes(
    seeds=2,
    conversations=60,
    frontier_seeds=1,
    frontier_conversations=30,
    collected=2,
    replications=1,
    moved=1,
)


def experiment(out: Path, *words: object) -> Result:
    return sim("experiment", "policy", "--out", out, "--json", *words)


@pytest.mark.slow
def test_the_loop_goes_once_around_and_on_where_it_was_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "QUICK", TINY)

    def stopped(*words: object, **more: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as while_playing:
        while_playing.setattr(loop, "held_out", stopped)
        result = experiment(tmp_path / "x")
    assert result.exit_code == 3
    assert f"to continue the experiment, repeat the command with --out {tmp_path / 'x'}" in (
        result.stderr
    )
    learnt = {path.name: path.read_bytes() for path in (tmp_path / "x" / "policies").iterdir()}
    assert {"learnt-1.json", "learnt-2.json", "offline.json", "limit-0.05-1.json"} <= set(learnt)
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "x" / "policies").iterdir()}

    result = experiment(tmp_path / "x")
    assert result.exit_code == 0, result.stderr
    said = json.loads(result.stdout)
    check(said, tmp_path / "x")
    kept = [path for path, time in times.items() if path.stat().st_mtime_ns == time]
    assert {path.name for path in kept} >= set(learnt) - {"offline.json", "show-first.json"}
    again = {path.name: path.read_bytes() for path in (tmp_path / "x" / "policies").iterdir()}
    assert again == learnt  # what is written anew is the same
    assert json.loads(experiment(tmp_path / "x").stdout) == said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_with_a_line_that_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    monkeypatch.setattr(loop._Loop, "collect", lambda self: 0)
    monkeypatch.setattr(loop._Loop, "go", lambda self: os.kill(os.getpid(), number))
    result = experiment(tmp_path / "x")
    again = f"to continue the experiment, repeat the command with --out {tmp_path / 'x'}"
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr == f"error: interrupted: {again}\n"
    assert not (tmp_path / "x" / "report.html").exists()


@pytest.mark.parametrize(
    ("words", "taught"),
    [((), 1), (("--set", "profiles.half=2", "--set", "products.half=2"), 2)],
)
def test_it_learns_from_the_half_that_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], taught: int
) -> None:
    launched: list[Options] = []

    def launch(told: Options, terminal: object) -> int:
        launched.append(told)
        return 3

    monkeypatch.setattr(loop, "launch", launch)
    assert experiment(tmp_path / "x", *words).exit_code == 3
    scenario, _ = read_scenario(launched[0])
    assert (scenario.profiles.half, scenario.products.half) == (taught, taught)


def check(said: dict[str, Any], folder: Path) -> None:
    """Look at what was said and left."""
    labels = [row["label"] for row in said["outcome"]["rows"]]
    assert {"csi", "argmax", "show-first", "told-argmax", "learnt", "offline"} <= set(labels)
    assert {"≤ 0%", "≤ 2%", "≤ 5%", "≤ 10%", "no limit", *MOVED} <= set(labels)
    row = next(row for row in said["outcome"]["rows"] if row["label"] == "learnt")
    values = {value["name"]: value["measured"]["value"] for value in row["values"]}
    assert values["illegal"] == 0.0
    assert values["refunded"] == 0.0
    notes = " ".join(said["outcome"]["notes"])
    assert "Verdict on learnt: " in notes
    assert "Frozen before anything was learnt" in notes
    files = [json.loads((folder / "policies" / f"learnt-{n}.json").read_bytes()) for n in (1, 2)]
    kept = sum(limit["promised"] for file in files for limit in file["learnt"]["limits"])
    assert (
        f"who did not teach show to hold for others: learnt {kept} of 2, limit 0% 0 of 1" in notes
    )
    held_out = json.loads((folder / "held-out.json").read_bytes())[""]
    learnt = [held_out["sellers"].index(name) for name in ("learnt-1", "learnt-2")]
    cents = [
        100 * one for seat in learnt for of in held_out["terms"]["revenue"][seat] for one in of
    ]
    assert values["net revenue"] == pytest.approx(sum(cents) / len(cents))
    frozen = json.loads((folder / "baselines.json").read_bytes())
    seat = {"id": OLD, "agent": "csi", "stream": OLD, "options": {}}
    assert frozen["digests"][OLD] == digests([seat])[OLD]
    assert (folder / "policy-frontier.svg").read_text(encoding="utf-8").startswith("<svg")
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "Verdict on learnt: " in page
    assert "no limit" in page
    assert sim("verify", folder / "collected").exit_code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("policy", "--sellers", "csi"), "--sellers: does not go with policy"),
        (("policy", "--plan"), "--plan: does not go with policy"),
        (("pairwise", "--full"), "--full: is for policy only; pairwise has one size"),
        (("polici",), "no experiment is called 'polici'; known: pairwise"),
    ],
)
def test_what_does_not_go_is_said_in_one_line(
    tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    result = sim("experiment", *words, "--out", tmp_path / "x")
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stderr.count("\n") == 1


def test_from_python_it_says_which_command_has_it(tmp_path: Path) -> None:
    with pytest.raises(retailsim.RetailSimError, match="experiment policy"):
        retailsim.experiment("policy", out=tmp_path / "x")


# -- the chart -----------------------------------------------------------------------------


def row_of(label: str, key: str, over: float) -> OutcomeRow:
    def value(name: str, unit: str, found: float) -> Value:
        interval = Interval(found * 0.9, found * 1.1, "t")
        return Value(name=name, unit=unit, measured=Estimate(value=found, n=9, interval=interval))

    return OutcomeRow(
        label=label,
        key=key,
        values=(
            value("net revenue", "cents", 1_000 + 9_000 * over),
            value("buyer surplus", "cents", 1_200 - 1_000 * over),
            value("over budget", "share", over),
        ),
    )


def test_the_chart_has_both_sides_of_every_limit_and_who_stands_beside() -> None:
    rows = (*(row_of(f"≤ {limit:.0%}", f"{limit:g}", limit / 2) for limit in LIMITS),
            row_of("csi", "", 0.2))  # fmt: skip
    table = OutcomeTable(name="frontier", rows=rows)
    [figure] = figures("policy", ExperimentOutcome(title="x", tables=(table,)))
    assert figure.says.startswith("≤ 0%, net revenue: $10.00 at 0.0%; ≤ 0%, buyer surplus: $12.00")
    assert "csi, buyer surplus: $10.00 at 20.0%" in figure.says
    assert figures("policy", ExperimentOutcome(title="x", tables=())) == []


# -- moved buyers --------------------------------------------------------------------------


def test_moved_buyers_differ_in_what_they_are_called_by() -> None:
    """Every way is a set of parameters that the buyer takes, and all at once has all of them."""
    found = {how: parameters_of(tables, "x") for how, tables in MOVED.items()}
    assert found["as trained"] == defaults()
    assert len({repr(one) for one in found.values()}) == len(MOVED)
    every = found["all at once"]
    assert every.will.start == found["harder start"].will.start < defaults().will.start
    assert every.worth.appeals == found["pickier"].worth.appeals
    repelled = found["wrong tactic repels"].persuasion.affinity["Rational"]
    assert repelled["Social Proof"] < -1.0
    assert repelled["Logical Appeal"] == 1.0
    assert found["impatient"].openness["Passive"].patience == 2


@pytest.mark.slow
def test_a_buyer_that_is_harder_to_win_buys_less() -> None:
    seats = [{"id": OLD, "agent": "csi"}]
    rates = [
        held_out(moved(Options(scenario="csales"), how), seats, seed=1, replications=2)
        .of(OLD, "sale")
        .mean()
        for how in ("as trained", "all at once")
    ]
    assert rates[1] < rates[0] - 0.1


def test_other_buyers_than_the_behavioral_one_stay_as_they_are() -> None:
    other = [{"id": "shy", "agent": "module:Shy", "options": {"will": 1}}]
    asked = moved(Options(scenario="csales", buyers=other), "harder start")
    [seat] = asked.buyers or ()
    assert isinstance(seat, Mapping)
    assert seat["options"] == {"will": 1}
