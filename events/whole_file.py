"""Files that are read whole, within bounds, and files that are written whole or not at all.

Who writes a file writes it under another name beside its place first, and holds that name locked
meanwhile. What a killed process left there is nobody's any more: the next writer removes it.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

MOST_BYTES = 64 * 1024 * 1024
"""Of a file that is read whole, unless its reader says otherwise."""

_PIECE = 1024 * 1024

_OURS = re.compile(r"\.(?P<name>.+)\.new-\d+-[0-9a-f]{8}", re.DOTALL)


def read_bounded(path: Path, most: int = MOST_BYTES) -> bytes:
    """Return what a file holds; of an endless one only so much is ever read.

    Raises
    ------
    OSError
        If it cannot be read, holds more than `most` bytes, or no file can have this name.
    """
    try:
        with path.open("rb") as file:
            data = bytearray()
            # In pieces: room for all that may come is taken at once by one read of so much.
            while len(data) <= most and (piece := file.read(min(_PIECE, most + 1 - len(data)))):
                data += piece
    except ValueError:
        raise OSError(errno.EINVAL, "no file's name can hold this character", str(path)) from None
    if len(data) > most:
        raise OSError(errno.EOVERFLOW, f"it is larger than {most:,} bytes", str(path))
    return bytes(data)


def leads_out(place: Path, folder: Path) -> bool:
    """Whether a place that is in a folder by its name is elsewhere, by a link on the way.

    What is written there would change a file of whoever the link leads to.
    """
    named, within = (os.path.normpath(one.absolute()) for one in (place, folder))
    if not Path(named).is_relative_to(within):
        return False
    return not Path(os.path.realpath(place)).is_relative_to(os.path.realpath(folder))


def new_name(place: Path) -> Path:
    """Return a name beside `place` to build it under, such as ``.NAME.new-PID-0f3a9c21``.

    Not the process id alone: in containers every process may have the same one.
    """
    return place.with_name(f".{place.name}.new-{os.getpid()}-{secrets.token_hex(4)}")


def begun(path: Path, make: Callable[[], None]) -> int:
    """Make a file or folder that is to be built, and hold it; returns the descriptor that does.

    A `sweep` between the two takes it for left behind, so it is made again. One that holds it just
    now is waited for: it removes it, and would do so under our hands.
    """
    while True:
        make()
        try:
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        with suppress(OSError):  # a file system without locks: nothing is swept there, either
            fcntl.flock(fd, fcntl.LOCK_EX)
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(fd), path.stat()):
                return fd
        os.close(fd)


def sweep(folder: Path, name: str | None = None) -> None:
    """Remove what killed processes were building in `folder`.

    What somebody holds stays, and so does what has no name of ours.

    Parameters
    ----------
    name : str or None
        Of the file or folder that was to be built; None for any.
    """
    with suppress(OSError):
        for path in sorted(folder.iterdir()):
            built = _OURS.fullmatch(path.name)
            if built and name in (None, built["name"]):
                _remove_if_free(path)


def _remove_if_free(path: Path) -> None:
    with suppress(OSError):  # somebody else's, or gone
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not os.path.samestat(os.fstat(fd), path.stat(follow_symlinks=False)):
                return  # it was removed meanwhile, and made again by who is building it
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
        finally:
            os.close(fd)


@contextmanager
def written_whole(place: Path) -> Iterator[Path]:
    """Yield a name beside `place` to write to; it takes the place where the block ends well.

    Whatever happens, nobody ever reads half of it at `place`, and the other name is gone.

    Raises
    ------
    OSError
        What the system says.
    """
    sweep(place.parent, place.name)
    new = new_name(place)
    fd = begun(new, new.touch)
    try:
        yield new
        new.replace(place)
    finally:
        new.unlink(missing_ok=True)
        os.close(fd)


@contextmanager
def folder_whole(place: Path) -> Iterator[Path]:
    """Yield a folder beside `place` to fill; it takes the place of none, or of an empty one.

    Raises
    ------
    OSError
        What the system says.
    """
    place = place.resolve()
    place.parent.mkdir(parents=True, exist_ok=True)
    sweep(place.parent, place.name)
    new = new_name(place)
    fd = begun(new, new.mkdir)
    try:
        yield new
        new.rename(place)
    finally:
        shutil.rmtree(new, ignore_errors=True)
        os.close(fd)


@contextmanager
def scratch(folder: Path, name: str) -> Iterator[Path]:
    """Yield a folder of one's own that is gone afterwards, with what killed processes left of it.

    Raises
    ------
    OSError
        If there can be none.
    """
    place = folder / name
    sweep(folder, name)
    new = new_name(place)
    fd = begun(new, lambda: new.mkdir(mode=0o700))
    try:
        yield new
    finally:
        shutil.rmtree(new, ignore_errors=True)
        os.close(fd)
