"""What a protocol adds to the report of its runs, without a file of ours knowing it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from retailsim.analysis.annotation.errors import NothingToRate
from retailsim.analysis.annotation.items import choose
from retailsim.analysis.annotation.rated_outcome import rated_outcome
from retailsim.analysis.annotation.scores import Scores
from retailsim.analysis.export import transcripts
from retailsim.analysis.projection import loader, log_pieces
from retailsim.analysis.protocols.experiment_outcome import NoSuchExperiment, outcome_of
from retailsim.analysis.report.content import report
from retailsim.analysis.report.page import page
from tests.analysis.foreign import foreign_run
from tests.sim.runs import launched, replayed

NOBODY = Scores(export="", run="", items=0, raters=(), tasks=(), traits=(), dirty=())


@pytest.mark.slow
def test_a_foreign_protocol_has_a_section_cautions_and_words(tmp_path: Path) -> None:
    found = report(foreign_run(tmp_path), {})
    assert "bids" in [section.name for section in found.sections]
    (bids,) = (section for section in found.sections if section.name == "bids")
    assert [[cell.text for cell in row] for row in bids.tables[0].rows] == [["a", "2"], ["b", "1"]]
    assert found.warnings[0] == "3 bids were sealed."
    (examples,) = (section for section in found.sections if section.name == "examples")
    said = [message.text for message in examples.conversations[0].messages]
    assert {"a bids.", "b bids."} <= set(said)
    assert "Bids by bidder" in page(found)


@pytest.mark.slow
def test_a_protocol_without_a_value_has_what_all_share(tmp_path: Path) -> None:
    found = report(foreign_run(tmp_path, protocol="sealed:PLAIN"), {})
    names = [section.name for section in found.sections]
    assert names[:2] == ["summary", "seats"]
    assert not any("protocol" in warning for warning in found.warnings)


def test_a_protocol_that_is_not_here_is_said_first(tmp_path: Path) -> None:
    found = report(foreign_run(tmp_path, protocol="gone"), {})
    assert found.warnings[0].startswith("This run's protocol could not be loaded, so only what all")
    assert "no protocol is called 'gone'" in found.warnings[0]


def test_episodes_without_a_seller_have_a_report(tmp_path: Path) -> None:
    found = report(foreign_run(tmp_path, protocol="sealed:PLAIN", sold_by="late"), {})
    (examples,) = (section for section in found.sections if section.name == "examples")
    assert examples.conversations[0].title == "bought and kept: b, Rye bread"
    assert "None" not in page(found)


def test_transcripts_say_what_both_heard(tmp_path: Path) -> None:
    (chat,) = transcripts(foreign_run(tmp_path))
    assert [m["content"] for m in chat["messages"]].count("A bid was made.") == 3


def test_what_is_not_for_raters_is_one_line(tmp_path: Path) -> None:
    run = foreign_run(tmp_path)
    problem = "nothing to rate: its protocol has no rating tasks"
    with pytest.raises(NothingToRate, match=problem):
        choose(run, each=1, pairs=1, seed=1, sheets=lambda _: {})
    with pytest.raises(NothingToRate, match=problem):
        rated_outcome(run, NOBODY)


def test_an_experiment_belongs_to_a_protocol(tmp_path: Path) -> None:
    run = foreign_run(tmp_path)
    with pytest.raises(NoSuchExperiment, match="its protocol has no experiment 'pairwise'"):
        outcome_of("pairwise", {"all": run})


@pytest.mark.slow
def test_a_report_of_conversations_reads_the_whole_log_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And not at all once it is projected."""
    run = tmp_path / "run"
    launched(run, "csales", "--set", "profiles.count=8")
    shutil.rmtree(run / "derived", ignore_errors=True)
    folders: list[Path] = []
    reading = log_pieces.log_pieces

    def counting(folder: Path, *more: Any) -> Any:
        folders.append(folder)
        return reading(folder, *more)

    monkeypatch.setattr(loader, "log_pieces", counting)
    first, second = report(run, {}), report(run, {})
    assert len(folders) == 1
    assert first == second
    assert "sales" in [section.name for section in first.sections]


@pytest.mark.slow
def test_the_experiment_of_conversations_says_what_the_report_says(tmp_path: Path) -> None:
    launched(tmp_path / "run", "csales", "--set", "profiles.count=8")
    outcome = outcome_of("csales", {"all": tmp_path / "run"})
    (sales,) = (s for s in report(tmp_path / "run", {}).sections if s.name == "sales")
    assert [row.label for row in outcome.rows[:3]] == [row[0].text for row in sales.tables[0].rows]


@pytest.mark.slow
def test_looking_at_a_strangers_run_never_executes_the_code_in_it(tmp_path: Path) -> None:
    """Its protocol is a module in its own folder: replay, report and load leave it alone."""
    run = foreign_run(tmp_path)
    name, mark = "stranger:THEIRS", tmp_path / "executed"
    text = (run / "run.toml").read_text().replace("sealed:SEALED", name)
    (run / "run.toml").write_text(text)
    code = f"open({str(mark)!r}, 'w')\n"
    (run / "inputs" / "plugins" / "stranger.py").write_text(code)
    found = report(run, {})
    assert replayed(run)["overall"]["orders"] == 1
    assert not mark.exists()
    assert "looking at a run does not execute it" in found.warnings[0]
    assert [section.name for section in found.sections][:2] == ["summary", "seats"]
