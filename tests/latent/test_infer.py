"""`infer` and `experiment latent-persona`: traits of a run's seats, learnt from another run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from retailsim.analysis.latent.texts import labels, stage_texts
from retailsim.analysis.projection.loader import load
from retailsim.events.messages import MessageSent
from retailsim.market.protocols.retail.events import PitchPresented
from tests.analysis.fakelog import closed, market, opened, write_run
from tests.sim.runs import events_of, launched, sim, torn

SMALL = ("--set", "products.per_category=2")


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("latent") / "labelled"
    launched(run, "latent-persona", *SMALL)
    return run


@pytest.fixture(scope="module")
def inferred(labelled: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    run = tmp_path_factory.mktemp("latent") / "other"
    launched(run, "pairwise", "--set", "products.per_category=2")
    result = sim("infer", labelled, run, "--json")
    assert result.exit_code == 0, result.stderr
    found: dict[str, Any] = json.loads(result.stdout)["outcome"]
    return found


@pytest.mark.slow
def test_texts_are_those_of_the_log(labelled: Path) -> None:
    texts = stage_texts(labelled)
    opened = {event["episode"]: event for event in events_of(labelled, "EpisodeOpened")}
    pitches = {
        (event["seller"], event["product"], "\n".join(event["sections"].values()))
        for event in events_of(labelled, "PitchPresented")
    }
    found = texts.filter(stage="pitch").select("seat", "product", "text").rows()
    assert set(found) == pitches
    decisions = {
        (
            opened[event["episode"]]["buyer"],
            opened[event["episode"]]["product"],
            f"{event['reason']} {event['quantity_reason']}".strip(),
        )
        for event in events_of(labelled, "DecisionMade")
    }
    assert set(texts.filter(stage="decision").select("seat", "product", "text").rows()) == decisions
    spoken = {
        event["text"]
        for event in events_of(labelled, "MessageSent")
        if event["role"] == "buyer" and event["stage"] == "pre_inquiry"
    }
    asked = texts.filter(role="buyer", stage="pre_inquiry")["text"]
    assert {line for text in asked for line in text.split("\n")} == {
        line for text in spoken for line in text.split("\n")
    }


def test_of_a_line_that_was_torn_off_nothing_is_read(labelled: Path, tmp_path: Path) -> None:
    whole = stage_texts(labelled)
    part = stage_texts(torn(labelled, tmp_path / "torn"))
    pitches = part.filter(stage="pitch")
    assert 0 < part.height < whole.height
    assert pitches.join(whole, on=whole.columns, how="semi").height == pitches.height > 0


def test_labels_are_the_personas_of_the_seats(labelled: Path) -> None:
    found = dict(labels(load(labelled).episodes, "buyer", "pickiness").iter_rows())
    assert len(found) == 8
    assert all(seat.startswith(pole) for seat, pole in found.items())


@pytest.mark.slow
def test_every_trait_is_told_with_the_published_figure_beside(inferred: dict[str, Any]) -> None:
    rows = [row for row in inferred["rows"] if row["values"][0]["name"] == "accuracy"]
    assert len(rows) == 6
    for row in rows:
        [value] = row["values"]
        assert value["published"] > 0.8
        assert value["measured"]["value"] > 0.8
        assert value["measured"]["interval"] is not None


@pytest.mark.slow
def test_seats_of_the_other_run_are_told_by_what_they_say(inferred: dict[str, Any]) -> None:
    rows = {row["label"]: row["values"] for row in inferred["rows"]}
    truth = {
        "seller sharp-analyst": {"assertive": 1, "friendly": 0, "rational": 1},
        "seller warm-neighbor": {"assertive": 0, "friendly": 1, "rational": 0},
        "buyer careful-saver": {"picky": 1, "sensitive": 1, "rational": 1},
        "buyer easy-shopper": {"picky": 0, "sensitive": 0, "rational": 0},
    }
    for seat, poles in truth.items():
        found = {value["name"]: round(value["measured"]["value"]) for value in rows[seat]}
        assert found == poles, seat


def test_a_run_without_personas_is_nothing_to_learn_from(labelled: Path, tmp_path: Path) -> None:
    launched(tmp_path / "plain", "guidance", "--set", "products.per_category=2")
    result = sim("infer", tmp_path / "plain", labelled)
    assert result.exit_code == 2
    assert "no trait with both poles" in result.stderr
    assert result.stderr.count("\n") == 1


def test_features_nobody_knows_are_named(labelled: Path) -> None:
    result = sim("infer", labelled, labelled, "--features", "magic")
    assert result.exit_code == 2
    assert "magic" in result.stderr
    result = sim("infer", labelled / "events", labelled)
    assert result.exit_code == 2
    assert "Traceback" not in result.stderr


def test_an_experiment_knows_its_features_before_it_runs_anything(tmp_path: Path) -> None:
    words = ("latent-persona", "--features", "magic", "--out", tmp_path / "out")
    result = sim("experiment", *words)
    assert result.exit_code == 2
    assert "magic" in result.stderr
    assert not (tmp_path / "out").exists()


def test_a_pitch_is_of_the_product_that_its_event_names(tmp_path: Path) -> None:
    """Names of markets are for telling them apart; a product's id may hold anything."""
    pitch = PitchPresented(seller="s", product="p/1", sections={"hook": "Look."})
    said = MessageSent(stage="pre_inquiry", role="buyer", turn=1, text="How big?")
    events = market("any/name", [pitch], closed("e/7", opened(product="p/1"), said))
    found = stage_texts(write_run(tmp_path / "run", events))
    assert found.rows() == [
        ("buyer", "b", "p/1", "pre_inquiry", "How big?"),
        ("seller", "s", "p/1", "pitch", "Look."),
    ]
