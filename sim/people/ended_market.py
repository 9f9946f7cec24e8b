"""The markets of a log that came to their end: their events, and what a person's absence was."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from retailsim.agents.person.options import Absence
from retailsim.agents.person.recorded import read_recorded
from retailsim.events.messages import Event, LoggedRecord, OutsideAnswered
from retailsim.market.protocols.logged_events import event_decoder
from retailsim.market.protocols.registry import Protocol
from retailsim.sim.execution.job import protocol_of
from retailsim.sim.folder.run_folder import RunFolder
from retailsim.sim.play.leftovers import Leftover, StoredLines, whole_markets


class EndedMarket(msgspec.Struct, frozen=True, kw_only=True):
    """One market that came to its end.

    Parameters
    ----------
    market : str
    events : list of Event
        In the order in which they happened.
    gone : {"fail", "leave", "hand over"} or None
        What came of it, where the person left before the end; None: it played to the end.
    late : bool
        Whether the person did not get up: the time of a step was over.
    """

    market: str
    events: list[Event]
    gone: Absence | None
    late: bool = False


def ended_markets(folder: RunFolder, protocol: Protocol, seat: str) -> Iterator[EndedMarket]:
    """Yield the markets that came to their end, as a person's seat has known them."""
    for market, whole in whole_markets(folder.events):
        yield _ended(market, whole, protocol, seat)


def ended_market(run: Path, market: str, seat: str) -> EndedMarket | None:
    """Return one market of a run that may go on meanwhile; None while its end is not in the log."""
    folder = RunFolder(run)
    protocol = protocol_of(folder, folder.read())
    for name, whole in whole_markets(folder.events):
        if name == market:
            return _ended(name, whole, protocol, seat)
    return None


def _ended(market: str, whole: Leftover, protocol: Protocol, seat: str) -> EndedMarket:
    decode = event_decoder(protocol).decode
    pieces = whole.events if isinstance(whole.events, StoredLines) else (whole.events,)
    events = [decode(line) for piece in pieces for line in piece.splitlines()]
    gone, late = absence(whole.records, seat)
    return EndedMarket(market=market, events=events, gone=gone, late=late)


def absence(records: Iterable[LoggedRecord], seat: str) -> tuple[Absence | None, bool]:
    """Return what came of the first step that a person's seat left open, and if it was late."""
    for record in records:
        if isinstance(record, OutsideAnswered) and record.source == seat and record.answer:
            recorded = read_recorded(record.answer)
            if recorded.gone is not None:
                return recorded.gone, recorded.after_s is not None
    return None, False
