"""One episode out of its lines of the log, as a page shows it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import msgspec

from retailsim.analysis.conversation.answers import Answered, Use, answers, use
from retailsim.analysis.conversation.books import Books, books
from retailsim.analysis.conversation.text import Text, visible
from retailsim.analysis.conversation.turns import Stage, stages
from retailsim.analysis.exhibits.beside import Beside
from retailsim.analysis.projection.errors import EpisodeUnreadable
from retailsim.analysis.protocol import ProtocolAnalysis
from retailsim.events.messages import EpisodeOpened

Event = Mapping[str, Any]

_decode = msgspec.json.Decoder(dict[str, Any]).decode


class LoggedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One event as it stands in the log.

    Parameters
    ----------
    seq, t : int
        Its place in the market, and the market's time.
    kind, source : str
        Its type, and whose it is.
    fields : mapping
        All of them, decoded.
    raw : Text
        The line, indented; characters that nobody sees are escaped in it.
    """

    seq: int
    t: int
    kind: str
    source: str
    fields: Event
    raw: Text


class Conversation(msgspec.Struct, frozen=True, kw_only=True):
    """One episode.

    Parameters
    ----------
    episode, market : str
    opened : EpisodeOpened or None
        Who meets whom over what; None while its market is open.
    seller : str or None
        Who sold, also where that was settled on the way; None while nobody knows.
    stages : tuple of Stage
        Every event once; those of its whole market with it.
    events : tuple of LoggedEvent
        The same events, in their order.
    books : Books
        Its money.
    answers : tuple of Answered
        What models and the outside world answered, in the order in which they were asked.
    beside : Beside or None
        What its protocol has to say beside.
    """

    episode: str
    market: str
    opened: EpisodeOpened | None
    seller: str | None
    stages: tuple[Stage, ...]
    events: tuple[LoggedEvent, ...]
    books: Books
    answers: tuple[Answered, ...]
    beside: Beside | None

    def last(self, kind: str) -> Event | None:
        """Return the last event of a type, if there is one."""
        found = (one.fields for one in reversed(self.events) if one.kind == kind)
        return next(found, None)

    @property
    def title(self) -> str:
        """What it is about, or who takes part."""
        if self.opened is None:
            return self.episode or self.market
        return self.opened.title or f"{self.seller or 'Somebody'} and {self.opened.buyer}"

    @property
    def answered(self) -> Mapping[int, int]:
        """The number of the answer behind a turn, by the event's ``seq``, where there is one."""
        return {one.seq: one.number for one in self.answers if one.seq is not None}

    @property
    def use(self) -> Use:
        """What the calls of models took."""
        return use(self.answers)

    @property
    def ended(self) -> bool:
        """Whether its end stands in the log."""
        ends = ("EpisodeClosed", "EpisodeFailed", "MarketFailed")
        return any(self.last(kind) is not None for kind in ends)


def conversation(episode: str, lines: Iterable[bytes], protocol: ProtocolAnalysis) -> Conversation:
    """Make a conversation of lines of the log.

    Parameters
    ----------
    episode : str
    lines : iterable of bytes
        Those of the episode, and those of its market that belong to no episode, in any order.
    protocol : ProtocolAnalysis

    Raises
    ------
    EpisodeUnreadable
        If a line is no event of ours.
    """
    try:
        found = [_decode(line) for line in lines]
        events = sorted((one for one in found if "seq" in one), key=lambda one: one["seq"])
        records = [one for one in found if "seq" not in one]
        own = [one for one in events if one.get("episode") == episode]
        return Conversation(
            episode=episode,
            market=next((one["market"] for one in found if one.get("market")), ""),
            opened=_opened(own),
            seller=_seller(own, protocol),
            stages=stages(events, protocol),
            events=tuple(map(_logged, events)),
            books=books(own),
            answers=answers(records, events),
            beside=_beside(own, protocol),
        )
    except (msgspec.DecodeError, KeyError, TypeError, ValueError) as error:
        raise EpisodeUnreadable(episode, repr(error)) from error


def _opened(own: Iterable[Event]) -> EpisodeOpened | None:
    found = (one for one in own if one["type"] == "EpisodeOpened")
    return next(map(partial(msgspec.convert, type=EpisodeOpened), found), None)


def _seller(own: Iterable[Event], protocol: ProtocolAnalysis) -> str | None:
    naming = ("EpisodeOpened", *protocol.names_seller)
    named = [one.get("seller") for one in own if one["type"] in naming]
    return next((name for name in reversed(named) if isinstance(name, str)), None)


def _logged(fields: Event) -> LoggedEvent:
    raw = json.dumps(fields, indent=2, ensure_ascii=False)
    return LoggedEvent(
        seq=fields["seq"],
        t=fields.get("t", 0),
        kind=fields["type"],
        source=fields.get("source", ""),
        fields=fields,
        raw=Text(visible(raw)),
    )


def _beside(own: Sequence[Event], protocol: ProtocolAnalysis) -> Beside | None:
    try:
        return protocol.beside(own)
    except Exception as error:  # noqa: BLE001 - a protocol's code; the conversation stands without
        said = f"What the protocol shows here failed: {error!r:.200}"
        return Beside(title="Not shown", lead=said, columns=(), rows=())
