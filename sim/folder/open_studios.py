"""The studios that run now, so that a command can say where its result is seen.

A studio leaves a file in the user's state folder while it runs, and holds it locked. However the
studio ends, the system gives the lock back, so a file that nobody holds is left from one that was
killed: who finds it removes it, and asks no address that may be another program's by now.

The file holds the studio's token, for the user alone may read it.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from retailsim.events.whole_file import begun, read_bounded
from retailsim.sim.folder.run_keys import key_in
from retailsim.sim.folder.state_folder import state_folder
from retailsim.sim.terminal.terminal import Terminal

PATIENCE_S = 0.2
"""How long a studio may take to answer before nothing is said of it."""
_MOST = 16
"""Studios that are looked at; the newest come first."""
_MOST_BYTES = 16 << 10


class OpenStudio(msgspec.Struct, frozen=True, kw_only=True):
    """A studio that runs.

    Parameters
    ----------
    address : str
        Such as ``http://127.0.0.1:8765``.
    root : str
        The run, or the folder with runs in it, that it shows.
    token : str
        Who has it may look.
    """

    address: str
    root: str
    token: str

    def link(self, page: str, query: Mapping[str, str], *, token: bool) -> str:
        """Return the link to a page, with the token or, for who has been there, without."""
        told = {**query, "token": self.token} if token else query
        return f"{self.address}/{page}{f'?{urlencode(told)}' if told else ''}"


@contextmanager
def announced(studio: OpenStudio) -> Iterator[None]:
    """Let commands find a studio while the block runs; where that cannot be, they do not."""
    held = _announce(studio)
    try:
        yield
    finally:
        if held is not None:
            path, fd = held
            with suppress(OSError):
                path.unlink(missing_ok=True)
            os.close(fd)


def _announce(studio: OpenStudio) -> tuple[Path, int] | None:
    path = _place() / f"{os.getpid()}-{secrets.token_hex(4)}.json"
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fd = begun(path, lambda: os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)))
        path.write_bytes(msgspec.json.encode(studio))
    except OSError:
        return None
    return path, fd


def tell_compared(terminal: Terminal, first: Path, second: Path) -> None:
    """Say where a studio that runs shows two runs beside each other, if one does."""
    if terminal.json:
        return
    for studio in open_studios():
        a, b = (key_in(Path(studio.root), run) for run in (first, second))
        if a and b and answers(studio):
            _tell(terminal, studio, "compare", {"a": a, "b": b})
            return


def tell_study(terminal: Terminal, folder: Path) -> None:
    """Say where a studio that runs shows a sweep or an experiment, if one does."""
    if terminal.json:
        return
    for studio in open_studios():
        key = key_in(Path(studio.root), folder)
        if key and answers(studio):
            _tell(terminal, studio, f"studies/{quote(key)}/", {})
            return


def _tell(terminal: Terminal, studio: OpenStudio, page: str, query: Mapping[str, str]) -> None:
    """Say the link; with the token on a terminal alone, for what is piped ends up in files."""
    person = sys.stderr is not None and sys.stderr.isatty()
    terminal.say(f"studio: {studio.link(page, query, token=person)}")


def open_studios() -> Iterator[OpenStudio]:
    """Yield the user's studios whose process lives, the newest first; forget all others."""
    found = []
    with suppress(OSError):
        found = [(path.stat().st_mtime_ns, path) for path in _place().glob("*.json")]
    for _, path in sorted(found, reverse=True)[:_MOST]:
        with suppress(OSError, msgspec.MsgspecError):
            if _held(path):
                yield msgspec.json.decode(read_bounded(path, _MOST_BYTES), type=OpenStudio)


def _held(path: Path) -> bool:
    """Whether a studio holds its file; one that nobody holds is removed."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        path.unlink()
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False


def answers(studio: OpenStudio) -> bool:
    """Whether a studio answers soon: one that is stopped does not."""
    from http.client import HTTPConnection, HTTPException

    with suppress(OSError, ValueError, HTTPException):
        place = urlsplit(studio.address)
        asked = HTTPConnection(place.hostname or "", place.port, timeout=PATIENCE_S)
        try:
            asked.request("GET", "/healthz")
            return asked.getresponse().status == 200
        finally:
            asked.close()
    return False


def _place() -> Path:
    return state_folder() / "studios"
