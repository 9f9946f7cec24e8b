"""A log that is sealed while it is read was not finished as it was read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from retailsim.analysis.projection import loader, log_pieces
from retailsim.analysis.replay.replay import replay
from retailsim.analysis.report.content import report
from retailsim.events.log.reader import LogCheck
from retailsim.events.log.seal import SEAL
from retailsim.sim.look.side_by_side import side_by_side
from retailsim.sim.studio.overview.reading import read
from tests.sim.runs import sim, small_run


def exported(run: Path) -> str:
    told = sim("export", str(run), "measures", "--out", str(run.parent / "out.csv"), "--force")
    assert told.exit_code == 0
    return told.stderr


def says_so(run: Path, how: str) -> bool:
    """Whether it is said that the run is not finished."""
    match how:
        case "replay":
            return replay(run).partial
        case "report":
            return "not finished" in str(report(run, {})).lower()
        case "studio":
            return read(run).replay.partial
        case "compare":
            return bool(side_by_side(run, run).unfinished)
        case _:
            return "is not finished" in exported(run)


@pytest.mark.parametrize(
    "how",
    [
        "replay",
        "studio",
        "export",
        pytest.param("report", marks=pytest.mark.slow),
        pytest.param("compare", marks=pytest.mark.slow),
    ],
)
def test_it_was_not_finished(how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = tmp_path / "run"
    small_run(run)
    assert not says_so(run, how)
    seal, checked = run / "events" / SEAL, list[Path]()
    content = seal.read_bytes()
    seal.unlink()

    def then_sealed(check: Callable[..., LogCheck]) -> Callable[..., LogCheck]:
        def checks(folder: Path, **more: Any) -> LogCheck:
            found = check(folder, **more)
            seal.write_bytes(content)
            checked.append(folder)
            return found

        return checks

    for module in (loader, log_pieces):
        monkeypatch.setattr(module, "check", then_sealed(module.check))
    assert says_so(run, how)
    assert checked
