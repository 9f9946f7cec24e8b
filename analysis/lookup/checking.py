"""Whether what is kept of an index is what the log says."""

from __future__ import annotations

from pathlib import Path

from retailsim.analysis.lookup import kept
from retailsim.analysis.lookup.stretches import stretches
from retailsim.analysis.projection.errors import KeptDiffers
from retailsim.events.log.reader import LogCheck
from retailsim.events.log.scan import SegmentReader


def check_kept_index(run: Path, log: LogCheck) -> None:
    """Compare what is kept of a run's index with its log, if what is kept would be used.

    Parameters
    ----------
    log : LogCheck
        The log, hashed just now.

    Raises
    ------
    KeptDiffers
        If it says something else. `LogDamaged`, `LogUnreadable`: as `LogIndex.refresh`.
    """
    for one in log.segments:
        if one.segment.is_open:
            continue
        rows = kept.read(run / "derived", one.segment, one.digest)
        if rows is not None:
            reader = SegmentReader(one.segment, torn_ok=False)
            if not rows.equals(stretches(one.segment.path.name, reader)):
                raise KeptDiffers(run / "derived", kept.name_of(one.segment))
