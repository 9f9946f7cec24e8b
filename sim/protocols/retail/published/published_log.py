"""Reading one published log part by part: what it gives, and what is wrong with it."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
from msgspec import UnsetType

from retailsim.events.messages import EpisodeClosed, EpisodeFailed, Event, OutputRejected
from retailsim.market.catalogue.product import Product
from retailsim.market.core.durations import DAY_US
from retailsim.market.core.failure_reason import legible
from retailsim.sim.protocols.retail.published.source import (
    BuyerLog,
    Findings,
    Part,
    RawPart,
    Stage,
    unknown_keys,
)


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """What the episodes of one market share; ``start`` is None without a broadcast."""

    product: Product
    issue: str
    start: date | None


class LogReading:
    """The state of reading one log: the episode's clock, its events, its problems.

    Parameters
    ----------
    name : str
        The episode.
    place : str
        Where in the file the log stands.

    Attributes
    ----------
    events : list of Event
        Without `EpisodeOpened`; market and number are still to be stamped.
    problems : list of (stage, text)
        Why the episode failed; empty if it closed.
    """

    def __init__(
        self, name: str, log: BuyerLog, setting: Setting, findings: Findings, place: str
    ) -> None:
        self.events: list[Event] = []
        self.problems: list[tuple[str, str]] = []
        self.name = name
        self.log = log
        self.setting = setting
        self.buyer = f"buyer:{log.buyer_model}"
        self.seller = f"seller:{log.seller_model}"
        self._findings = findings
        self._place = place
        self._t = 0

    def part(self, raw: RawPart, kind: Any, stage: Stage, key: str) -> Any:
        """Read what an agent said as `kind`.

        None, and the episode fails, if it is not there or cannot be read.
        """
        if isinstance(raw, UnsetType):
            missing = f"the log has no {key}"
            self.fail(stage, missing, missing)
            return None
        try:
            return msgspec.json.decode(raw, type=kind)
        except msgspec.DecodeError as error:
            self.reject(stage, f"{key}: {error}", raw, f"{key} that cannot be read")
        return None

    def reject(self, stage: Stage, reason: str, raw: RawPart, kind: str) -> None:
        """Keep the JSON text of what cannot be used; the episode fails."""
        text = "" if isinstance(raw, UnsetType) else bytes(memoryview(raw)).decode()
        self.add(OutputRejected(stage=stage, reason=legible(reason), raw=text))
        self.fail(stage, reason, kind)

    def note_unknown(self, raw: RawPart, kind: type[Part], what: str) -> None:
        """Report the keys that `kind` does not know."""
        for key in unknown_keys(raw, kind):
            self.note(f"unknown key {legible(key)!r} in {what}, not imported")

    def fail(self, stage: str, reason: str, kind: str) -> None:
        """Let the episode fail; `kind` names the reason without what only this log has."""
        self.problems.append((stage, reason))
        self.note(f"episode failed at {stage}: {kind}")

    def failed_at(self, stage: Stage) -> bool:
        """Whether the episode has failed at this stage."""
        return any(failed == stage for failed, _ in self.problems)

    def note(self, kind: str) -> None:
        """Report something odd."""
        self._findings.note(kind, self._place)

    def advance(self, day: date | None) -> None:
        """Move the clock to `day`; never back, because a log's time does not run backwards."""
        if day is None or self.setting.start is None:
            return
        t = (day - self.setting.start).days * DAY_US
        if t < self._t:
            self.note("date before what it follows; the earlier date is not kept")
        self._t = max(t, self._t)

    def add(self, event: Event, source: str = "market") -> None:
        """Append an event, stamped with the episode, the time and its source."""
        event.episode, event.t, event.source = self.name, self._t, source
        self.events.append(event)

    def end(self) -> None:
        """Close the episode, or let it fail; its last event."""
        if not self.problems:
            self.add(EpisodeClosed())
            return
        reason = legible("; ".join(reason for _, reason in self.problems))
        self.add(EpisodeFailed(stage=self.problems[0][0], reason=reason))
