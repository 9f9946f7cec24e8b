"""Where the program keeps what it remembers for its user, outside of any run."""

from __future__ import annotations

import os
from pathlib import Path


def state_folder() -> Path:
    """Return the user's state folder of this program, which need not exist."""
    state = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return Path(state).expanduser() / "retailsim"
