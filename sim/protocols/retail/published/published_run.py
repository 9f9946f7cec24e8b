"""Importing published trajectories: a run that this program did not play.

One market per product and seller, one episode per buyer log. The folder is a run like any other:
its log is sealed, its measures are replayed; only playing it again is not possible.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from uuid import uuid4

import msgspec

from retailsim.events.log.writer import LogWriter
from retailsim.events.messages import (
    SCHEMA_VERSION,
    EpisodeClosed,
    EpisodeOpened,
    Event,
    IssueResolved,
    MarketClosed,
    MarketFailed,
    MarketOpened,
    OrderPlaced,
)
from retailsim.market.catalogue.product import Product
from retailsim.market.core.shipping import whole_cents
from retailsim.market.protocols.retail.events import PitchPresented, StrategyFormed
from retailsim.sim.folder.run_folder import FORMAT, Identity, NewRun, RunFile, RunFolder, versions
from retailsim.sim.protocols.retail.published.published_episode import EpisodeImport
from retailsim.sim.protocols.retail.published.published_log import Setting
from retailsim.sim.protocols.retail.published.source import (
    Broadcast,
    BuyerLog,
    Findings,
    PublishedEntry,
    read_trajectories,
)
from retailsim.sim.run.conclusion import show_replay
from retailsim.sim.scenario.products_table import ProductsTable
from retailsim.sim.scenario.scenario import AgentTable, RunTable, Scenario
from retailsim.sim.terminal.terminal import Terminal

_encode_lines = msgspec.json.Encoder().encode_lines
_HEADING = re.compile(r"^[\s#*]*([1-4])\.\s.*$", re.MULTILINE)

AGENT = "imported"
"""Stands in the run's scenario where a run that was played names its agents."""


def import_trajectories(terminal: Terminal, *, path: Path, out: Path) -> int:
    """Turn a file of published trajectories into a run; returns the exit status.

    Raises
    ------
    BadTrajectories
        If the file is not one of published trajectories.
    RunExists, CannotWrite
        If the run folder cannot be made.
    """
    findings, tally = Findings(), Tally()
    _, entries = read_trajectories(path, findings)
    new = NewRun(out)
    try:
        run = _write(path, entries, findings, tally, new)
    finally:
        new.discard()
    for line in findings.lines():
        terminal.say(f"{path}: {line}")
    terminal.say(f"{path}: {tally}")
    return show_replay(run, terminal)


class Tally:
    """What was imported: all episodes, and the orders and outcomes of those that closed."""

    def __init__(self) -> None:
        self._episodes: Counter[bool] = Counter()
        self._orders = 0
        self._outcomes: Counter[str] = Counter()

    def add(self, events: Sequence[Event]) -> None:
        """Count one market's events."""
        closed = {event.episode for event in events if type(event) is EpisodeClosed}
        for event in events:
            match event:
                case EpisodeOpened():
                    self._episodes[event.episode in closed] += 1
                case OrderPlaced() if event.episode in closed:
                    self._orders += 1
                case IssueResolved() if event.episode in closed:
                    self._outcomes[event.outcome] += 1

    def __str__(self) -> str:
        """One line for a person."""
        outcomes = ", ".join(f"{name} {count}" for name, count in sorted(self._outcomes.items()))
        return (
            f"{self._episodes.total()} episodes: {self._episodes[True]} closed, "
            f"{self._episodes[False]} failed; {self._orders} orders ({outcomes or 'no outcomes'})"
        )


def _write(
    path: Path, entries: Sequence[PublishedEntry], findings: Findings, tally: Tally, new: NewRun
) -> RunFolder:
    new.add_products(_product(entry) for entry in entries)
    file = RunFile(
        run=Identity(format=FORMAT, id=uuid4().hex, scenario_folder=str(path.parent.resolve())),
        versions=versions(),
        scenario=_scenario(path, entries),
        inputs=new.digests(),
        imported=path.name,
    )
    writer = LogWriter(new.folder.events, run=file.run.id, shard=0, schema=SCHEMA_VERSION)
    try:
        for entry in entries:
            for events in _markets(entry, findings):
                tally.add(events)
                writer.append(_encode_lines(events), len(events))
    finally:
        writer.close(seal=True)
    return new.publish(file)


def _scenario(path: Path, entries: Sequence[PublishedEntry]) -> Scenario:
    logs = [log for entry in entries for _, log in entry.logs]
    sellers = {seller for entry in entries for seller in entry.broadcasts}
    sellers |= {log.seller_model for log in logs}
    buyers = {log.buyer_model for log in logs}
    return Scenario(
        run=RunTable(name=path.stem[:100]),
        products=ProductsTable(ids=tuple(entry.product.product_id for entry in entries)),
        sellers=tuple(AgentTable(id=name, agent=AGENT) for name in sorted(sellers)),
        buyers=tuple(AgentTable(id=name, agent=AGENT) for name in sorted(buyers)),
    )


def _product(entry: PublishedEntry) -> Product:
    source = entry.product
    list_price = source.discount_price / (1.0 - source.discount_rate)
    return Product(
        id=source.product_id,
        title=source.product_title,
        price_cents=whole_cents(100 * list_price),
        category=source.product_category,
    )


def _markets(entry: PublishedEntry, findings: Findings) -> Iterator[list[Event]]:
    """Yield the events of one market after the other; a seller that only pitched has one, too."""
    sellers = dict.fromkeys(entry.broadcasts) | dict.fromkeys(
        log.seller_model for _, log in entry.logs
    )
    for seller in sellers:
        logs = [(place, log) for place, log in entry.logs if log.seller_model == seller]
        if not logs:
            findings.note("broadcast that no buyer saw", f"{entry.place}.broadcasts[{seller!r}]")
        yield _Market(entry, seller, findings).events(logs)


class _Market:
    """One seller presenting one product."""

    def __init__(self, entry: PublishedEntry, seller: str, findings: Findings) -> None:
        self._entry = entry
        self._seller = seller
        self._findings = findings
        self._product = _product(entry)
        self._broadcast = entry.broadcasts.get(seller)
        self._name = f"{self._product.id}/{seller}/0/1"

    def events(self, logs: Sequence[tuple[str, BuyerLog]]) -> list[Event]:
        """All events of the market, numbered in the order of their time."""
        readings = [self._read(log, place, number) for number, (place, log) in enumerate(logs)]
        opened = [self._opened(reading) for reading in readings]
        later = sorted(
            (event for reading in readings for event in reading.events), key=lambda event: event.t
        )
        end = self._end()
        end.t = later[-1].t if later else 0
        events: list[Event] = [MarketOpened(), *opened, *self._pitch(), *later, end]
        for number, event in enumerate(events):
            event.market, event.seq = self._name, number
            event.source = event.source or "market"
        return events

    def _without_pitch(self) -> str | None:
        """Why there is no pitch, if there is none."""
        if self._broadcast is None:
            return "there is no broadcast"
        return None if self._broadcast.script else "the broadcast has no script"

    def _end(self) -> Event:
        reason = self._without_pitch()
        return MarketClosed() if reason is None else MarketFailed(stage="pitch", reason=reason)

    def _read(self, log: BuyerLog, place: str, number: int) -> EpisodeImport:
        name = f"{self._name}/{log.buyer_model}"
        earlier = [one for _, one in self._entry.logs if one.seller_model == self._seller]
        if any(one.buyer_model == log.buyer_model for one in earlier[:number]):
            # A buyer's name holds no slash, so this is nobody else's episode.
            name = f"{name}/{number + 1}"
            self._findings.note("buyer that met the same seller over the same product", place)
        broadcast = self._broadcast
        setting = Setting(
            product=self._product,
            issue=self._entry.product.post_inquiry_type,
            start=broadcast.broadcast_date if broadcast else None,
        )
        reading = EpisodeImport(name, log, setting, self._findings, place)
        reading.run(self._without_pitch())
        return reading

    def _opened(self, reading: EpisodeImport) -> EpisodeOpened:
        product, source = self._product, self._entry.product
        return EpisodeOpened(
            episode=reading.name,
            seller=self._seller,
            buyer=reading.log.buyer_model,
            product=product.id,
            category=product.category,
            title=product.title,
            audience=None,
            list_price_cents=product.price_cents,
            price_cents=whole_cents(100 * source.discount_price),
            price_multiplier=1.0,
            discount=source.discount_rate,
            replication=1,
            condition="published",
            seller_persona=None,
            buyer_persona=None,
            seller_gender=None,
            buyer_gender=None,
            seller_kind="model",
            buyer_kind="model",
        )

    def _pitch(self) -> Iterator[Event]:
        broadcast = self._broadcast
        if broadcast is None:
            return
        source = f"seller:{self._seller}"
        if broadcast.seller_strategy:
            yield self._strategy(broadcast, source)
        else:
            self._findings.note("broadcast without a strategy", self._entry.place)
        if broadcast.script:
            yield PitchPresented(
                seller=self._seller,
                product=self._product.id,
                source=source,
                sections={"script": broadcast.script},
            )

    def _strategy(self, broadcast: Broadcast, source: str) -> StrategyFormed:
        parts = strategy(broadcast, self._findings, self._entry.place)
        return StrategyFormed(
            seller=self._seller,
            product=self._product.id,
            source=source,
            target_expansion=parts[0],
            value_proposition=parts[1],
            contextual_urgency=parts[2],
            objection_handling=parts[3],
        )


def strategy(broadcast: Broadcast, findings: Findings, place: str) -> tuple[str | None, ...]:
    """Cut a strategy at its four numbered headings; without them all of it is the first part.

    What stands before the first heading belongs to the first part, so nothing is lost.
    """
    text = broadcast.seller_strategy
    headings = list(_HEADING.finditer(text))
    if [heading[1] for heading in headings] != ["1", "2", "3", "4"]:
        findings.note("strategy without four numbered headings, kept as one part", place)
        return text, None, None, None
    starts = [0, *(heading.start() for heading in headings[1:]), len(text)]
    return tuple(text[start:end].strip() for start, end in pairwise(starts))
