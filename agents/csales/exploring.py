"""A seller's choice, mixed with chance once it is made: for sellers that somebody else wrote."""

from __future__ import annotations

import msgspec

from retailsim.agents.policy.exploring import mixed
from retailsim.events.streams import Stream
from retailsim.market.core.propensities import WHOLE, draw, propensities, stated, whole
from retailsim.market.protocols.csales.requests import PlanTurn
from retailsim.market.protocols.csales.values import Plan


def explored(plan: Plan, request: PlanTurn, share: float, stream: Stream) -> Plan:
    """Return the plan, or so often one of any legal option instead, all equally likely.

    Where the seller states its propensities, those of the mixture are logged, each right to one
    part in `WHOLE`; where it states none, none are. A plan that the market will refuse is left as
    it is.

    Parameters
    ----------
    share : float
        How often, from 0 to 1.
    stream : Stream
        Takes one word, and another one where it explores.
    """
    options = request.options
    if plan.option not in options:
        return plan
    counts = _counts(plan, request)
    if plan.probabilities is not None and counts is None:
        return plan
    chosen = plan.option
    if stream.word() < share * WHOLE:
        chosen = options[draw(propensities([1.0] * len(options)), stream)]
    return msgspec.structs.replace(
        plan,
        **msgspec.structs.asdict(chosen),
        options=tuple(option.name for option in options),
        probabilities=None if counts is None else propensities(mixed(counts, share)),
    )


def _counts(plan: Plan, request: PlanTurn) -> list[int] | None:
    """Return the seller's propensities over all legal options; None where it states none."""
    given = stated(plan.probabilities)
    names = [option.name for option in request.options]
    if given is None or not whole(given) or len(given) != len(plan.options):
        return None
    of = dict(zip(plan.options, given, strict=True))
    if len(of) < len(given) or not set(of) <= set(names):
        return None
    return [int(of.get(name, 0)) for name in names]
