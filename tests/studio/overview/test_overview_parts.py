"""What an overview is made of: the map of pairs, the line on top, links, how a run stands."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import polars as pl
import pytest

from retailsim.analysis.projection.loader import load
from retailsim.analysis.projection.registered import planned_episodes
from retailsim.analysis.replay.replay import Replay, replay
from retailsim.events.log.lock import RunLock
from retailsim.events.log.seal import SEAL
from retailsim.sim.studio.episodes.links import to_episodes
from retailsim.sim.studio.overview.heatmap import HeatCell, heatmap
from retailsim.sim.studio.overview.standing import Standing
from retailsim.sim.studio.state import State, state_of
from tests.sim.runs import small_run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("parts") / "run"
    small_run(out)
    return out


@pytest.fixture(scope="module")
def measured(run: Path) -> Replay:
    return replay(run)


def cells(measured: Replay, measure: str) -> list[HeatCell]:
    found = heatmap(measured, (), measure)
    assert found is not None
    return [cell for _, row in found.rows for cell in row if cell is not None]


def test_a_cell_says_what_its_episodes_come_to(run: Path, measured: Replay) -> None:
    episodes = load(run).episodes
    found = cells(measured, "conversion_rate")
    assert len(found) == 25
    for cell in found:
        alone = episodes.filter(*(pl.col(name) == value for name, value in cell.about.items()))
        assert cell.text == f"{(alone['orders'] > 0).sum() / alone.height:.1%}"


def test_colours_go_from_the_least_to_the_most(measured: Replay) -> None:
    shares = {cell.text: cell.colour for cell in cells(measured, "conversion_rate")}
    by_share = sorted(shares, key=lambda text: float(text.rstrip("%")))
    assert shares[by_share[0]] == "step0" and shares[by_share[-1]] == "step4"
    steps = [shares[text] for text in by_share]
    assert steps == sorted(steps)


def test_colours_part_at_the_mean_and_signs_say_so_too(measured: Replay) -> None:
    found = cells(measured, "normalized_revenue_cents")
    assert {cell.colour[:4] for cell in found} >= {"less", "more"}
    for cell in found:
        assert cell.text[0] == {"less": "-", "more": "+"}.get(cell.colour[:4], cell.text[0])
    strongest = max(found, key=lambda cell: abs(float(cell.text.replace("$", "").replace(",", ""))))
    assert strongest.colour[-1] == "4"


def test_a_measure_that_there_is_not_shows_the_first(measured: Replay) -> None:
    found = heatmap(measured, (), "<script>")
    assert found is not None
    assert [name for name, _, current in found.choices if current] == ["normalized_revenue_cents"]


def test_one_pair_is_no_map(measured: Replay) -> None:
    alone = msgspec.structs.replace(measured, pairs=measured.pairs[:1])
    assert heatmap(alone, ()) is None


@pytest.mark.parametrize(
    ("about", "expected"),
    [
        ({"seller": "a & b", "buyer": "c=d"}, "episodes?seller=a+%26+b&buyer=c%3Dd"),
        ({"step": "bought"}, "episodes?step=bought"),
        ({"status": "failed", "reason": "x: y"}, "episodes?status=failed&text=x%3A+y"),
        ({"price": "1.1"}, "episodes"),
    ],
)
def test_a_link_narrows_the_episodes(about: dict[str, str], expected: str) -> None:
    assert to_episodes(about) == expected


STANDING = Standing(
    state=State.RUNNING,
    done=1_500,
    planned=3_000,
    failed=2,
    rate=25.0,
    nanousd=1_234_000_000,
    budget=5.0,
)


def test_the_line_on_top_says_what_is_known() -> None:
    assert STANDING.texts() == {
        "state": "Running",
        "done": "1,500 of 3,000 episodes",
        "failed": "2 failed",
        "rate": "25.0/s",
        "left": "0:01:00 left",
        "asked": "",
        "spent": "$1.23 of $5.00",
    }


def test_the_line_on_top_leaves_out_what_is_not() -> None:
    done = replace(STANDING, done=3_000, failed=0, nanousd=None)
    assert done.texts()["left"] == done.texts()["failed"] == done.texts()["spent"] == ""
    assert replace(STANDING, rate=None).texts()["left"] == ""
    assert replace(STANDING, budget=None).texts()["spent"] == "$1.23"


def test_a_run_is_running_while_somebody_holds_it(tmp_path: Path) -> None:
    assert state_of(tmp_path) is State.UNFINISHED
    with RunLock(tmp_path / "lock"):
        assert state_of(tmp_path) is State.RUNNING
    assert state_of(tmp_path) is State.UNFINISHED
    (tmp_path / "events").mkdir()
    (tmp_path / "events" / SEAL).touch()
    assert state_of(tmp_path) is State.COMPLETE


def test_of_a_run_file_without_an_end_only_so_much_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "run.toml"
    file.write_text("episodes = 7\n")
    assert planned_episodes(tmp_path) == 7
    with file.open("ab") as more:
        more.truncate(10 << 30)
    monkeypatch.setattr(Path, "read_text", None)
    assert planned_episodes(tmp_path) is None
