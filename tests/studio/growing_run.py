"""A run in slow motion: its log is written a part at a time, while its lock is held."""

from __future__ import annotations

import re
import shutil
from itertools import pairwise
from pathlib import Path

from retailsim.events.log.format import COMMIT_START
from retailsim.events.log.lock import RunLock
from retailsim.events.log.seal import write_seal


class Growing:
    """One such run; a block.

    Parameters
    ----------
    whole : Path
        The run that it becomes, with one segment.
    run : Path
        Its folder, which is made.

    Attributes
    ----------
    parts : list of bytes
        Those that are not written yet; three at first.
    """

    def __init__(self, whole: Path, run: Path) -> None:
        self.run = run
        shutil.copytree(whole, run, ignore=shutil.ignore_patterns("derived", "events"))
        (run / "events").mkdir()
        self.segment = run / "events" / "0000-00000000.jsonl.open"
        self._lock = RunLock(run / "lock")
        [segment] = whole.glob("events/*.jsonl")
        content = segment.read_bytes()
        ends = [one.end() for one in re.finditer(rb"\n" + COMMIT_START + rb".*\n", content)]
        cuts = [0, ends[len(ends) // 3], ends[2 * len(ends) // 3], len(content)]
        self.parts = [content[a:b] for a, b in pairwise(cuts)]

    def __enter__(self) -> Growing:
        """Return the run, with no event in its log."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let it go, as if its process had ended."""
        self.kill()

    def grow(self) -> None:
        """Write one more part."""
        with self.segment.open("ab") as log:
            log.write(self.parts.pop(0))

    def end(self) -> None:
        """Close and seal the log, and let the run go."""
        self.segment.rename(self.segment.with_suffix(""))
        write_seal(self.run / "events")
        self.kill()

    def kill(self) -> None:
        """Let the run go."""
        self._lock.release()
