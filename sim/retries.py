"""Retries: failed episodes are repeated in markets of their own, because a log only grows.

The failed episodes of market ``M`` are repeated in ``M~1``, those that fail there in ``M~2``, and
so on. A retried episode names the one it repeats, which then counts no more. The pitch and its
recorded answers are shared with ``M``, so nothing answered is paid for twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import msgspec

from events.log.reader import read_batches
from events.messages import EpisodeFailed, LoggedRecord
from market.retail.spec import Buying, MarketSpec
from sim.recovery import Leftover, Recovered, leftovers

_FAILED = re.compile(rb'^\{"type":"EpisodeFailed",.*$', re.M)
_NO_PITCH = re.compile(rb'^\{"type":"MarketFailed","market":"((?:[^"\\]|\\.)*)"', re.M)
_decode = msgspec.json.Decoder(EpisodeFailed).decode
_decode_text = msgspec.json.Decoder(str).decode


class Failures(msgspec.Struct, frozen=True, kw_only=True):
    """What failed, by market; and the markets that failed as a whole."""

    episodes: Mapping[str, tuple[str, ...]] = {}
    markets: frozenset[str] = frozenset()


def failures(events: Path) -> Failures:
    """Read from the log what failed."""
    episodes: dict[str, list[str]] = {}
    markets: set[str] = set()
    for batch in read_batches(events):
        for line in _FAILED.findall(batch.lines):
            event = _decode(line)
            episodes.setdefault(event.market, []).append(event.episode or "")
        markets.update(_decode_text(b'"' + name + b'"') for name in _NO_PITCH.findall(batch.lines))
    return Failures(
        episodes={market: tuple(sorted(names)) for market, names in episodes.items()},
        markets=frozenset(markets),
    )


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
    for buying in spec.episodes:
        repeated = buying.episode if number == 1 else f"{buying.episode}~{number - 1}"
        if repeated in names:
            name = f"{buying.episode}~{number}"
            episodes.append(Buying(episode=name, buyer=buying.buyer, retries=repeated))
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


def with_shared_answers(
    events: Path, retries: Iterable[MarketSpec], state: Recovered, failed: Failures
) -> dict[str, Leftover]:
    """Return what the log holds of the retries, with the answers behind the pitch they share."""
    specs = list(retries)
    bases = {attempt(spec.id)[0] for spec in specs} - failed.markets
    shared = leftovers(events, bases) if bases else {}
    result: dict[str, Leftover] = {}
    for spec in specs:
        own = state.begun.get(spec.id, Leftover())
        base = shared.get(attempt(spec.id)[0], Leftover())
        records = (*of_pitch(base.records, spec.id), *own.records)
        result[spec.id] = Leftover(records=records, events=own.events)
    return result


def of_pitch(records: Iterable[LoggedRecord], market: str) -> Iterator[LoggedRecord]:
    """Yield those records that all episodes of a market share, as another market's own."""
    for record in records:
        if record.episode is None:
            yield msgspec.structs.replace(record, market=market)
