"""The shipped parameters come as near to the published tables as docs/calibration.md says."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

import pytest

from sim.calibration.moments import Moments
from sim.calibration.targets import read_targets
from tests.sim.runs import ROOT

PAGE = (ROOT / "docs" / "calibration.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (Table .+?) +\| (-?[\d.]+) \| (-?[\d.]+) \|", re.MULTILINE)


@pytest.mark.slow
def test_the_fitted_rates_are_those_of_the_page(tmp_path: Path) -> None:
    """Sizes within five points, differences with the published sign, and the page tells it."""
    targets = read_targets(Path(str(files("sim.calibration").joinpath("published.toml"))))
    found = Moments(targets, tmp_path).of({one.key: one.start for one in targets.parameters})
    told = {row[1].strip(): float(row[3]) for row in ROW.finditer(PAGE)}
    assert len(told) == len(targets.targets)
    for target, moment in zip(targets.targets, found, strict=True):
        assert told[target.name] == pytest.approx(moment, abs=0.0006)
        assert moment == pytest.approx(target.value, abs=0.05)
        assert not target.minus or moment * target.value > 0.0
