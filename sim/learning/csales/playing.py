"""Sellers at their work: conversations played in memory, and what each came to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retailsim.agents.host import Hosting
from retailsim.agents.watchdog import Watchdog
from retailsim.events.messages import EpisodeFailed, Event
from retailsim.market.catalogue.product import Product
from retailsim.market.protocols.csales.events import ActionChosen
from retailsim.market.protocols.registry import rules_of
from retailsim.sim.environments.csales.rewards import TERMS, Rewards
from retailsim.sim.environments.stepping import SteppedMarket
from retailsim.sim.protocols.csales.design import SalesDesign
from retailsim.sim.run.launch import prepare
from retailsim.sim.run.launch_options import Options
from retailsim.sim.terminal.audience import Nobody

Floats = NDArray[np.float64]
Products = Mapping[str, Product]
Count = Callable[[Sequence[Event], Products], float]
"""What is counted in a conversation's events, given the products by their ids."""


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What conversations came to.

    Parameters
    ----------
    sellers, profiles : tuple of str
        In their order.
    terms : mapping of name to (sellers, profiles, times)
        Every term of the rewards, without its weight, for each time that a seller met a profile;
        NaN where the conversation failed.
    """

    sellers: tuple[str, ...]
    profiles: tuple[str, ...]
    terms: Mapping[str, Floats]

    def of(self, seller: str, term: str) -> Floats:
        """Return a seller's mean of a term by profile, (profiles,); NaN where all failed."""
        values = self.terms[term][self.sellers.index(seller)]
        known = ~np.isnan(values)
        counts = known.sum(axis=1)
        totals = np.where(known, values, 0.0).sum(axis=1)
        found: Floats = np.divide(
            totals, counts, out=np.full(len(values), np.nan), where=counts > 0
        )
        return found

    @property
    def failed(self) -> int:
        """How many conversations failed."""
        return int(np.isnan(self.terms["turn"]).sum())


def play(
    options: Options,
    *,
    counts: Mapping[str, Count] | None = None,
    update: Callable[[int], None] = lambda done: None,
) -> Outcomes:
    """Hold all conversations of a scenario, and keep nothing of them but what they came to.

    Each is the one that `launch` would write to a run, event by event.

    Parameters
    ----------
    options : Options
        Which scenario, with what laid over it; nobody in it waits for something.
    counts : mapping of name to callable, optional
        What else is to be counted in a conversation's events, such as violations of rules.
    update : callable
        Told how many conversations are over.

    Raises
    ------
    RetailSimError
        If the scenario does not go.
    """
    prepared = prepare(options, Nobody())
    design, cast = prepared.design, prepared.cast
    assert isinstance(design, SalesDesign)  # whoever calls looked at the protocol
    hosting = Hosting(
        admissions=rules_of(cast.protocol).admissions, watch=Watchdog(say=lambda line: None)
    )
    found: dict[tuple[str, str], list[dict[str, float]]] = {}
    counted, products = counts or {}, {product.id: product for product in design.products}
    for number, spec in enumerate(design.markets(), 1):
        events = SteppedMarket(spec, cast, prepared.design.open, hosting).events
        beside = {name: count(events, products) for name, count in counted.items()}
        terms = terms_of(events) | beside
        if any(isinstance(event, EpisodeFailed) for event in events):
            terms = dict.fromkeys(terms, np.nan)
        found.setdefault((spec.seller.id, spec.profile.id), []).append(terms)
        update(number)
    return _gathered(found, (*TERMS, *counted))


def terms_of(events: Sequence[Event]) -> dict[str, float]:
    """Return what a whole conversation came to, by term."""
    terms = Rewards({}).of_step(events)
    terms["turn"] = float(sum(isinstance(event, ActionChosen) for event in events))
    return terms


def _gathered(
    found: Mapping[tuple[str, str], Sequence[Mapping[str, float]]], names: Sequence[str]
) -> Outcomes:
    sellers = tuple(dict.fromkeys(seller for seller, _ in found))
    profiles = tuple(dict.fromkeys(profile for _, profile in found))
    terms = {
        name: np.array(
            [[[one[name] for one in found[s, p]] for p in profiles] for s in sellers], np.float64
        )
        for name in names
    }
    return Outcomes(sellers=sellers, profiles=profiles, terms=terms)
