"""What full segments say is read while the run goes on: neither its end nor a resume has to.

One thread reads: the writer's must not wait, since it owes the disk its fsyncs. A run of less than
a segment never gets here, and so never loads what reads one.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType

from retailsim.events.log.segment import Segment


class SegmentKeeper:
    """Keeps what full segments say; a block around the log's writer.

    Parameters
    ----------
    run : Path
        The run's folder.
    derived : Path or None
        Where it is kept; None: in ``RUN/derived``.
    """

    def __init__(self, run: Path, derived: Path | None = None) -> None:
        self._run = run
        self._derived = derived
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="segments")

    def keep(self, segment: Segment) -> None:
        """Read this segment soon."""
        self._pool.submit(keep, self._run, segment, self._derived)

    def __enter__(self) -> SegmentKeeper:
        """Return it; there is no thread before the first segment."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Wait for what is still to be read; where the run failed, only for what is being read."""
        self._pool.shutdown(cancel_futures=error is not None)


def keep(run: Path, segment: Segment, derived: Path | None = None) -> None:
    """Keep what a segment says, once it is closed."""
    from retailsim.analysis.projection.loader import keep_segment

    keep_segment(run, segment, derived)
