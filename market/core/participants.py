"""Who takes part in a market, whatever the protocol."""

from __future__ import annotations

import msgspec

from retailsim.events.messages import SeatKind


class Participant(msgspec.Struct, frozen=True, kw_only=True):
    """A seller or buyer as the market knows it.

    Parameters
    ----------
    stream : str or None
        The key of the seat's random draws. None: its id.
    kind : str or None
        What takes the seat, for the log alone: no rule goes by it. None until it is known.
    """

    id: str
    persona: dict[str, str] | None = None
    gender: str | None = None
    stream: str | None = None
    kind: SeatKind | None = None

    @property
    def key(self) -> str:
        """Names the seat's random draws."""
        return self.id if self.stream is None else self.stream


class EpisodeSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One episode to be held: its name, its buyer, and the failed episode it repeats, if any."""

    episode: str
    buyer: Participant
    retries: str | None = None
