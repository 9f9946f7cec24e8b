"""What ratings say: means, majority votes against the key, and whether raters agree.

People and models are never put together: each kind of rater has rows of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median

import msgspec
import polars as pl

from retailsim.analysis.annotation.answers import Kind, Ratings, Value
from retailsim.analysis.annotation.errors import BadRatings
from retailsim.analysis.annotation.items import AnswerKey, TrueAnswer
from retailsim.analysis.annotation.self_agreement import SelfAgreement, self_agreement
from retailsim.analysis.annotation.tasks import LIKERT, TRAITS
from retailsim.analysis.statistics.agreement import Scale, alpha, majority
from retailsim.analysis.statistics.clusters import mean
from retailsim.analysis.statistics.proportions import binomial
from retailsim.analysis.statistics.values import Estimate, Interval, Test


class Rater(msgspec.Struct, frozen=True, kw_only=True):
    """Who rated: a model's `label` begins with "model:".

    Parameters
    ----------
    seconds : float or None
        The median of how long an item was looked at; None where nobody measured it.
    flagged : tuple of str
        Items with which the rater found something wrong; their ratings count.
    """

    label: str
    kind: Kind
    rated: int
    seconds: float | None = None
    flagged: tuple[str, ...] = ()


class AgentMean(msgspec.Struct, frozen=True, kw_only=True):
    """How one agent was rated in a task."""

    agent: str
    mean: Estimate


class TaskScore(msgspec.Struct, frozen=True, kw_only=True):
    """One task by one kind of rater.

    Parameters
    ----------
    ratings : int
        All of them; `mean.n` counts items.
    mean : Estimate
        Of the items' mean ratings, 1 to 5; the interval is by product.
    alpha : Test
        Krippendorff's, ordinal; its note says where it is below 0.67, or undefined.
    """

    task: str
    kind: Kind
    ratings: int
    mean: Estimate
    alpha: Test
    agents: tuple[AgentMean, ...]


class AgentVotes(msgspec.Struct, frozen=True, kw_only=True):
    """How often the raters' majority told one agent's two poles apart."""

    agent: str
    accuracy: Test


class TraitScore(msgspec.Struct, frozen=True, kw_only=True):
    """One trait by one kind of rater.

    Parameters
    ----------
    items : int
        Pairs that somebody rated; of these `ties` have no majority and count nowhere else.
    correct : int
        Pairs whose majority found the right one.
    accuracy : Test
        `correct` of the pairs with a majority: exact binomial against 1/2, exact interval.
    alpha : Test
        Krippendorff's, nominal.
    """

    trait: str
    kind: Kind
    items: int
    ratings: int
    correct: int
    ties: int
    accuracy: Test
    alpha: Test
    agents: tuple[AgentVotes, ...]


class Scores(msgspec.Struct, frozen=True, kw_only=True):
    """All of it; `dirty` names what could not be used."""

    export: str
    run: str
    items: int
    raters: tuple[Rater, ...]
    tasks: tuple[TaskScore, ...]
    traits: tuple[TraitScore, ...]
    dirty: tuple[str, ...]
    self_agreement: tuple[SelfAgreement, ...] = ()


_KINDS: tuple[Kind, ...] = ("person", "model")

Votes = Mapping[str, list[Value]]
"""Item -> what its raters said."""


def score(key: AnswerKey, ratings: Sequence[Ratings], dirty: Sequence[str] = ()) -> Scores:
    """Score the ratings of an export.

    Parameters
    ----------
    ratings : sequence of Ratings
        One a rater.

    Raises
    ------
    BadRatings
        If a rater is there twice, or nobody rated anything.
    """
    labels = [one.label for one in ratings]
    twice = sorted({label for label in labels if labels.count(label) > 1})
    if twice:
        raise BadRatings(twice[0], "two files of one rater; leave one out, or rename it")
    if not any(one.values for one in ratings):
        raise BadRatings(", ".join(labels) or "no file", "no rating that can be used")
    groups = [(kind, found) for kind in _KINDS if (found := _of_kind(ratings, kind))]
    return Scores(
        export=key.export,
        run=key.run,
        items=len(key.items),
        raters=tuple(map(_rater, ratings)),
        tasks=tuple(
            _task(task.name, kind, group, key)
            for task in LIKERT
            for kind, group in groups
            if _votes(_asked(key, task.name), group)
        ),
        traits=tuple(
            _trait(trait.column, kind, group, key)
            for trait in TRAITS
            for kind, group in groups
            if _votes(_asked(key, trait.column), group)
        ),
        self_agreement=self_agreement(ratings),
        dirty=tuple(dirty),
    )


def _rater(ratings: Ratings) -> Rater:
    return Rater(
        label=ratings.label,
        kind=ratings.kind,
        rated=len(ratings.values),
        seconds=median(ratings.seconds.values()) if ratings.seconds else None,
        flagged=ratings.flagged,
    )


def _of_kind(ratings: Sequence[Ratings], kind: Kind) -> list[Ratings]:
    return [one for one in ratings if one.kind == kind and one.values]


def _asked(key: AnswerKey, task: str) -> list[TrueAnswer]:
    return [answer for answer in key.items if answer.task == task]


def _votes(answers: Sequence[TrueAnswer], raters: Sequence[Ratings]) -> Votes:
    return {
        answer.id: said
        for answer in answers
        if (said := [one.values[answer.id] for one in raters if answer.id in one.values])
    }


def _task(name: str, kind: Kind, raters: Sequence[Ratings], key: AnswerKey) -> TaskScore:
    answers = _asked(key, name)
    votes = _votes(answers, raters)
    rated = [answer for answer in answers if answer.id in votes]
    agents = sorted({answer.agent for answer in rated})
    table = [[_number(one.values.get(answer.id)) for answer in rated] for one in raters]
    return TaskScore(
        task=name,
        kind=kind,
        ratings=sum(map(len, votes.values())),
        mean=_mean(rated, votes),
        alpha=_alpha(table, "ordinal", key.seed),
        agents=tuple(
            AgentMean(agent=agent, mean=_mean([a for a in rated if a.agent == agent], votes))
            for agent in agents
        ),
    )


def _mean(rated: Sequence[TrueAnswer], votes: Votes) -> Estimate:
    means = [sum(map(int, votes[answer.id])) / len(votes[answer.id]) for answer in rated]
    products = pl.Series("product", [answer.product for answer in rated], pl.String)
    found = mean(pl.Series("mean", means, pl.Float64), products)
    if found.interval is None:
        return found
    low, high = max(1.0, found.interval.low), min(5.0, found.interval.high)
    return msgspec.structs.replace(found, interval=Interval(low, high, found.interval.method))


def _trait(name: str, kind: Kind, raters: Sequence[Ratings], key: AnswerKey) -> TraitScore:
    answers = _asked(key, name)
    votes = _votes(answers, raters)
    rated = [answer for answer in answers if answer.id in votes]
    found = {answer.id: majority(votes[answer.id]) for answer in rated}
    decided = [answer for answer in rated if found[answer.id] is not None]
    right = {answer.id for answer in decided if found[answer.id] == answer.right}
    table = [[_side(one.values.get(answer.id)) for answer in rated] for one in raters]
    return TraitScore(
        trait=name,
        kind=kind,
        items=len(rated),
        ratings=sum(map(len, votes.values())),
        correct=len(right),
        ties=len(rated) - len(decided),
        accuracy=binomial(len(right), len(decided)),
        alpha=_alpha(table, "nominal", key.seed),
        agents=tuple(
            AgentVotes(agent=agent, accuracy=_accuracy(agent, decided, right))
            for agent in sorted({answer.agent for answer in rated})
        ),
    )


def _accuracy(agent: str, decided: Sequence[TrueAnswer], right: set[str]) -> Test:
    of_agent = [answer.id for answer in decided if answer.agent == agent]
    return binomial(len(right.intersection(of_agent)), len(of_agent))


def _alpha(table: Sequence[Sequence[float | None]], scale: Scale, seed: int) -> Test:
    if len(table) < 2:
        return Test(method="Krippendorff", note="a single rater")
    return alpha(table, scale, seed=seed)


def _number(value: Value | None) -> float | None:
    return None if value is None else float(value)


def _side(value: Value | None) -> float | None:
    return None if value is None else float(value == "A")
