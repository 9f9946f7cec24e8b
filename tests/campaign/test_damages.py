"""Spoilt logs and folders, and killed programs: a part of the campaign that CI goes through."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from campaign import damages
from campaign.branches import ROOT

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("kind", damages.KINDS)
def test_no_damage_changes_what_is_read_in_silence(kind: str) -> None:
    (piece,) = damages.campaign(seed=0, count=40, names=[kind])
    assert (piece.count, piece.faults) == (40, 0)


def test_a_reader_that_checks_nothing_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def unchecked(events: Path) -> Iterator[bytes]:
        for path in sorted(events.glob("0*")):
            yield from path.read_bytes().split(b"\n")

    monkeypatch.setattr(damages, "check", lambda events: None)
    monkeypatch.setattr(damages, "read_lines", unchecked)
    (piece,) = damages.campaign(seed=0, count=5, names=["plain log, retail"])
    assert piece.faults > 0


def test_kills_lose_nothing() -> None:
    """In a process of its own: what is to be forked must not have used Polars."""
    words = [sys.executable, "-m", "campaign", "kill", "retail", "--count", "4"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.fullmatch(r"retail: ([4-9]|\d\d) kills of \d+ runs in \d+ s\n", done.stdout)
