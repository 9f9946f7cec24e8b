"""How a seat's conversations ended, from the log of the run that is under way."""

from __future__ import annotations

import time
from pathlib import Path
from threading import Lock

import msgspec

from retailsim.analysis.lookup.index import LogIndex
from retailsim.analysis.projection.log_lines import ENDS
from retailsim.events.messages import EpisodeFailed, MarketFailed, OutsideAnswered
from retailsim.market.protocols.logged_events import event_decoder
from retailsim.sim.execution.job import protocol_of
from retailsim.sim.folder.run_folder import RunFolder
from retailsim.sim.people.ended_market import EndedMarket, absence
from retailsim.sim.study.errors import BadStudy

WRITTEN_WITHIN_S = 10.0
"""How long the end of a market may take from the run to the log, on a busy machine."""
_LOOK_AGAIN_S = 0.02


def broke_off(ended: EndedMarket) -> bool:
    """Whether a market, or an episode of it, failed."""
    return any(isinstance(one, MarketFailed | EpisodeFailed) for one in ended.events)


class Results:
    """Reads the markets of a run that are over; each only once.

    May be asked from several threads.

    Parameters
    ----------
    run : Path
        The run's folder.
    """

    def __init__(self, run: Path) -> None:
        self._run = run
        self._index: LogIndex | None = None
        self._found: dict[str, EndedMarket] = {}
        self._lock = Lock()

    def of(self, market: str, seat: str) -> EndedMarket:
        """Return a market that the run has ended, as soon as the log has its end.

        Parameters
        ----------
        seat : str
            Whose absence is told of, such as ``buyer:p001``.

        Raises
        ------
        BadStudy
            If the log does not get it.
        RetailSimError
            If the log cannot be read.
        """
        until = time.monotonic() + WRITTEN_WITHIN_S
        while True:
            with self._lock:
                found = self._found.get(market) or self._read(market, seat)
            if found is not None:
                return found
            if time.monotonic() > until:
                raise BadStudy(self._run, f"the log has no end of the market {market}")
            time.sleep(_LOOK_AGAIN_S)

    def _read(self, market: str, seat: str) -> EndedMarket | None:
        if self._index is None:
            self._index = LogIndex.open(self._run)
            folder = RunFolder(self._run)
            self._decode = event_decoder(protocol_of(folder, folder.read())).decode
        self._index.refresh()
        lines = self._index.chosen_lines(market, lambda head: True)
        if not any(head.type in ENDS for head, _ in lines):
            return None
        records = (_record(line) for head, line in lines if head.type == "OutsideAnswered")
        gone, late = absence(records, seat)
        self._found[market] = EndedMarket(
            market=market,
            events=[self._decode(line) for head, line in lines if head.seq is not None],
            gone=gone,
            late=late,
        )
        return self._found[market]


_record = msgspec.json.Decoder(OutsideAnswered).decode
