"""What a run's model calls used and cost: in all, by model, role and stage, and per episode.

Money is in 1e-9 dollars (``nanousd``). A price that is not known for every call is None, never 0.
Calls of failed and repeated episodes are included in the totals: they were paid.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
import polars as pl

from retailsim.analysis.projection.projection import LazyProjection, Projection


class Use(msgspec.Struct, frozen=True, kw_only=True):
    """What some calls used; which ones, the fields before ``calls`` say.

    Parameters
    ----------
    input_tokens, output_tokens : int
        The first includes ``cached_tokens``, the second ``reasoning_tokens``.
    cost_nanousd : int or None
        What was paid; None if the price of any call is unknown, and ``unpriced_calls`` says of
        how many.
    saved_calls, saved_tokens, saved_nanousd : int
        Answers that came from the cache that runs share, and what they would have cost.
    again_calls, thin_calls : int
        Calls that asked once more for what was malformed or thin; of these, for what was thin.
    """

    model: str | msgspec.UnsetType = msgspec.UNSET
    role: str | msgspec.UnsetType = msgspec.UNSET
    stage: str | msgspec.UnsetType = msgspec.UNSET
    calls: int
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    reasoning_tokens: int
    cost_nanousd: int | None
    unpriced_calls: int
    saved_calls: int
    saved_tokens: int
    saved_nanousd: int
    again_calls: int = 0
    thin_calls: int = 0


class PerEpisode(msgspec.Struct, frozen=True, kw_only=True):
    """What one episode takes on average, as the paper's Table 7 counts it.

    A broadcast that several episodes share is charged in full to each of them, so these averages
    add up to more than the totals. Closed episodes only.

    Parameters
    ----------
    model : str or None
        None: over all models. Else of episodes in which no other model took part.
    purchase : bool
    episodes : int
    cost_nanousd : float or None
        None if the price of any call is unknown. Saved answers count as if they had been paid.
    """

    model: str | None
    purchase: bool
    episodes: int
    calls: float
    input_tokens: float
    output_tokens: float
    cost_nanousd: float | None


class Answerer(msgspec.Struct, frozen=True, kw_only=True):
    """Who answered some of the calls to a model, as the provider told.

    Parameters
    ----------
    model : str
        The name of the ``[models]`` table.
    answered : str or None
        The model that the answers name.
    fingerprint, upstream : str or None
        The version of the system behind it; the provider that a broker passed the calls on to.
    calls : int
    """

    model: str
    answered: str | None
    fingerprint: str | None
    upstream: str | None
    calls: int

    def __str__(self) -> str:
        """Say it in a few words."""
        by = f" by {self.upstream}" if self.upstream else ""
        print_ = f" ({self.fingerprint})" if self.fingerprint else ""
        return f"{self.answered or 'a model without a name'}{by}{print_}: {self.calls:,}"


class Attempts(msgspec.Struct, frozen=True, kw_only=True):
    """Requests sent to one model, from the run's telemetry: wall-clock things.

    Parameters
    ----------
    retries : int
        Requests that were not a call's first.
    outcomes : dict of str to int
        ``answered``, or the kind of failure.
    latency_p50_s, latency_p90_s, latency_p99_s : float or None
        Of answered requests.
    repeated_share : float or None
        How much of what was sent repeats the beginning of something sent before.
    """

    model: str
    attempts: int
    retries: int
    outcomes: dict[str, int]
    latency_p50_s: float | None
    latency_p90_s: float | None
    latency_p99_s: float | None
    repeated_share: float | None


class Cost(Use, frozen=True, kw_only=True):
    """All of it: the totals, and what they are made of.

    ``attempts`` is empty where the telemetry was deleted, ``answerers`` where no provider told
    who answered.
    """

    models: tuple[Use, ...]
    roles: tuple[Use, ...]
    stages: tuple[Use, ...]
    episodes: tuple[PerEpisode, ...]
    attempts: tuple[Attempts, ...] = ()
    answerers: tuple[Answerer, ...] = ()

    def changes(self) -> Iterator[str]:
        """Yield a line for each model in whose name more than one answered: not one system."""
        for model in sorted({one.model for one in self.answerers}):
            several = [one for one in self.answerers if one.model == model]
            if len(several) > 1:
                calls = "; ".join(str(one) for one in several)
                yield f"{model} changed within the run; calls answered by {calls}"


def cost(projection: Projection | LazyProjection, attempts: Sequence[Attempts] = ()) -> Cost | None:
    """Return what the recorded calls cost; None without any."""
    calls, total = projection.calls, used(projection)
    if total is None:
        return None
    return Cost(
        **msgspec.structs.asdict(total),
        models=_uses(calls, ("model",)),
        roles=_uses(calls, ("model", "role")),
        stages=_uses(calls, ("role", "stage")),
        episodes=tuple(_per_episode(projection)),
        attempts=tuple(attempts),
        answerers=tuple(_answerers(projection.answerers)),
    )


def used(projection: Projection | LazyProjection) -> Use | None:
    """Return what all recorded calls together cost; None without any."""
    return None if projection.calls.is_empty() else _uses(projection.calls, ())[0]


def _answerers(found: pl.DataFrame) -> Iterator[Answerer]:
    for row in found.iter_rows(named=True):
        told = row["answered_by"]
        if any(told.values()):
            yield Answerer(
                model=row["model"],
                answered=told["model"],
                fingerprint=told["fingerprint"],
                upstream=told["upstream"],
                calls=row["calls"],
            )


_SUMS = tuple(name for name in Use.__struct_fields__ if name not in ("model", "role", "stage"))


def _uses(calls: pl.DataFrame, by: tuple[str, ...]) -> tuple[Use, ...]:
    sums = [pl.col(name).sum() for name in _SUMS]
    rows = calls.group_by(by).agg(sums).sort(by) if by else calls.select(sums)
    return tuple(Use(**_priced(row)) for row in rows.iter_rows(named=True))


def _priced(sums: dict[str, Any]) -> dict[str, Any]:
    if sums["unpriced_calls"]:
        sums["cost_nanousd"] = None
    return sums


def _per_episode(projection: Projection | LazyProjection) -> list[PerEpisode]:
    whole = charged(projection)
    models = whole.group_by("episode").agg(models=pl.col("model").n_unique())
    alone = whole.join(models.filter(models=1), on="episode", how="semi")
    rows = [*_averages(whole, None)]
    for model in sorted(set(alone["model"])):
        rows += _averages(alone.filter(model=model), model)
    return rows


def charged(projection: Projection | LazyProjection) -> pl.DataFrame:
    """One row per (closed episode, model): its own calls and its market's broadcast.

    A market and those that repeat its failed episodes count as one.
    """
    held = projection.lazy()
    first = _first_markets(held.episodes)
    closed = held.episodes.filter(~pl.col("superseded"), status="closed").select(
        "episode", purchase=pl.col("orders") > 0, market=pl.col("market").replace(first)
    )
    calls = held.episode_calls.with_columns(pl.col("market").replace(first))
    own = closed.join(calls.drop("market"), on="episode")
    shared = closed.join(calls.filter(pl.col("episode").is_null()).drop("episode"), on="market")
    together = pl.concat([own.drop("market"), shared.drop("market")], how="diagonal")
    sums = together.group_by("episode", "model").agg(
        pl.col("purchase").first(), *(pl.col(name).sum() for name in _SUMS)
    )
    return sums.collect(engine="streaming")


def _first_markets(episodes: pl.LazyFrame) -> dict[str, str]:
    """Return, for each market that repeats failed episodes, the one in which these came first."""
    before = episodes.select(retries="episode", repeated="market")
    again = episodes.select("market", "retries").drop_nulls().join(before, on="retries")
    moved = again.drop_nulls().filter(pl.col("market") != pl.col("repeated")).sort("market")
    repeats = dict(moved.select("market", "repeated").collect(engine="streaming").iter_rows())
    return {market: _first(market, repeats) for market in repeats}


def _first(market: str, repeats: Mapping[str, str]) -> str:
    seen = set[str]()
    while market in repeats and market not in seen:  # no log of ours goes round in a circle
        seen.add(market)
        market = repeats[market]
    return market


def _averages(rows: pl.DataFrame, model: str | None) -> list[PerEpisode]:
    found = []
    for purchase in (False, True):
        some = rows.filter(purchase=purchase)
        episodes = some["episode"].n_unique()
        if not episodes:
            continue
        sums = {name: int(some[name].sum()) for name in _SUMS}
        dollars = sums["cost_nanousd"] + sums["saved_nanousd"]
        found.append(
            PerEpisode(
                model=model,
                purchase=purchase,
                episodes=episodes,
                calls=sums["calls"] / episodes,
                input_tokens=sums["input_tokens"] / episodes,
                output_tokens=sums["output_tokens"] / episodes,
                cost_nanousd=None if sums["unpriced_calls"] else dollars / episodes,
            )
        )
    return found
