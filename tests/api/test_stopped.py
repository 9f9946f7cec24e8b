"""A run that stops by itself raises what stopped it, with the run to resume."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

import retailsim
from retailsim.sim.execution import runner
from tests.sim.budget.test_estimate import MODELS
from tests.sim.modelserver import serving
from tests.sim.runs import scenario, sim


@pytest.mark.slow
def test_a_budget_stops_a_run_that_can_go_on(tmp_path: Path) -> None:
    """In the words of the command line."""
    with serving() as server:
        text = MODELS.format(url=server.url, products=1).replace("requests_per_minute = 120", "")
        path = scenario(tmp_path, text)
        with pytest.raises(retailsim.RunStopped) as caught:
            retailsim.run(path, budget=0.01, out=tmp_path / "run")
        told = sim("launch", path, "--budget", "0.01", "--out", tmp_path / "other").stderr
        line = str(caught.value).replace("/run", "/other")
        told = told.replace("python -m sim resume", "retailsim resume")  # the name that was typed
        assert f"error: {line}\n" in told
        stopped = caught.value.run
        assert caught.value.exit_status == 3 and not stopped.finished
        assert stopped.measures()["partial"]
        resumed = stopped.resume(budget=100, settings={"models.local.max_in_flight": 4})
    assert resumed.finished and resumed.scenario.models["local"].max_in_flight == 4
    assert any(note.startswith("--budget 100: ") for note in resumed.notes)


def test_a_full_disk_stops_a_run_that_can_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(events: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "SEAL")

    monkeypatch.setattr(runner, "write_seal", full)
    with pytest.raises(retailsim.RunStopped) as caught:
        retailsim.run(settings={"products.per_category": 1}, out=tmp_path / "run")
    line = "SEAL: No space left on device; what is written is kept: free some space"
    assert str(caught.value) == line
    monkeypatch.undo()
    assert caught.value.run.resume().finished


def test_an_error_of_ours_is_no_stop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is unexpected comes through as it is."""

    def wrong(events: Path) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(runner, "write_seal", wrong)
    with pytest.raises(ZeroDivisionError):
        retailsim.run(settings={"products.per_category": 1}, out=tmp_path / "run")
