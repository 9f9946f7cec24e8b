"""What behavioral buyers can ask of a product fits it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from retailsim.agents.retail.behavioral import sheet
from tests.agents.behavioral_drive import make_product
from tests.sim.runs import event_lines, launched

PLAIN: dict[str, Any] = {
    "category": "Home",
    "features": (),
    "details": {},
    "description": "It feels powder-dry and is according to taste.",
}


def asked(**changes: Any) -> dict[str, str | None]:
    """The aspects that can be asked of a product, with the fact that answers each."""
    found = sheet.sheet_of(make_product(2, **{**PLAIN, **changes})).aspects
    return {aspect.name: fact for aspect, fact in found}


@pytest.mark.parametrize("title", ["Enamel Mug", "Delightful Wool Throw", "Cast Iron Pan"])
def test_nobody_asks_how_a_mug_is_powered(title: str) -> None:
    assert list(asked(title=title)) == ["material", "size", "care", "durability"]


@pytest.mark.parametrize(
    "changes",
    [
        {"title": "Desk Lamp"},
        {"title": "Cordless Broom"},
        {"title": "Brewer", "features": ("Draws 900 watts",)},
        {"title": "Brewer", "details": {"Voltage": "230 V"}},
        {"title": "Brewer", "description": "The battery lasts a week."},
        {"title": "Webcam", "category": "Electronics"},
    ],
)
def test_of_what_needs_power_it_is_asked(changes: dict[str, Any]) -> None:
    names = asked(**changes)
    assert "power" in names
    assert "durability" not in names


def test_a_fact_about_power_is_always_asked_for() -> None:
    assert asked(title="Brewer", features=("Draws 900 watts",))["power"] is not None


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 20261])
def test_only_words_change_by_it(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was fitted stays fitted: decisions, ratings, claims are those of the other question."""
    lines = []
    for name in ("fitting", "always power"):
        out = tmp_path / name
        said = launched(out, "--set", "products.per_category=3", "--seed", seed)
        lines.append((said["overall"], said["sellers"], said["pairs"], event_lines(out)))
        monkeypatch.setattr(sheet, "_powered", lambda product: True)
        monkeypatch.setattr(sheet.sheet_of, "_kept", {})
    (*measured, new), (*measured_then, old) = lines
    assert measured == measured_then
    changed = [(json.loads(a), json.loads(b)) for a, b in zip(new, old, strict=True) if a != b]
    assert {event["type"] for event, _ in changed} == {"MessageSent"}
    assert all(a | {"text": ""} == b | {"text": ""} for a, b in changed)
    assert any("holds up" in a["text"] and "powered" in b["text"] for a, b in changed)
