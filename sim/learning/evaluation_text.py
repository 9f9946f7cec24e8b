"""What `policy evaluate` prints: diagnostics first, then estimates or a refusal, then a verdict."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from retailsim.analysis.policy.audit import Audit
from retailsim.analysis.policy.diagnostics import (
    LEAST_CLUSTERS,
    LEAST_ESS,
    MEAN_BETWEEN,
    MOST_RARE,
    MOST_SHARE,
    RARE,
    Diagnostics,
    needed_episodes,
)
from retailsim.analysis.policy.evaluation import RECOMMENDED, Evaluation, Value
from retailsim.analysis.statistics.values import Interval
from retailsim.sim.terminal.program_name import program_name

if TYPE_CHECKING:
    from rich.table import Table

BEYOND_SENSE = 1e9
"""From here on an amount a conversation is what a near division by zero left."""
MOST_ERROR = 0.33
"""Of what an audit goes by, beside the errors that it measures."""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What is judged, by what.

    Parameters
    ----------
    policy : str
    sellers : tuple of str
        Whose conversations the log has.
    reward : dict of term to weight
    left_out : int
        Conversations that failed or did not come to their end.
    shared : str
        What clusters are.
    hint : str
        What more would make a better log.
    """

    policy: str
    sellers: tuple[str, ...]
    reward: dict[str, float]
    left_out: int
    shared: str = "buyer profiles"
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Term:
    """What else is to be said of a policy than what it earns.

    Parameters
    ----------
    name : str
        A term of the reward.
    log, policy : Value
        What a conversation of the log came to, and what one of the policy's would.
    """

    name: str
    log: Value
    policy: Value


def shown(told: Told, found: Evaluation, beside: Sequence[Term]) -> list[Any]:
    """Return what is printed, part by part.

    Parameters
    ----------
    told : Told
    found : Evaluation
    beside : sequence of Term
        Empty where the policy is refused.
    """
    parts: list[Any] = [_heading(told, found), _diagnostics(found.diagnostics, told.shared)]
    if found.refused:
        return [*parts, "\n".join(_refusal(told, found))]
    parts += [_estimates(found)]
    if beside:
        parts.append(_beside(beside))
    return [*parts, _verdict(told, found)]


def _heading(told: Told, found: Evaluation) -> str:
    paid = ", ".join(f"{name} x {weight:g}" for name, weight in told.reward.items())
    left = f"; {told.left_out:,} others failed or are unfinished" if told.left_out else ""
    return (
        f"{told.policy}, by {found.diagnostics.episodes:,} conversations of "
        f"{' and '.join(told.sellers)}{left}. A conversation is worth {paid}."
    )


def _table(*headings: str) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for number, heading in enumerate(headings):
        table.add_column(heading, justify="right" if number else "left")
    return table


def _diagnostics(found: Diagnostics, shared: str) -> Table:
    table = _table("what the log can tell", "", "limit")
    for row in _rows(found, shared):
        table.add_row(*row)
    return table


def _rows(found: Diagnostics, shared: str) -> Iterator[tuple[str, str, str]]:
    yield "conversations", f"{found.episodes:,}", ""
    yield f"{shared} (clusters)", f"{found.clusters:,}", f">= {LEAST_CLUSTERS}"
    yield "decisions of the longest", f"{found.horizon:,}", ""
    yield "decisions without propensities", f"{found.unknown:.1%}", "none"
    yield "searched elsewhere than the policy would", f"{found.elsewhere:.1%}", "none"
    yield "seller that learns from this log", "yes" if found.adaptive else "no", "no"
    if found.unknown:
        return
    low, high = MEAN_BETWEEN
    share = f"{found.ess:,.1f} ({found.ess_share:.3f} of all)"
    yield "effective sample size", share, f">= {LEAST_ESS:.0f}"
    yield "largest share of the weight", f"{found.largest:.1%}", f"<= {MOST_SHARE:.0%}"
    mean = f"{found.mean_weight:.2f}{_between(found.mean_interval)}"
    yield "mean weight", mean, f"{low:g} to {high:g}"
    yield f"logged with less than {RARE:g}", f"{found.rare:.1%}", f"<= {MOST_RARE:.0%}"
    yield "impossible for the seller", f"{found.impossible:.2%}", "none"


def _between(interval: Interval | None) -> str:
    return "" if interval is None else f" ({interval.low:,.2f} to {interval.high:,.2f})"


def _estimates(found: Evaluation) -> Table:
    table = _table("estimator", "a conversation, 95% interval", "more than the log", "")
    table.add_row("the log itself", _cells(found.logged)[0], "", "")
    for one in found.values:
        best = one.name == RECOMMENDED
        note = "go by this one" if best else "" if one.interval else "no valid interval"
        table.add_row(one.name, *_cells(one), note, style="bold" if best else None)
    return table


def _beside(beside: Sequence[Term]) -> Table:
    table = _table(f"by {RECOMMENDED}, a conversation", "the log", "the policy", "difference")
    for one in beside:
        table.add_row(one.name, _cells(one.log)[0], *_cells(one.policy))
    return table


def audit_shown(audit: Audit, found: Evaluation) -> list[Any]:
    """Return what is printed of an audit.

    Parameters
    ----------
    audit : Audit
    found : Evaluation
        Of the log that is audited.
    """
    plan, size = audit.plan, found.diagnostics.episodes
    refused = f", of which {audit.refused} would be refused" if audit.refused else ""
    heading = (
        f"Audit: played, the policy earns {audit.truth:,.2f} a conversation (standard error "
        f"{audit.truth_error:.2f}), {audit.gain:+,.2f} ({audit.gain_error:.2f}) beside the log's "
        f"seller. By {plan.logs} new logs of {plan.size} conversations{refused}, with an effective "
        f"sample size of {audit.ess_share:.3f} of all:"
    )
    table = _table("estimator", "bias", "RMSE", "width", "interval holds it", "holds the gain")
    for one in audit.estimators:
        table.add_row(
            one.name,
            amount(one.bias, "+"),
            amount(one.rmse),
            amount(one.width),
            f"{one.covered:.0%} of {plan.logs}",
            f"{one.gain_covered:.0%}",
            style="bold" if one.name == RECOMMENDED else None,
        )
    share = (plan.size / size) ** 0.5
    note = f"By a log of {size:,} conversations RMSE and width are about {share:.2f} of these."
    best = next(one for one in audit.estimators if one.name == RECOMMENDED)
    if audit.truth_error > MOST_ERROR * best.rmse:
        note += " The true value is not sure enough for these; have more --conversations played."
    return [heading, table, note]


def amount(value: float, sign: str = "") -> str:
    """Return an amount with its cents, or, where it is beyond all sense, its order alone."""
    return f"{value:{sign},.2f}" if abs(value) < BEYOND_SENSE else f"{value:{sign}.0e}"


def _cells(one: Value) -> tuple[str, str]:
    return (
        f"{one.value:,.2f}{_between(one.interval)}",
        f"{one.gain:+,.2f}{_between(one.gain_interval)}",
    )


def _refusal(told: Told, found: Evaluation) -> Iterator[str]:
    yield f"Refused: this log cannot tell what {told.policy} would earn."
    for reason in found.refused:
        yield f"- {reason.reason}."
    needed = needed_episodes(found.refused)
    if found.diagnostics.unknown:
        yield (
            "It can still be mined for which moves go with buying "
            f"({program_name()} policy mine), and a policy be judged by playing it: "
            f"{program_name()} launch."
        )
        return
    if needed is not None:
        yield (
            f"About {needed:,} conversations of this kind might do, or more: far weights come to "
            "light late."
        )
    elif all(one.helps for one in found.refused):
        yield "How many conversations of this kind would do cannot be said: too few come near it."
    else:
        yield "More conversations of this kind would not help."
    yield (
        "A seller that explores is a better witness (options.explore), and the policy itself with "
        f"some exploring the best.{told.hint}"
    )


def _verdict(told: Told, found: Evaluation) -> str:
    best = found.recommended
    if found.better:
        gain = f"{best.gain:,.2f}{_between(best.gain_interval)}"
        return f"Better: {told.policy} would earn {gain} more a conversation than the log."
    gain = _cells(best)[1]
    return f"Keep the old one: a difference of {gain} a conversation may be none, or a loss."
