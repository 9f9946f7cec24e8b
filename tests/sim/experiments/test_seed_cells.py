"""An experiment's fitted figures stand beside what other seeds show, where it runs as it ships."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from retailsim.sim.calibration.seed_spread import spread_in, spread_of
from tests.sim.runs import sim


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An experiment as it ships, run once."""
    place = tmp_path_factory.mktemp("experiment") / "out"
    result = sim("experiment", "demographic", "--out", place, "--json")
    assert result.exit_code == 0, result.stderr
    return place


@pytest.mark.slow
def test_each_fitted_figure_stands_beside_its_mean_and_spread(folder: Path) -> None:
    said = json.loads(sim("experiment", "demographic", "--out", folder, "--json").stdout)
    found, rows = said["over_seeds"], said["outcome"]["rows"]
    assert (found["first"], found["count"]) == (1, 40)
    assert len(found["cells"]) == 6
    told = {cell.name: cell for cell in spread_of("published").cells}
    runs = [value["measured"] for row in rows for value in row["values"]]
    for cell in found["cells"]:
        assert cell["seeds"]["mean"] == told[cell["seeds"]["name"]].mean
        assert cell["seeds"]["low"] <= round(cell["run"]["value"], 4) <= cell["seeds"]["high"]
        assert cell["run"]["interval"]
        same = [one for one in runs if one["value"] == pytest.approx(cell["run"]["value"])]
        assert same, "it is the figure of the experiment's own table"


@pytest.mark.slow
def test_the_terminal_says_that_they_were_put_in(folder: Path) -> None:
    text = " ".join(sim("experiment", "demographic", "--out", folder).stdout.split())
    assert "Put in: what the agents were fitted to, in this run and over seeds 1 to 40" in text
    assert "Table 2: men, male" in text


@pytest.mark.slow
@pytest.mark.parametrize(
    "changed", [("--set", "design.replications=1"), ("--buyers", "easy-shopper,careful-saver")]
)
def test_where_something_is_changed_nothing_is_said_of_seeds(
    changed: tuple[str, str], tmp_path: Path
) -> None:
    result = sim("experiment", "demographic", "--out", tmp_path / "out", "--json", *changed)
    assert "over_seeds" not in json.loads(result.stdout)


def test_scenarios_that_no_fit_is_about_have_no_cells() -> None:
    assert spread_in({"guidance", "csales"}) is None
    one, both = spread_in({"demographic"}), spread_in({"demographic", "price-demand"})
    assert one is not None
    assert both is not None
    assert len(both.cells) == len(one.cells) + 5
