"""Limits without a number: what the old seller comes to itself is what is allowed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np

from retailsim.sim.learning.csales.logged import read_logged
from retailsim.sim.learning.csales.playing import play
from retailsim.sim.learning.limits import Limit
from retailsim.sim.run.launch import prepare
from retailsim.sim.run.launch_options import Options
from retailsim.sim.terminal.audience import Audience, Nobody

SELLER = "csi"
MEASURED = 2_000
"""Conversations that its rates are measured in, at least."""


def with_bounds(
    asked: Sequence[tuple[str, float | None, bool]], meeting: Options, audience: Audience
) -> tuple[Limit, ...]:
    """Return limits; those without a bound get what `csi` comes to with the same buyers.

    Parameters
    ----------
    asked : sequence of (term, bound or None, least)
    meeting : Options
        What is learnt on, so nothing of what is held out is looked at.
    """
    limits = [Limit(term=term, bound=bound or 0.0, least=least) for term, bound, least in asked]
    if all(bound is not None for _, bound, _ in asked):
        return tuple(limits)
    found = _measured(meeting)
    for number, (term, bound, _) in enumerate(asked):
        if bound is None:
            limits[number] = msgspec.structs.replace(limits[number], bound=found[term])
            audience.say(f"{limits[number].words}: what {SELLER} comes to with these buyers")
    return tuple(limits)


def of_logs(
    asked: Sequence[tuple[str, float | None, bool]],
    runs: Sequence[Path],
    seller: str | None,
    audience: Audience,
) -> tuple[Limit, ...]:
    """Return limits; those without a bound get what the conversations of the logs came to."""
    limits = [Limit(term=term, bound=bound or 0.0, least=least) for term, bound, least in asked]
    if any(bound is None for _, bound, _ in asked):
        terms = read_logged(runs, seller=seller).decisions.terms
        for number, (term, bound, _) in enumerate(asked):
            if bound is None:
                own = round(float(terms[term].mean()), 6)
                limits[number] = msgspec.structs.replace(limits[number], bound=own)
                audience.say(f"{limits[number].words}: what the logs come to")
    return tuple(limits)


def _measured(meeting: Options) -> dict[str, float]:
    """Return what `csi` comes to in each term, per conversation."""
    asked = msgspec.structs.replace(meeting, sellers=SELLER)
    one = prepare(asked, Nobody()).design.episodes
    times = (f"design.replications={math.ceil(MEASURED / one)}",)
    outcomes = play(msgspec.structs.replace(asked, settings=(*asked.settings, *times)))
    return {name: round(float(np.nanmean(values)), 6) for name, values in outcomes.terms.items()}
