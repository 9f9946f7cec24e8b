"""The most memory that a process took, by what Linux says of it."""

from __future__ import annotations

import re
from pathlib import Path


def peak_bytes(process: int | str = "self") -> int:
    """Return the peak of a process so far: of this one, or of one that it started.

    Not ``ru_maxrss``: that of a new process begins with what its parent had.
    """
    said = Path(f"/proc/{process}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", said)
    assert found is not None, "no Linux"
    return int(found[1]) * 1024
