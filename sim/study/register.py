"""The register of a study: one file a participant below RUN/people, readable by its owner alone.

Each is written whole, and is on the disk before anybody is told that it was kept. The key that
signs links is there, too (whoever has it can open every seat), and where the study was served.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import msgspec

from retailsim.events.errors import RunInUse
from retailsim.events.log.lock import RunLock
from retailsim.events.whole_file import leads_out, read_bounded, written_whole
from retailsim.sim.folder.participants import MOST_BYTES, PEOPLE
from retailsim.sim.study.errors import BadRegister, BadStudy
from retailsim.sim.study.participant import Participant
from retailsim.sim.study.places import Places

_KEY = "key"
_CLOSED = "closed"
_LOCK = "lock"
_PLACES = "places"
_KEY_BYTES = 32
_TIMES = ("stage_at", "consent_at", "over_at", "withdrawn_at")


class Register:
    """What is known of the participants of a run.

    Parameters
    ----------
    run : Path
        The run's folder.

    Raises
    ------
    BadRegister
        If it cannot be read or written.
    """

    def __init__(self, run: Path) -> None:
        self.folder = run / PEOPLE
        if leads_out(self.folder, run):
            raise BadRegister(self.folder, "it leads out of the run's folder")
        self._key: bytes | None = None
        self._found: dict[str, Participant] = {}
        for file in sorted(self.folder.glob("*.json")):
            one = self._read(file)
            self._found[one.seat] = one

    @property
    def participants(self) -> tuple[Participant, ...]:
        """All who came, by seat."""
        return tuple(self._found[seat] for seat in sorted(self._found))

    def participant(self, seat: str) -> Participant | None:
        """Return who has a seat; None: it is free."""
        return self._found.get(seat)

    def keep(self, one: Participant) -> None:
        """Keep what is known of a participant; it is on the disk when this returns."""
        self._write(self.folder / f"{one.seat}.json", msgspec.json.encode(one))
        self._found[one.seat] = one

    @property
    def closed(self) -> bool:
        """Whether nobody new is let in, as the organiser last said."""
        return (self.folder / _CLOSED).exists()

    def close(self, *, closed: bool) -> None:
        """Let nobody new in from now on, or let people in again."""
        if closed:
            self._write(self.folder / _CLOSED, b"")
        else:
            (self.folder / _CLOSED).unlink(missing_ok=True)

    def places(self) -> Places:
        """Return where the study was served last: nowhere in particular if it never was."""
        place = self.folder / _PLACES
        try:
            return msgspec.json.decode(read_bounded(place, MOST_BYTES), type=Places)
        except FileNotFoundError:
            return Places()
        except OSError as error:
            raise BadRegister(place, error.strerror or str(error)) from None
        except msgspec.MsgspecError as error:
            raise BadRegister(
                place, f"it does not say where to serve: {error}; delete it"
            ) from None

    def keep_places(self, places: Places) -> None:
        """Keep where the study is served, so that links hold when it goes on."""
        self._write(self.folder / _PLACES, msgspec.json.encode(places))

    def key(self) -> bytes:
        """Return the key that signs links, made once for a run."""
        if self._key is None:
            self._key = self._read_key()
        return self._key

    def _read_key(self) -> bytes:
        place = self.folder / _KEY
        try:
            key = read_bounded(place, _KEY_BYTES)
        except FileNotFoundError:
            key = secrets.token_bytes(_KEY_BYTES)
            self._write(place, key)
        except OSError as error:
            raise BadRegister(place, error.strerror or str(error)) from None
        if len(key) < _KEY_BYTES:  # anybody can sign with an empty one
            problem = f"it is cut short, so it signs no links; put {_KEY_BYTES} bytes back"
            raise BadRegister(place, problem)
        return key

    def _read(self, file: Path) -> Participant:
        try:
            one = msgspec.json.decode(read_bounded(file, MOST_BYTES), type=Participant)
            _check_times(one)
        except OSError as error:
            raise BadRegister(file, error.strerror or str(error)) from None
        except (ValueError, RecursionError) as error:  # msgspec's are ValueErrors
            raise BadRegister(file, f"it is no participant's: {error}") from None
        if file.name != f"{one.seat}.json":
            raise BadRegister(file, f"it says that it is of seat {one.seat!r}")
        return one

    def _write(self, place: Path, data: bytes) -> None:
        try:
            self.folder.mkdir(mode=0o700, exist_ok=True)
            write_private(place, data)
            _sync(self.folder)
        except OSError as error:
            raise BadRegister(place, error.strerror or str(error)) from None


def _check_times(one: Participant) -> None:
    """Raise `ValueError` where a time is none; those that have not come are empty."""
    for time in (one.came_at, *filter(None, (getattr(one, name) for name in _TIMES))):
        datetime.fromisoformat(time)


@contextmanager
def sole_use(run: Path, instead: str) -> Iterator[None]:
    """Let nobody else change what is known of a run's participants while the block runs.

    The run's own lock does not say it: a server has the participants in memory, and writes over
    what is noted beside it, also once all conversations are over and the run is complete. Where
    nobody was ever known, nothing is held.

    Parameters
    ----------
    instead : str
        What to do where somebody else holds it.

    Raises
    ------
    BadStudy
    """
    folder = run / PEOPLE
    if not folder.is_dir() or leads_out(folder, run):
        yield
        return
    try:
        lock = RunLock(folder / _LOCK)
    except RunInUse:
        raise BadStudy(run, f"the study is going on; {instead}") from None
    except OSError as error:
        raise BadRegister(folder / _LOCK, error.strerror or str(error)) from None
    with lock:
        yield


def write_private(place: Path, data: bytes) -> None:
    """Write a file whole that only its owner may read; raises what the system says."""
    with written_whole(place) as new:
        fd = os.open(new, os.O_WRONLY | os.O_CREAT, 0o600)
        with os.fdopen(fd, "wb") as file:
            os.fchmod(fd, 0o600)
            file.write(data)
            file.flush()
            os.fsync(fd)


def _sync(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
