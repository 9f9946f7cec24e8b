"""What a behavioral buyer goes by: derived from its options once, not for each of its markets."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from retailsim.agents.retail.behavioral.parameters import (
    BuyerParameters,
    Disposition,
    PitchScale,
    at_level,
    disposition,
    load_parameters,
    pitch_weights,
)
from retailsim.agents.retail.behavioral.questions import Habits
from retailsim.market.catalogue.product import Category


class Makeup(NamedTuple):
    """What all agents of one buyer's seat share.

    Parameters
    ----------
    parameters : BuyerParameters
    who : Disposition
    by_category : mapping of category to Disposition
        Where an anchor gives a category a level of its own.
    weights : PitchScale
        What each thing that a pitch shows is worth to this buyer.
    habits : Habits
    """

    parameters: BuyerParameters
    who: Disposition
    by_category: Mapping[Category, Disposition]
    weights: PitchScale
    habits: Habits


@lru_cache(maxsize=256)
def makeup(agent: str, path: str | None, poles: tuple[str, ...], options: str) -> Makeup:
    """Return what a buyer with these poles and `options` (JSON) goes by.

    Raises
    ------
    BadOption
        Naming the unknown or ill-typed option or parameter.
    """
    parameters = load_parameters(path, agent).buyer
    who = disposition(agent, path, poles, options)
    return Makeup(
        parameters=parameters,
        who=who,
        by_category={category: at_level(who, level) for category, level in who.levels.items()},
        weights=pitch_weights(agent, path, poles),
        habits=Habits(who, parameters),
    )
