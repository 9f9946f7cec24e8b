"""Retries: failed episodes are repeated in markets of their own, because a log only grows.

The failed episodes of market ``M`` are repeated in ``M~1``, those that fail there in ``M~2``, and
so on. A retried episode names the one it repeats, which then counts no more. The pitch and its
recorded answers are shared with ``M``, so nothing answered is paid for twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from retailsim.events.messages import LoggedRecord
from retailsim.market.core.participants import EpisodeSpec
from retailsim.market.core.spec import MarketSpec
from retailsim.sim.play.leftovers import Leftovers
from retailsim.sim.play.survey import Failures, places


def attempt(market: str) -> tuple[str, int]:
    """Split ``M~2`` into ``M`` and 2; a market of the design is attempt 0."""
    base, tilde, number = market.rpartition("~")
    return (base, int(number)) if tilde and number.isdigit() else (market, 0)


def retry_markets(
    design: Iterable[MarketSpec], failed: Failures, *, attempts: Iterable[str]
) -> Iterator[MarketSpec]:
    """Yield the markets named in `attempts`, such as ``M~1``, which repeat what failed before."""
    wanted: dict[str, list[int]] = {}
    for name in attempts:
        base, number = attempt(name)
        wanted.setdefault(base, []).append(number)
    if not wanted:
        return
    for spec in design:
        for number in sorted(wanted.get(spec.id, ())):
            yield _retry(spec, number, failed)


def _retry(spec: MarketSpec, number: int, failed: Failures) -> MarketSpec:
    before = spec.id if number == 1 else f"{spec.id}~{number - 1}"
    names = set(failed.episodes.get(before, ()))
    episodes = []
    for episode_spec in spec.episodes:
        repeated = episode_spec.episode if number == 1 else f"{episode_spec.episode}~{number - 1}"
        if repeated in names:
            name = f"{episode_spec.episode}~{number}"
            episodes.append(EpisodeSpec(episode=name, buyer=episode_spec.buyer, retries=repeated))
    return msgspec.structs.replace(spec, id=f"{spec.id}~{number}", episodes=tuple(episodes))


def next_attempts(failed: Failures, known: frozenset[str]) -> list[str]:
    """Name the markets that would repeat what failed and was not repeated yet."""
    names = []
    for market in failed.episodes:
        base, number = attempt(market)
        name = f"{base}~{number + 1}"
        if name not in known:
            names.append(name)
    return sorted(names)


def shared_answers(
    events: Path, retries: Sequence[MarketSpec], failed: Failures
) -> dict[str, tuple[LoggedRecord, ...]]:
    """Return for each retry the answers behind the pitch it shares, as its own.

    They come from all attempts before it, except those that failed as a whole: these have no
    pitch to share.
    """
    before = {spec.id: _before(spec.id, failed) for spec in retries}
    wanted = {name for names in before.values() for name in names}
    logged = Leftovers(events, places(events, wanted))
    return {
        retry: tuple(
            msgspec.structs.replace(record, market=retry)
            for name in names
            for record in logged[name].records
            if record.episode is None
        )
        for retry, names in before.items()
    }


def _before(retry: str, failed: Failures) -> list[str]:
    base, number = attempt(retry)
    names = [base, *(f"{base}~{earlier}" for earlier in range(1, number))]
    return [name for name in names if name not in failed.markets]
