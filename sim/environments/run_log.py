"""The run of an environment: each episode that came to its end is a market of it."""

from __future__ import annotations

import msgspec

from retailsim.events.log.lock import RunLock
from retailsim.events.log.writer import LogWriter
from retailsim.events.messages import SCHEMA_VERSION
from retailsim.sim.environments.stepping import SteppedMarket
from retailsim.sim.folder.run_folder import RunFolder
from retailsim.sim.play.market_log import MarketLog
from retailsim.sim.run.launch import PreparedRun, make

_encode_lines = msgspec.json.Encoder().encode_lines


class RunLog:
    """Writes episodes to a run folder of their own, which it makes and locks.

    An episode is written when it is over, its answers before its events, so one that is given up
    leaves nothing in the log.

    Parameters
    ----------
    prepared : PreparedRun
        With the folder in its options.

    Attributes
    ----------
    left : int
        Episodes that the run was made for and that it does not hold yet.

    Raises
    ------
    RunExists, CannotWrite
        If the folder cannot be where it is to be.
    """

    def __init__(self, prepared: PreparedRun) -> None:
        self.run: RunFolder = make(prepared)
        self.left = prepared.design.episodes
        self._texts = prepared.scenario.design.transcripts
        self._lock = RunLock(self.run.lock)
        self._writer = LogWriter(
            self.run.events,
            run=self.run.read().run.id,
            shard=0,
            schema=SCHEMA_VERSION,
            compress=prepared.scenario.log.compress,
        )

    def write(self, market: SteppedMarket) -> None:
        """Write a market that is over.

        Raises
        ------
        LogWriteError
            If the log takes no more.
        """
        if market.records:
            self._writer.append(_encode_lines(market.records), len(market.records))
        lines = MarketLog(market.spec.id, self._writer, b"", texts=self._texts)
        lines.write(market.events)
        self.left -= len(market.spec.episodes)

    def close(self) -> None:
        """End the log, and seal it if no episode is missing."""
        try:
            self._writer.close(seal=self.left == 0)
        finally:
            self._lock.release()
