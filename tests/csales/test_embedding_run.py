"""A run that searches by sentence embeddings is recorded, resumed and verified like any other."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from retailsim.market.core import embedding
from retailsim.market.core.embedding import digest
from retailsim.sim.folder.run_folder import RunFolder
from tests.sim.runs import event_lines, launched, sim, torn

pytestmark = pytest.mark.slow
FEW = ("csales", "--set", "profiles.count=6", "--set", "design.max_turns=6")
BY_MEANING = (*FEW, "--set", "profiles.index=embedding")


def test_it_is_resumed_to_the_same_bytes_and_verified(tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    launched(whole, *BY_MEANING)
    assert RunFolder(whole).read().versions.embedding == digest("embedding")[:12]
    resumed = torn(whole, tmp_path / "torn", kind="BuyerLeft")
    assert len(event_lines(resumed)) < len(event_lines(whole))
    assert sim("resume", resumed).exit_code == 0
    assert event_lines(resumed) == event_lines(whole)
    verified = sim("verify", resumed)
    assert verified.exit_code == 0
    assert "every event is the same" in verified.stdout


def test_it_shows_other_items_than_a_search_by_words(tmp_path: Path) -> None:
    """Else the test above would hold for an index that nobody asks."""
    for name, words in (("words", FEW), ("meaning", BY_MEANING)):
        launched(tmp_path / name, *words)
    assert event_lines(tmp_path / "words") != event_lines(tmp_path / "meaning")
    assert RunFolder(tmp_path / "words").read().versions.embedding == ""


def test_other_weights_resume_nothing_and_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    launched(tmp_path / "run", *BY_MEANING)
    run = torn(tmp_path / "run", tmp_path / "torn", kind="BuyerLeft")
    was = digest("embedding")[:12]
    monkeypatch.setattr(embedding, "digest", lambda _: "0123456789abcdef")
    resumed, verified = sim("resume", run), sim("verify", run)
    assert resumed.exit_code == 2
    for told in (resumed.stderr, verified.stdout + verified.stderr):
        assert f"embeddings {was}" in told
        assert "embeddings 0123456789ab" in told


def test_without_the_package_nothing_is_created(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "wordllama", None)
    told = sim("launch", *BY_MEANING, "--out", tmp_path / "run")
    assert told.exit_code == 2
    assert told.stderr == (
        "error: 'embedding' needs the package wordllama, which is not installed: "
        "pip install wordllama\n"
    )
    assert not (tmp_path / "run").exists()
