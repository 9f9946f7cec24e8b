"""The tree that mutants live in: a copy of the repository, so that none can spoil the real one."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from campaign.mutants.mutant import Mutant
from campaign.mutants.packages import ROOT


def renewed(place: Path) -> Path:
    """Bring the copy to what the repository has now; bytecode of what stayed is kept."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout.decode()
    wanted = {name for name in listed.split("\0") if name and _is_there(ROOT / name)}
    for name in wanted:
        _copied(ROOT / name, place / name)
    for folder, _, files in os.walk(place):
        for file in files:
            path = Path(folder) / file
            name = path.relative_to(place).as_posix()
            if name not in wanted and "__pycache__" not in path.parts:
                path.unlink()
    return place


def _is_there(path: Path) -> bool:
    """A file, or a link that stays in the tree; not a virtual environment somebody linked."""
    if path.is_symlink():
        return not path.readlink().is_absolute()
    return path.is_file()


def _copied(source: Path, target: Path) -> None:
    if source.is_symlink():
        if not target.is_symlink():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.symlink_to(source.readlink())
        return
    before = source.stat()
    if target.is_file():
        there = target.stat()
        if (there.st_mtime_ns, there.st_size) == (before.st_mtime_ns, before.st_size):
            return
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, target)


@contextmanager
def mutated(place: Path, mutant: Mutant) -> Iterator[None]:
    """Have the mutant in the tree while the block runs.

    Python takes bytecode for a file of the same second and size, so the mutant is dated elsewhere.
    """
    file = place / mutant.path
    source, dated = file.read_bytes(), file.stat()
    try:
        file.write_bytes(mutant.applied(source))
        os.utime(file, (dated.st_atime, 1_000_000_000))
        yield
    finally:
        file.write_bytes(source)
        os.utime(file, ns=(dated.st_atime_ns, dated.st_mtime_ns))
