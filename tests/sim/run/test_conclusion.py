"""How a run ends for the person: tables or JSON, why episodes failed, and the exit status."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from retailsim.analysis.projection import loader
from retailsim.analysis.projection.log_pieces import log_pieces
from retailsim.analysis.report.content import report
from retailsim.events.log.seal import write_seal
from retailsim.events.messages import EpisodeFailed, Event
from retailsim.sim.execution.runner import RunOutcome
from retailsim.sim.folder.run_folder import RunFolder
from retailsim.sim.play.progress import Progress
from retailsim.sim.run.conclusion import conclude, measures_as_json, show_replay, show_replays
from retailsim.sim.terminal.terminal import Terminal
from tests.analysis.fakelog import closed, episode, market, opened, order, write_run
from tests.analysis.replay.test_cost import called


def failed(name: str, stage: str, reason: str, **fields: Any) -> list[Event]:
    return episode(name, opened(**fields), EpisodeFailed(stage=stage, reason=reason))


def run(folder: Path, *parts: Sequence[Event]) -> RunFolder:
    return RunFolder(write_run(folder, market("m", *parts)))


def ended(finished: bool) -> RunOutcome:
    return RunOutcome(progress=Progress(), finished=finished)


def bought(name: str) -> list[Event]:
    return closed(name, opened(), order())


@pytest.mark.slow
def test_a_run_that_is_not_finished_says_of_how_many(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of what was asked for, not of what was begun, where the folder knows."""
    path = write_run(tmp_path / "r", market("m", bought("a")), seal=False)
    for told, asked in (("", "1 of 1 "), ("episodes = 3000\n", "1 of 3,000 ")):
        (path / "run.toml").write_text(told)
        show_replay(RunFolder(path), Terminal())
        assert f"{asked}episodes closed, 0 failed" in capsys.readouterr().out
    assert measures_as_json(path).episodes.planned == 3000
    assert "1 of 3,000 episodes closed" in " ".join(report(path, {}).warnings)
    write_seal(path / "events")
    assert measures_as_json(path).episodes.planned is None
    assert b"planned" not in msgspec.json.encode(measures_as_json(path))


def test_a_table_stands_on_stdout_and_nothing_is_said_where_nothing_failed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert show_replay(run(tmp_path / "r", bought("a")), Terminal()) == 0
    out, err = capsys.readouterr()
    assert "Conversion" in out and "Seller" in out
    assert out.endswith(f"run: {tmp_path / 'r'}\n")
    assert err == ""


@pytest.mark.parametrize(
    ("lines", "pairs", "costs"),
    [
        (bought("a"), True, False),
        (closed("a", opened(seller=None), order()), False, False),
        ([*bought("a"), called(episode="a")], True, True),
    ],
)
def test_pairs_and_costs_have_tables_where_there_are_any(
    lines: list[Any],
    pairs: bool,
    costs: bool,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    events = [one for one in lines if isinstance(one, Event)]
    asked = [one for one in lines if not isinstance(one, Event)]
    write_run(tmp_path / "r", [*market("m", events), *asked])
    show_replay(RunFolder(tmp_path / "r"), Terminal())
    said = capsys.readouterr().out
    assert ("Net revenue of each pair minus the mean of all pairs" in said) is pairs
    assert ("Cost by stage" in said) is costs


@pytest.mark.parametrize("json_", [False, True])
def test_a_log_is_read_once_even_where_nothing_can_be_kept(
    json_: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = run(tmp_path / "r", bought("a"), failed("b", "pitch", "late"))
    read: list[Path] = []

    def counted(path: Path, *more: Any) -> Any:
        read.append(path)
        return log_pieces(path, *more)

    monkeypatch.setattr(loader, "log_pieces", counted)
    (folder.path / "derived").write_text("in the way of the cache")
    show_replay(folder, Terminal(json=json_))
    assert read == [folder.path / "events"]


def test_json_is_one_object_and_no_more(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = run(tmp_path / "r", bought("a"), failed("b", "pitch", "late"))
    assert show_replay(folder, Terminal(json=True)) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["episodes"]["closed"] == 1
    assert err == "1 of the 1 failed in pitch: late\n"


def test_a_run_of_which_nothing_closed_has_status_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert show_replay(run(tmp_path / "r", failed("a", "pitch", "late")), Terminal()) == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("failures", "said"),
    [
        ([("pitch", "late"), ("decision", "odd"), ("decision", "odd")], "2 of the 3 failed in dec"),
        (
            [("pitch", "late"), ("pitch", "odd"), ("pitch", "odd")],
            "2 of the 3 failed in pitch: odd",
        ),
        ([("pitch", "late"), ("decision", "odd")], "1 of the 2 failed in decision: odd"),
        ([("pitch", "b"), ("pitch", "a")], "1 of the 2 failed in pitch: a"),
    ],
)
def test_the_most_common_reason_is_told_and_of_equals_the_first_by_name(
    failures: list[tuple[str, str]], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parts = [failed(f"e{number}", *one) for number, one in enumerate(failures)]
    show_replay(run(tmp_path / "r", *parts, bought("z")), Terminal())
    assert said in capsys.readouterr().err


@pytest.mark.slow
def test_equal_failures_over_http_are_one_whatever_each_had_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = "http://127.0.0.1:8000/: answered no JSON: <oops>"
    reasons = [
        f"OutsideFailed: buyer:ann asked outside for 'ChooseTopics {digit * 64}': "
        f"WireMalformed: {said}"
        for digit in "0a7f"
    ]
    parts = [failed(f"e{number}", "topics", reason) for number, reason in enumerate(reasons)]
    other = failed("o", "topics", reasons[0].replace("no JSON", "nothing"))
    show_replay(run(tmp_path / "r", *parts, other, bought("z")), Terminal())
    assert capsys.readouterr().err == f"4 of the 5 failed in topics: {said}\n"
    [section] = (one for one in report(tmp_path / "r", {}).sections if one.name == "failures")
    [rows] = ([[cell.text for cell in row] for row in t.rows] for t in section.tables)
    assert rows[0] == ["topics", "4", said]
    assert len(rows) == 2


def test_an_episode_that_was_repeated_is_no_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It failed twice for what a retry set right, and once for what nothing did."""
    first = [failed(name, "pitch", "late") for name in ("a", "b")]
    again = [closed(f"{name}~1", opened(retries=name)) for name in ("a", "b")]
    show_replay(run(tmp_path / "r", *first, *again, failed("c", "decision", "odd")), Terminal())
    assert capsys.readouterr().err == "1 of the 1 failed in decision: odd\n"


@pytest.mark.parametrize(("finished", "status"), [(True, 0), (False, 3)])
def test_a_run_that_was_stopped_says_how_to_go_on(
    finished: bool, status: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = run(tmp_path / "a run", bought("a"))
    assert conclude(folder, ended(finished), Terminal()) == status
    err = capsys.readouterr().err
    assert err.endswith(f" report '{folder.path}'\n")
    assert (f" resume '{folder.path}'\n" in err) is not finished
    assert ("stopped; everything so far is kept" in err) is not finished


def test_a_run_that_ended_and_of_which_nothing_closed_has_status_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = run(tmp_path / "r", failed("a", "pitch", "late"))
    assert conclude(folder, ended(True), Terminal()) == 1
    assert conclude(folder, ended(False), Terminal()) == 3


@pytest.mark.slow
def test_several_runs_are_one_object_or_table_after_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = [run(tmp_path / name, bought("e")).path for name in ("one", "two")]
    assert show_replays(paths, Terminal(json=True)) == 0
    assert [one["run"] for one in json.loads(capsys.readouterr().out)["runs"]] == [*map(str, paths)]
    assert show_replays(paths[:1], Terminal(json=True)) == 0
    assert json.loads(capsys.readouterr().out)["run"] == str(paths[0])
    assert show_replays(paths, Terminal()) == 0
    out = capsys.readouterr().out
    assert out.count("Conversion") == out.count("run: ") == 2


def test_runs_of_which_nothing_closed_are_looked_at_all_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert show_replays([run(tmp_path / "r", failed("a", "s", "r")).path], Terminal()) == 0


def test_a_folder_whose_name_is_no_text_has_one_in_json(tmp_path: Path) -> None:
    plain = run(tmp_path / "r", bought("a")).path
    assert measures_as_json(plain).run == str(plain)
    odd = plain.rename(tmp_path / os.fsdecode(b"r\xff"))
    assert measures_as_json(odd).run == str(tmp_path / "r\N{REPLACEMENT CHARACTER}")
