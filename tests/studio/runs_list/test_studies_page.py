"""Sweeps and experiments in the studio: what came of them, and their runs."""

from __future__ import annotations

import json
import re
import shutil
from html import unescape
from pathlib import Path

import msgspec
import pytest

from retailsim.analysis.experiments.outcomes import (
    ExperimentOutcome,
    JudgedClaim,
    OutcomeRow,
    OutcomeTable,
    Value,
)
from retailsim.analysis.measures.scope import ILLUSTRATION
from retailsim.analysis.statistics.values import Estimate, Interval, Test
from retailsim.sim.experiments.outcome_page import outcome_page
from retailsim.sim.studio.runs_list.studies import studies_of
from retailsim.sim.studio.site.runs import run_folders
from retailsim.sim.sweep.errors import BadSweep, NotASweep
from retailsim.sim.sweep.kept_sweep import kept_sweep
from retailsim.sim.sweep.sweep import MARK
from tests.sim.runs import SMALL, sim
from tests.studio.server import Client, ask


def made(folder: Path, mark: str, *arms: str, told: str = "{}") -> None:
    for arm in arms:
        (folder / arm).mkdir(parents=True)
        (folder / arm / "run.toml").touch()
    (folder / mark).write_text(told)


def test_studies_are_the_folders_that_say_so(tmp_path: Path) -> None:
    made(tmp_path / "prices", "sweep.json", "01-0", "02-1")
    made(tmp_path / "papers" / "four", "experiment.json", "all")
    made(tmp_path / "others", "notes.json", "one")
    found = studies_of(tmp_path, run_folders(tmp_path))
    assert {key: (one.kind, *one.runs) for key, one in found.items()} == {
        "papers~four": ("experiment", "papers~four~all"),
        "prices": ("sweep", "prices~01-0", "prices~02-1"),
    }
    inside = tmp_path / "prices"
    assert list(studies_of(inside, run_folders(inside))) == ["prices"]
    alone = inside / "01-0"
    assert studies_of(alone, run_folders(alone)) == {}


@pytest.mark.slow
def test_a_kept_sweep_has_the_arms_that_were_played(tmp_path: Path) -> None:
    """Keys are written sorted; arms are numbered by the order in which they were given."""
    folder = tmp_path / "grid"
    keys = ("products.issue_rate=0.2,0.1", "design.discount=0,0.1")
    result = sim("sweep", "pairwise", *keys, "--out", folder, *SMALL, "--json")
    assert result.exit_code == 0, result.stderr
    said = json.loads(result.stdout)
    found = kept_sweep(folder)
    assert {label: str(one.out) for label, one in found.runs.items()} == said["runs"]
    assert [one.key for one in found.keys] == [key.partition("=")[0] for key in keys]
    told = json.loads((folder / MARK).read_bytes())
    del told["order"]
    (folder / MARK).write_text(json.dumps(told))
    with pytest.raises(NotASweep, match="order"):
        kept_sweep(folder)


@pytest.mark.parametrize(
    "told", ["", "[]", '{"scenario": "pairwise"}', '{"scenario": "x", "keys": {"a": 1}}']
)
def test_words_that_say_nothing_are_refused_in_a_line(told: str, tmp_path: Path) -> None:
    (tmp_path / MARK).write_text(told)
    with pytest.raises(NotASweep, match="cannot be read"):
        kept_sweep(tmp_path)


def test_words_of_too_many_arms_are_refused_and_none_leads_out(tmp_path: Path) -> None:
    def written(values: list[str]) -> None:
        words = {"scenario": "pairwise", "keys": {"design.discount": values}}
        (tmp_path / MARK).write_bytes(msgspec.json.encode(words))

    written([str(n) for n in range(300)])
    with pytest.raises(BadSweep, match="300 combinations"):
        kept_sweep(tmp_path)
    written(["../..", "/etc"])
    places = [one.out for one in kept_sweep(tmp_path).runs.values()]
    assert [place.parent for place in places if place] == [tmp_path, tmp_path]


def test_an_outcome_says_on_its_page_what_it_says_on_a_terminal() -> None:
    measured = Estimate(value=0.5, n=40, interval=Interval(0.4, 0.6, "t"), note="few")
    test = Test(estimate=0.1, interval=None, p=0.03, n=40, method="signs")
    unknown = Value(name="other", unit="cents", measured=Estimate(value=None, n=0))
    outcome = ExperimentOutcome(
        title="Table 0.",
        tables=(
            OutcomeTable(
                name="t",
                rows=(
                    OutcomeRow(
                        label="one",
                        values=(
                            Value(
                                name="share",
                                unit="share",
                                measured=measured,
                                published=0.7,
                                put_in="Table 0",
                            ),
                        ),
                    ),
                    OutcomeRow(label="two", values=(unknown,)),
                ),
            ),
        ),
        findings=(JudgedClaim(claim="it rises", test=test, unit="share", one_tailed=True),),
        notes=("mind this",),
        about=("Intervals are for all.", ILLUSTRATION),
    )
    page = outcome_page("cost", outcome)
    assert (page.title, page.warnings) == ("Table 0", (ILLUSTRATION,))
    whole, tested, notes = page.sections
    first, second = whole.tables
    assert first.columns == ("", "share") and second.columns == ("", "other")
    cell = first.rows[0][1]
    assert (cell.text, cell.below) == (
        "50.0%",
        "40.0% to 60.0%; n 40; paper 70.0%, off; put in; few",
    )
    assert second.rows[0][1].text == "–"
    assert [one.text for one in tested.tables[0].rows[0]] == [
        "it rises",
        "+10.0 points",
        "0.030",
        "",
    ]
    assert tested.tables[0].rows[0][2].below == "one-tailed"
    assert notes.findings == ("mind this",)


async def text(client: Client, path: str) -> str:
    async with client.get(path) as answer:
        return unescape(await answer.text())


@pytest.mark.slow
def test_pages_of_a_sweep_and_an_experiment_say_what_their_commands_say(tmp_path: Path) -> None:
    swept = sim(
        *("sweep", "pairwise", "design.discount=0,0.1", "--out", tmp_path / "s", *SMALL, "--json")
    )
    played = sim(
        *("experiment", "category-fit", "--out", tmp_path / "e", *SMALL, "--json"),
    )
    assert played.exit_code == swept.exit_code == 0, played.stderr
    shutil.copytree(tmp_path / "s", tmp_path / "half")
    shutil.rmtree(tmp_path / "half" / "02-0.1")
    shutil.copytree(tmp_path / "e", tmp_path / "odd")
    (tmp_path / "odd" / "experiment.json").write_text('["../e"]')
    verdict = json.loads(swept.stdout)["verdict"]

    async def main(client: Client) -> None:
        page = await text(client, "/studies/s/")
        assert " ".join(verdict) in page
        assert re.findall(r'href="../../runs/(.*?)/">(.*?)</a>', page) == [
            ("s~01-0", "0"),
            ("s~02-0.1", "0.1"),
        ]
        assert page.count(" checked>") == 2
        page = await text(client, "/studies/half/")
        assert "1 of 2 runs are complete" in page and "not begun" in page
        assert "Which is best" not in page
        page = await text(client, "/studies/e/")
        outcome = json.loads(played.stdout)["outcome"]
        assert f"<h1>{outcome['title'].removesuffix('.')}</h1>" in page
        assert 'href="../../runs/e~all/"' in page and "Compare from" not in page
        assert "no experiment is called '../e'" in await text(client, "/studies/odd/")
        async with client.get("/studies/nothing/") as answer:
            assert answer.status == 404

    ask(tmp_path, main)
