"""`retailsim.run`, `load` and the run that they return."""

from __future__ import annotations

import ast
import asyncio
import datetime as dt
import json
import subprocess
import sys
import threading
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import retailsim
from retailsim import protocol_kit
from retailsim.sim.api.errors import BadArgument, NoSuchEpisode
from retailsim.sim.errors import BadScenario, BadSetting, NoScenario, NotARunFolder, RunExists
from tests.api.seats import Terse
from tests.sim.runs import ROOT, event_lines, launched, sim

SMALL = {"products.per_category": 1}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> retailsim.Run:
    return retailsim.run(settings=SMALL, out=tmp_path_factory.mktemp("door") / "run")


def test_a_run_is_the_one_that_the_command_line_makes(run: retailsim.Run, tmp_path: Path) -> None:
    """The same scenario and settings give the same event lines, byte for byte."""
    launched(tmp_path / "run", "--set", "products.per_category=1")
    assert event_lines(run.path) == event_lines(tmp_path / "run")


def test_measures_are_the_object_of_replay(run: retailsim.Run) -> None:
    result = sim("replay", run.path, "--json")
    assert run.measures() == json.loads(result.stdout)


def test_settings_are_those_of_the_command_line(tmp_path: Path) -> None:
    """Values of Python mean what the same TOML means."""
    made = retailsim.run(
        settings={
            **SMALL,
            "run.name": 'a "name"',
            "design.price_multipliers": (1.0, 1.25),
            "issues.weights": {"wrong item received": 1.0},
            "design.start": dt.date(2026, 5, 4),
            "design.nonbuyer_reviews": True,
            "products.catalog": Path("builtin"),
            "sellers.0.options": {"answers": 0.5},
        },
        seed=7,
        buyers="behavioral",
        out=tmp_path / "one",
    )
    scenario = made.scenario
    assert (scenario.run.name, scenario.run.seed) == ('a "name"', 7)
    assert scenario.design.price_multipliers == (1.0, 1.25)
    assert scenario.issues.weights == {"wrong item received": 1.0}
    assert scenario.design.start == dt.date(2026, 5, 4) and scenario.design.nonbuyer_reviews
    assert scenario.sellers[0].options["answers"] == 0.5
    assert [buyer.agent for buyer in scenario.buyers] == ["behavioral"]


def test_frames_hold_what_the_log_says(run: retailsim.Run) -> None:
    episodes, events = run.episodes(), run.events()
    assert episodes.height == 100
    net = episodes.filter(~pl.col("superseded"), status="closed")["net_revenue_cents"].sum()
    assert net == run.measures()["overall"]["net_revenue_cents"]
    assert events.filter(type="EpisodeOpened").height == 100
    assert events.columns == ["seq", "t", "type", "market", "episode", "source", "payload"]


def test_a_conversation_is_what_was_said(run: retailsim.Run) -> None:
    episode = run.episodes().filter(pl.col("orders") > 0)["episode"][0]
    chat = run.conversation(episode)
    said = [
        json.loads(payload)["text"]
        for payload in run.events().filter(type="MessageSent", episode=episode)["payload"]
    ]
    assert said and said == [m["content"] for m in chat.messages if m["content"] in said]
    assert chat.facts["episode"] == episode and chat.reviews
    assert said[0] in repr(chat)


def test_an_unknown_episode_is_named(run: retailsim.Run) -> None:
    with pytest.raises(NoSuchEpisode) as caught:
        run.conversation("x/y")
    assert str(caught.value) == f"{run.path}: no episode is called 'x/y'; episodes() lists them"


def test_a_run_is_loaded_again(run: retailsim.Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(run.path.parent)
    again = retailsim.load(run.path.name)
    assert again.path == run.path and again.finished
    monkeypatch.chdir("/")
    assert again.measures() == run.measures()
    assert repr(again) == f"Run({str(run.path)!r})"
    assert again.scenario.products.per_category == 1


def test_a_finished_run_is_verified_and_has_nothing_to_resume(run: retailsim.Run) -> None:
    found = run.verify()
    assert (found.events, found.markets, found.obstacle) == (run.events().height, 20, None)
    again = run.resume()
    assert again.notes == (f"{run.path}: nothing to do, the run is complete",)


# -- scenarios and seats -----------------------------------------------------------------------


def test_a_scenario_may_be_a_dict_or_a_scenario(tmp_path: Path) -> None:
    seats = [{"id": "a"}, {"id": "b"}]
    tables: dict[str, Any] = {
        "run": {"name": "mine", "seed": 3},
        "products": {"per_category": 1},
        "sellers": seats,
        "buyers": seats[:1],
    }
    one = retailsim.run(tables, out=tmp_path / "one", settings={"run.seed": 4})
    assert tables["run"]["seed"] == 3, "what is given stays as it is"
    assert one.scenario.run.name == "mine"
    two = retailsim.run(one.scenario, out=tmp_path / "two")
    assert event_lines(one.path) == event_lines(two.path)


@pytest.mark.slow
def test_a_class_of_a_module_is_a_plug_in(tmp_path: Path) -> None:
    """It plays with several workers, and the run can be verified."""
    made = retailsim.run(
        settings=SMALL, sellers=[Terse, "behavioral"], workers=2, out=tmp_path / "run"
    )
    assert [seat.agent for seat in made.scenario.sellers] == ["tests.api.seats:Terse", "behavioral"]
    assert made.verify().markets == 8


@pytest.mark.slow
def test_a_seat_may_be_a_table_with_a_class(tmp_path: Path) -> None:
    made = retailsim.run(
        settings=SMALL,
        sellers={"id": "terse", "agent": Terse, "persona": {"assertiveness": "assertive"}},
        buyers=[{"id": "b", "options": {"inclination": 1.0}}],
        out=tmp_path / "run",
    )
    (seller,), (buyer,) = made.scenario.sellers, made.scenario.buyers
    assert (seller.id, seller.agent) == ("terse", "tests.api.seats:Terse")
    assert seller.persona == {"assertiveness": "assertive"} and buyer.options == {
        "inclination": 1.0
    }


# -- event loops and threads -------------------------------------------------------------------


def test_a_running_loop_is_no_obstacle(run: retailsim.Run, tmp_path: Path) -> None:
    """As in a notebook's cell: `run` waits for the run, and the loop goes on afterwards."""

    async def cell() -> retailsim.Run:
        return retailsim.run(settings=SMALL, out=tmp_path / "run")

    made = asyncio.run(cell())
    assert event_lines(made.path) == event_lines(run.path)


def test_arun_leaves_the_loop_to_others(run: retailsim.Run, tmp_path: Path) -> None:
    async def main() -> tuple[retailsim.Run, int]:
        turns = 0

        async def others() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        task = asyncio.create_task(others())
        made = await retailsim.arun(settings=SMALL, out=tmp_path / "run")
        task.cancel()
        return made, turns

    made, turns = asyncio.run(main())
    assert event_lines(made.path) == event_lines(run.path) and turns > 1


def test_a_thread_may_call_for_a_run(run: retailsim.Run, tmp_path: Path) -> None:
    made = []
    thread = threading.Thread(
        target=lambda: made.append(retailsim.run(settings=SMALL, out=tmp_path / "run"))
    )
    thread.start()
    thread.join()
    assert event_lines(made[0].path) == event_lines(run.path)


# -- progress and silence ----------------------------------------------------------------------


def test_nothing_is_printed(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Not even a warning, which is a note of the run."""
    settings = {"products.per_category": 99, "products.ids": ["audio-aria-one"], "run.seed": 2}
    with pytest.raises(retailsim.RetailSimError):
        retailsim.run(settings=settings, out=tmp_path / "none")
    made = retailsim.run(settings=SMALL, budget=1.0, out=tmp_path / "run")
    assert capfd.readouterr() == ("", "")
    assert made.notes == ("--budget: no language model takes part, so nothing is spent",)


def test_progress_is_told_to_the_end(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    retailsim.run(
        settings=SMALL,
        out=tmp_path / "run",
        progress=lambda done, total: seen.append((done, total)),
    )
    assert seen[-1] == (100, 100) and seen == sorted(set(seen))


def test_progress_on_a_file_is_a_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    retailsim.run(settings=SMALL, out=tmp_path / "run", progress=True)
    assert capfd.readouterr() == ("", "100 of 100 episodes\n")


# -- errors ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "kind", "line"),
    [
        ({"scenario": "pairwis"}, NoScenario, "no scenario 'pairwis': there is no such file"),
        ({"settings": {"design.discount": 2}}, BadScenario, "pairwise: design.discount: "),
        ({"settings": {"run.seed": object}}, BadSetting, "--set run.seed=<class 'object'>: a type"),
        ({"scenario": {"run": {}}}, BadScenario, "scenario: sellers: there must be at least one"),
        ({"scenario": 7}, BadArgument, "scenario: a int is not a scenario: give a name"),
        ({"sellers": [7]}, BadArgument, "sellers: a int is not a seat: give a name"),
        (
            {"sellers": [{"agent": Terse, "options": {"a": Terse}}]},
            BadArgument,
            "sellers: options that TOML does not have: ",
        ),
        ({"buyers": [int]}, BadArgument, "buyers: int is not an agent: subclass"),
        ({"buyers": [Terse]}, BadScenario, "pairwise: buyers.Terse: agent"),
        ({"seed": "x"}, BadArgument, "seed: 'x' is not a whole number"),
        ({"workers": 0}, BadArgument, "workers: 0 is not a whole number from 1 up"),
        ({"budget": -1}, BadArgument, "budget: -1 is not a number of dollars above 0"),
        ({"catalog": "none.csv"}, retailsim.RetailSimError, ""),
    ],
)
def test_an_error_is_one_line(
    asked: dict[str, Any], kind: type[Exception], line: str, tmp_path: Path
) -> None:
    with pytest.raises(kind) as caught:
        retailsim.run(**{"out": tmp_path / "run", **asked})
    assert isinstance(caught.value, retailsim.RetailSimError)
    assert str(caught.value).startswith(line) and "\n" not in str(caught.value)
    assert not (tmp_path / "run").exists()


def test_a_seed_may_come_out_of_an_array(tmp_path: Path) -> None:
    seed: Any = np.arange(3, 4)[0]
    small = {"products.per_category": 1}
    run = retailsim.run(settings=small, seed=seed, out=tmp_path / "run")
    assert "seed = 3" in (run.path / "run.toml").read_text()


def test_a_folder_that_is_taken_is_refused(run: retailsim.Run) -> None:
    with pytest.raises(RunExists):
        retailsim.run(out=run.path)


def test_what_is_no_run_is_not_loaded(tmp_path: Path) -> None:
    with pytest.raises(NotARunFolder):
        retailsim.load(tmp_path)


# -- the package -------------------------------------------------------------------------------


def test_every_name_leads_somewhere() -> None:
    assert all(hasattr(retailsim, name) for name in retailsim.__all__)
    assert set(retailsim.__all__) <= set(dir(retailsim))
    with pytest.raises(AttributeError, match="module 'retailsim' has no attribute 'nothing'"):
        retailsim.nothing  # type: ignore[attr-defined]  # noqa: B018


@pytest.mark.parametrize("module", [retailsim, protocol_kit])
def test_what_can_be_listed_is_what_is_there(module: Any) -> None:
    """And not what the module itself works with."""
    assert all(hasattr(module, name) for name in module.__all__)
    assert {name for name in dir(module) if not name.startswith("__")} == set(module.__all__)


def test_type_checkers_and_programs_are_told_the_same_names() -> None:
    for module in (retailsim, protocol_kit):
        told = ast.parse(Path(module.__file__ or "").read_text(encoding="utf-8"))
        homes = {
            (node.module, name.asname)
            for block in told.body
            if isinstance(block, ast.If)
            for node in block.body
            if isinstance(node, ast.ImportFrom)
            for name in node.names
        }
        assert {name for _, name in homes} == set(module.__all__)
        for home, name in homes:
            assert getattr(module, str(name)) is getattr(import_module(str(home)), str(name))


def test_importing_it_imports_nothing_heavy() -> None:
    heavy = ("aiohttp", "anyio", "asyncio", "msgspec", "polars", "rich", "click")
    code = f"import retailsim, sys; print([m for m in {heavy!r} if m in sys.modules])"
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert ran.stdout == "[]\n"


# -- what goes into a run ----------------------------------------------------------------------


def test_a_plug_in_takes_its_folder_along_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not the packages that are installed below the folder."""
    monkeypatch.chdir(tmp_path)
    packages = tmp_path / ".venv" / "site-packages"
    packages.mkdir(parents=True)
    (packages / "installed_beside.py").write_text("")
    monkeypatch.syspath_prepend(packages)
    (tmp_path / "own_seats.py").write_text(
        "import installed_beside, own_words\n"
        "from tests.api.seats import Terse\n"
        "class Own(Terse):\n"
        "    '''Imported from the folder.'''\n"
    )
    (tmp_path / "own_words.py").write_text("")
    made = retailsim.run(settings=SMALL, sellers="own_seats:Own", out=tmp_path / "run")
    taken = made.path / "inputs" / "plugins"
    assert sorted(str(file.relative_to(taken)) for file in taken.rglob("*.py")) == [
        "own_seats.py",
        "own_words.py",
    ]


def test_two_runs_of_one_second_have_folders_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no folder is named, even the time is not enough."""
    monkeypatch.chdir(tmp_path)

    async def both() -> list[retailsim.Run]:
        one = {"settings": SMALL, "seed": 1, "buyers": "behavioral"}
        return await asyncio.gather(*(retailsim.arun(**one) for _ in range(3)))  # type: ignore[arg-type]

    assert len({run.path for run in asyncio.run(both())}) == 3
