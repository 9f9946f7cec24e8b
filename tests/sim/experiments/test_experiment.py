"""Experiments of the paper: run small, printed beside what was published."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from retailsim.analysis.experiments.outcomes import published
from retailsim.analysis.projection.loader import load
from retailsim.analysis.protocols.csales.conversations import conversations
from retailsim.analysis.protocols.csales.seller_table import balanced, table
from retailsim.sim.calibration.targets import read_targets
from retailsim.sim.experiments.presets import EXPERIMENTS
from tests.sim.runs import ROOT, events_of, sim

SMALL = {
    "pairwise": ("--set", "products.per_category=2"),
    "category-fit": ("--set", "products.per_category=2"),
    "demographic": ("--set", "design.replications=2"),
    "price-demand": ("--set", "design.replications=2"),
    "elasticity": ("--set", "design.replications=2"),
    "persona-effects": ("--set", "products.per_category=2"),
    "guidance": ("--set", "products.per_category=2"),
    "cost": ("--set", "products.per_category=1"),
    "economics": ("--set", "design.replications=1"),
    "latent-persona": ("--set", "products.per_category=2"),
    "fidelity": ("--set", "products.per_category=1"),
    "csales": ("--set", "profiles.count=12"),
    "csales-ablation": ("--set", "profiles.count=6", "--set", "design.replications=1"),
}


def ran(name: str, out: Path, *arguments: object) -> dict[str, Any]:
    result = sim("experiment", name, "--out", out, "--json", *SMALL[name], *arguments)
    assert result.exit_code == 0, result.stderr
    said: dict[str, Any] = json.loads(result.stdout)
    return said


_LONG = pytest.param("latent-persona", marks=pytest.mark.slow)


@pytest.mark.slow
@pytest.mark.parametrize("name", [*(n for n in EXPERIMENTS if n != "latent-persona"), _LONG])
def test_every_experiment_runs_and_says_its_rows(name: str, tmp_path: Path) -> None:
    said = ran(name, tmp_path / "out")
    assert said["experiment"] == name
    assert set(said["runs"]) == {arm.label for arm in EXPERIMENTS[name]}
    outcome = said["outcome"]
    assert outcome["rows"]
    text = json.dumps(outcome)
    assert "NaN" not in text
    assert "Infinity" not in text
    for row in outcome["rows"]:
        for value in row["values"]:
            found = value["measured"]
            assert found["value"] is None or found["n"] > 0
    if name in published() and name != "category-fit":
        assert any(v["published"] is not None for row in outcome["rows"] for v in row["values"])
    _check_what_was_put_in(name, outcome)
    shown = sim("experiment", name, "--out", tmp_path / "again", *SMALL[name])
    assert shown.exit_code == 0, shown.stderr
    assert outcome["title"] in shown.stdout


FITTED = {
    "pairwise": "Table 4",
    "category-fit": "Table 10",
    "demographic": "Table 2",
    "price-demand": "Table 3",
    "persona-effects": "Table 8",
}


def _check_what_was_put_in(name: str, outcome: dict[str, Any]) -> None:
    """Every cell that was a target is marked, with the figure that was its target, and no other."""
    targets = {
        target.name: target.value
        for file in ("published", "stand-ins")
        for target in read_targets(ROOT / "sim" / "calibration" / f"{file}.toml").targets
        if target.minus is None and target.fitted
    }
    marks = {
        value["put_in"]: value["published"]
        for row in outcome["rows"]
        for value in row["values"]
        if value["put_in"]
    }
    if name in FITTED:
        wanted = {k: v for k, v in targets.items() if k.startswith(f"{FITTED[name]}:")}
        assert marks == pytest.approx(wanted)
        assert any(note.startswith("put in: behavioral agents") for note in outcome["notes"])
    else:
        assert not set(marks) & set(targets)
    for finding in outcome["findings"]:
        assert finding["verdict"] != "reproduced"
        assert (finding["verdict"] == "put in") == bool(finding["put_in"])


@pytest.mark.slow
def test_a_rate_is_the_one_of_the_log(tmp_path: Path) -> None:
    said = ran("demographic", tmp_path / "out")
    run = tmp_path / "out" / "all"
    opened = {event["episode"]: event for event in events_of(run, "EpisodeOpened")}
    bought = {event["episode"] for event in events_of(run, "OrderPlaced")}
    for row, audience in zip(said["outcome"]["rows"], ("men", "women", "unisex"), strict=True):
        for value, gender in zip(row["values"], ("male", "female"), strict=True):
            some = [
                name
                for name, event in opened.items()
                if event["audience"] == audience and event["buyer_gender"] == gender
            ]
            share = sum(name in bought for name in some) / len(some)
            assert value["measured"]["value"] == pytest.approx(share)
            assert (
                value["published"] == published()["demographic"][audience][gender != "male"] / 100
            )


@pytest.mark.slow
def test_guidance_is_paired_with_none_of_it(tmp_path: Path) -> None:
    said = ran("guidance", tmp_path / "out")
    labels = [row["label"] for row in said["outcome"]["rows"]]
    assert labels == [f"{share:.0%} of the dimensions" for share in (0.0, 0.25, 0.5, 0.75, 1.0)]
    assert len(said["outcome"]["findings"]) == 4
    none, whole = (load(tmp_path / "out" / share).episodes for share in ("0.0", "1.0"))
    gained = whole["net_revenue_cents"] - none["net_revenue_cents"]
    assert said["outcome"]["findings"][-1]["test"]["estimate"] == pytest.approx(gained.mean())


@pytest.mark.slow
@pytest.mark.parametrize("name", EXPERIMENTS)
def test_a_plan_says_what_it_takes_and_runs_nothing(name: str, tmp_path: Path) -> None:
    result = sim("experiment", name, "--plan", "--out", tmp_path / "out", *SMALL[name])
    assert result.exit_code == 0, result.stderr
    assert "episode" in result.stdout
    assert "this run and another of its seed (paired)" in result.stdout
    assert "(as published; --pilot RUN measures it)" in " ".join(result.stdout.split())
    assert not (tmp_path / "out").exists()


def test_a_plan_with_models_says_what_they_cost(tmp_path: Path) -> None:
    words = ("--sellers", "openai/gpt-5.4-mini", "--plan")
    result = sim("experiment", "pairwise", *SMALL["pairwise"], *words)
    assert result.exit_code == 0, result.stderr
    assert "expected" in result.stdout
    assert "$" in result.stdout


def test_a_plan_knows_who_cannot_take_a_seat() -> None:
    result = sim("experiment", "csales", "--plan", "--sellers", "csi,react:m")
    assert result.exit_code == 2
    assert "react" in result.stderr


def test_what_is_no_experiment_says_which_there_are(tmp_path: Path) -> None:
    result = sim("experiment", "nope")
    assert result.exit_code == 2
    assert "pairwise" in result.stderr
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").touch()
    assert sim("experiment", "demographic", "--out", tmp_path / "full").exit_code == 2


@pytest.mark.slow
def test_sellers_of_conversations_are_compared_by_plain_counting(tmp_path: Path) -> None:
    ran("csales", tmp_path / "out")
    run = tmp_path / "out" / "all"
    rows = {row.label: {v.name: v.measured for v in row.values} for row in table(load(run)).rows}
    opened = {event["episode"]: event for event in events_of(run, "EpisodeOpened")}
    bought = {event["episode"]: event for event in events_of(run, "OrderPlaced")}
    chosen = {event["episode"]: event for event in events_of(run, "ItemSelected")}
    for seller in ("csi", "fixed-script", "random-action"):
        some = [name for name, event in opened.items() if event["seller"] == seller]
        sold = [name for name in some if name in bought]
        up = [name for name in sold if bought[name]["product"] == chosen[name]["candidate"]]
        assert rows[seller]["SR"].value == pytest.approx(len(sold) / len(some))
        assert rows[seller]["SWR (of all)"].value == pytest.approx(len(up) / len(some))
        if sold:
            assert rows[seller]["SWR (published)"].value == pytest.approx(len(up) / len(sold))


@pytest.mark.slow
def test_balanced_accuracy_weighs_every_class_the_same(tmp_path: Path) -> None:
    ran("csales", tmp_path / "out")
    found = conversations(load(tmp_path / "out" / "all"))
    last = (
        found.inferences.filter(seller="csi")
        .sort("turn")
        .group_by("episode", maintain_order=True)
        .last()
    )
    by_class = last.group_by("openness").agg(
        right=(pl.col("inferred_openness") == pl.col("openness")).fill_null(value=False).mean()
    )
    estimate = balanced(found, "csi", "openness")
    assert estimate.value == pytest.approx(by_class["right"].mean())
    read = balanced(found, "random-action", "style")
    assert read.interval is not None
    assert read.effective_n is not None
    assert 0.0 < read.effective_n <= read.n
