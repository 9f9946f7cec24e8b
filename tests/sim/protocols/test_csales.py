"""Sales conversations through the whole program: the same commands, the same promises."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from retailsim.market.protocols.csales.profile_file import read_profiles
from retailsim.sim.scenario.halves import half_of
from tests.sim.runs import event_lines, events_of, launched, replayed, scenario, sim

ROW: dict[str, Any] = {
    "general_preference": "I like plain and durable things. I dislike noise.",
    "target_needs": "I need good coffee for the office.",
    "purchase_reason": ["The old bag is empty."],
    "budget": [5.0, 30.0],
    "target_category": ["Grocery & Gourmet Food", "Beverages", "Coffee"],
    "decision_making_style": "Rational",
    "dialogue_openness": "Active",
}


@pytest.fixture
def profiles(tmp_path: Path) -> Path:
    """Six profiles of a coffee drinker, one of each openness and two of the styles."""
    rows = [
        {**ROW, "dialogue_openness": openness, "decision_making_style": style}
        for openness in ("Active", "Less Active", "Passive")
        for style in ("Rational", "Dependent")
    ]
    path = tmp_path / "profiles.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    return path


def kinds(run: Path) -> set[str]:
    return {json.loads(line)["type"] for line in event_lines(run)}


def test_conversations_run_and_are_replayed_like_any_other_run(
    profiles: Path, tmp_path: Path
) -> None:
    said = launched(tmp_path / "run", "csales", "--profiles", profiles)
    assert said["episodes"] == {"opened": 18, "closed": 18, "failed": 0, "superseded": 0}
    assert [row["seller"] for row in said["sellers"]] == ["csi", "fixed-script", "random-action"]
    assert kinds(tmp_path / "run") >= {
        *("BuyerProfiled", "ProfileInferred", "ActionChosen", "ItemsShown", "ItemSelected"),
        "OrderPlaced",
    }
    assert replayed(tmp_path / "run")["overall"] == said["overall"]
    assert said["overall"]["net_revenue_cents"] == sum(
        event["unit_price_cents"] * event["quantity"]
        for event in events_of(tmp_path / "run", "OrderPlaced")
    )


@pytest.mark.slow
def test_the_events_are_the_same_whoever_and_however_many_play(
    profiles: Path, tmp_path: Path
) -> None:
    launched(tmp_path / "one", "csales", "--profiles", profiles)
    launched(tmp_path / "two", "csales", "--profiles", profiles, "--workers", "2")
    assert event_lines(tmp_path / "one") == event_lines(tmp_path / "two")


@pytest.mark.slow
def test_a_conversation_run_is_verified_by_playing_it_again(profiles: Path, tmp_path: Path) -> None:
    launched(tmp_path / "run", "csales", "--profiles", profiles)
    profiles.unlink()
    result = sim("verify", tmp_path / "run")
    assert result.exit_code == 0, result.stderr
    assert "18 markets played again" in result.stdout


@pytest.mark.slow
def test_a_conversation_run_goes_on_where_it_stopped(profiles: Path, tmp_path: Path) -> None:
    launched(tmp_path / "run", "csales", "--profiles", profiles)
    whole = event_lines(tmp_path / "run")
    folder = tmp_path / "run" / "events"
    (folder / "SEAL").unlink()
    [segment] = folder.glob("*.jsonl")
    lines = segment.read_bytes().splitlines(keepends=True)
    commits = [n for n, line in enumerate(lines) if b'"commit"' in line or b'"crc32"' in line]
    segment.rename(segment.with_suffix(".jsonl.open"))
    segment.with_suffix(".jsonl.open").write_bytes(b"".join(lines[: commits[0] + 1]))
    result = sim("resume", tmp_path / "run")
    assert result.exit_code == 0, result.stderr
    assert event_lines(tmp_path / "run") == whole


@pytest.mark.slow
def test_a_sample_of_profiles_is_drawn_by_the_seed(profiles: Path, tmp_path: Path) -> None:
    drawn = {}
    for seed in (1, 2):
        run = tmp_path / str(seed)
        arguments = ("--profiles", profiles, "--set", "profiles.count=3", "--seed", seed)
        launched(run, "csales", *arguments)
        drawn[seed] = {event["profile"] for event in events_of(run, "BuyerProfiled")}
        assert len(drawn[seed]) == 3
    assert drawn[1] != drawn[2]


@pytest.mark.slow
def test_the_halves_share_no_profile_and_are_together_all_of_them(
    profiles: Path, tmp_path: Path
) -> None:
    """Whatever the seed."""
    drawn = []
    for half, seed in ((1, 1), (2, 7)):
        run = tmp_path / str(half)
        words = ("--set", f"profiles.half={half}", "--seed", seed)
        launched(run, "csales", "--profiles", profiles, *words)
        drawn.append({event["profile"] for event in events_of(run, "BuyerProfiled")})
    assert drawn[0]
    assert drawn[1]
    assert not drawn[0] & drawn[1]
    assert drawn[0] | drawn[1] == {f"p{number:04d}" for number in range(1, 7)}


def test_a_half_without_profiles_is_said(profiles: Path, tmp_path: Path) -> None:
    profiles.write_text(json.dumps(ROW))
    missing = 3 - half_of(read_profiles(profiles)[0].id)
    words = ("--set", f"profiles.half={missing}", "--out", tmp_path / "run")
    result = sim("launch", "csales", "--profiles", profiles, *words)
    assert result.exit_code == 2
    assert f"none of its profiles is in half {missing}" in result.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[sellers]]\nid="s"\nagent="script"', "sellers.s"),
        ('[[sellers]]\nid="s"\nagent="csuser"', "sellers.s"),
        (
            '[[sellers]]\nid="s"\nagent="retailsim.agents.retail.behavioral.seller:BehavioralSeller"',
            "csales",
        ),
    ],
)
def test_an_agent_of_another_protocol_is_refused(text: str, said: str, tmp_path: Path) -> None:
    head = '[design]\nprotocol = "csales"\n'
    path = scenario(tmp_path, f'{head}{text}\n[[buyers]]\nid="b"\nagent="csuser"\n')
    result = sim("launch", path, "--out", tmp_path / "run")
    assert result.exit_code == 2
    assert said in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("design.price_multipliers=[0.9]", "design.price_multipliers"),
        ("design.guidance=0.5", "design.guidance"),
        ("design.nonbuyer_reviews=true", "design.nonbuyer_reviews"),
    ],
)
def test_what_belongs_to_the_five_stages_is_refused(
    setting: str, said: str, tmp_path: Path
) -> None:
    result = sim("launch", "csales", "--set", setting, "--out", tmp_path / "run")
    assert result.exit_code == 2
    assert said in result.stderr


def test_dirty_profiles_stop_the_launch_with_their_row(profiles: Path, tmp_path: Path) -> None:
    profiles.write_text(json.dumps(ROW) + "\n" + json.dumps({**ROW, "budget": [9, 1]}))
    result = sim("launch", "csales", "--profiles", profiles, "--out", tmp_path / "run")
    assert result.exit_code == 2
    assert "row 2: budget" in result.stderr
    assert not (tmp_path / "run").exists()


def test_a_dry_run_counts_conversations(profiles: Path) -> None:
    result = sim("launch", "csales", "--profiles", profiles, "--dry-run")
    assert result.exit_code == 0
    assert "18 conversations, 6 profiles" in result.stdout
