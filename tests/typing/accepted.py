"""What a type checker accepts of `import retailsim`; it is checked, never run."""

from __future__ import annotations

from pathlib import Path
from typing import Any, assert_type

import polars as pl

import retailsim


class Greedy(retailsim.SellerAgent):
    """A seller by the names that the front door has."""

    async def strategy(self, request: retailsim.FormStrategy) -> retailsim.Strategy:
        assert_type(request.offer, retailsim.Offer)
        return retailsim.Strategy()

    async def pitch(self, request: retailsim.PresentPitch) -> retailsim.Pitch:
        return retailsim.Pitch(sections={"opening": request.offer.product.title})

    async def answer(self, request: retailsim.AnswerBuyer) -> str:
        return "Yes."

    async def support(self, request: retailsim.GiveSupport) -> retailsim.Support:
        return retailsim.Support(text="No.")


class Quick(retailsim.SalesBuyer):
    """A buyer of sales conversations, likewise."""

    async def open(self, request: retailsim.OpenConversation) -> str:
        return "A pan."

    async def respond(self, request: retailsim.RespondToSeller) -> retailsim.Response:
        return retailsim.Response(text="No.", leave="leave")


def scenarios(folder: Path, scenario: retailsim.Scenario) -> None:
    """Everything that is a scenario, and everything that takes a seat."""
    retailsim.run()
    retailsim.run("pairwise", out=folder, seed=1, workers=2, budget=0.5, progress=True)
    retailsim.run(folder / "scenario.toml", out=str(folder), progress=lambda done, total: None)
    retailsim.run({"run": {"seed": 1}}, settings={"design.discount": 0.1, "run.name": "a"})
    retailsim.run(scenario, sellers="a,b", buyers=["a", {"id": "b"}])
    retailsim.run(sellers=Greedy, buyers=[{"id": "q", "agent": Quick}])
    retailsim.run(sellers=[Greedy, "behavioral"])


def runs(run: retailsim.Run) -> None:
    """What a run gives."""
    assert_type(retailsim.load("run"), retailsim.Run)
    assert_type(run.path, Path)
    assert_type(run.notes, tuple[str, ...])
    assert_type(run.finished, bool)
    assert_type(run.scenario, retailsim.Scenario)
    assert_type(run.measures(), dict[str, Any])
    assert_type(run.episodes(), pl.DataFrame)
    assert_type(run.events(), pl.DataFrame)
    assert_type(run.conversation("e"), retailsim.Chat)
    assert_type(run.report(), Path)
    assert_type(run.verify().markets, int | None)
    assert_type(run.resume(budget=1.0, settings={"models.a.max_in_flight": 2}), retailsim.Run)


def studies(run: retailsim.Run) -> None:
    """What comes of runs side by side."""
    assert_type(retailsim.compare(run, "run").pairs, int)
    found = retailsim.experiment("pairwise", settings={"products.per_category": 1})
    assert_type(found, retailsim.Experiment)
    assert_type(found.runs, dict[str, retailsim.Run])
    assert_type(found.outcome.title, str)
    assert_type(found.told(), dict[str, Any])


async def awaited() -> None:
    """What is awaited."""
    assert_type(await retailsim.arun("csales", sellers="csi"), retailsim.Run)


def stopped() -> int:
    """What is caught."""
    try:
        retailsim.run()
    except retailsim.RunStopped as error:
        assert_type(error.run, retailsim.Run)
    except retailsim.RunInterrupted as error:
        assert_type(error.run, retailsim.Run | None)
    except retailsim.RetailSimError as error:
        return error.exit_status
    return 0
