"""`retailsim.compare` and `retailsim.experiment`."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

import retailsim
from retailsim.sim.errors import BadScenario
from retailsim.sim.look.side_by_side import OtherProtocol
from tests.sim.runs import sim

pytest.importorskip("statsmodels")

SMALL = {"products.per_category": 1}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[retailsim.Run, retailsim.Run]:
    folder = tmp_path_factory.mktemp("studies")
    dear = {**SMALL, "design.discount": 0.5}
    return (
        retailsim.run(settings=SMALL, out=folder / "a"),
        retailsim.run(settings=dear, out=folder / "b"),
    )


@pytest.mark.slow
def test_a_comparison_is_that_of_the_command_line(
    runs: tuple[retailsim.Run, retailsim.Run],
) -> None:
    first, second = runs
    said = json.loads(sim("compare", first.path, second.path, "--json").stdout)
    found = retailsim.compare(first, str(second.path))
    assert json.loads(msgspec.json.encode(found)) == said["comparison"]
    assert found.pairs == 100


def test_what_cannot_be_compared_is_refused(
    runs: tuple[retailsim.Run, retailsim.Run], tmp_path: Path
) -> None:
    with pytest.raises(retailsim.RetailSimError, match="second: a int is not a run: give a Run"):
        retailsim.compare(runs[0], 3)  # type: ignore[arg-type]
    other = retailsim.run("csales", settings={"profiles.count": 1}, out=tmp_path / "csales")
    with pytest.raises(OtherProtocol):
        retailsim.compare(runs[0], other)


@pytest.mark.slow
def test_an_experiment_is_that_of_the_command_line(tmp_path: Path) -> None:
    settings = {"products.per_category": 2}
    found = retailsim.experiment("persona-effects", settings=settings, out=tmp_path / "api")
    words = ("persona-effects", "--set", "products.per_category=2", "--out", tmp_path / "cli")
    said = json.loads(sim("experiment", *words, "--json").stdout)
    assert found.told() == said["outcome"]
    assert list(found.runs) == list(said["runs"]) and found.runs["buyers"].finished
    assert found.outcome.title in found._repr_html_()
    assert repr(found).startswith("Experiment('persona-effects', runs={'buyers': Run(")
    again = retailsim.experiment("persona-effects", settings=settings, out=tmp_path / "api")
    assert again.outcome == found.outcome


def test_an_unknown_experiment_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        BadScenario, match="experiment: no experiment is called 'persona'; known: pairwise, "
    ):
        retailsim.experiment("persona", out=tmp_path / "out")
    assert not (tmp_path / "out").exists()
