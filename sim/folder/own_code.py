"""Whose code this is: a digest of the program's own files, and modules that stand in for Python's.

Machines that play parts of one run must play them by the same code. A version's number does not
say that: a clone has the same one from commit to commit, and a folder on the search path may hide
the package that is installed.
"""

from __future__ import annotations

import sys
import sysconfig
from functools import cache
from hashlib import sha256
from pathlib import Path

import retailsim

_LAYERS = ("agents", "analysis", "events", "market", "sim")
_READ = (".py", ".toml", ".jsonl", ".txt")
"""What decides how a run is played; pages and pictures do not."""


def place() -> Path:
    """Return the folder that the package was imported from."""
    return Path(retailsim.__path__[0])


@cache
def code_digest() -> str:
    """Return 16 hex digits of the package's files, equal wherever these are, whatever the place."""
    return digest_of(place())


def digest_of(package: Path) -> str:
    """Return 16 hex digits of the files of one package that decide how a run is played."""
    digest = sha256()
    for layer in _LAYERS:
        root = (package / layer).resolve()  # in a clone it is a link
        files = (path for path in root.rglob("*") if path.suffix in _READ)
        for path in sorted(files, key=lambda path: path.relative_to(root).as_posix()):
            name = f"{layer}/{path.relative_to(root).as_posix()}"
            digest.update(f"{name} {path.stat().st_size}\n".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def hidden_modules() -> list[str]:
    """Name the modules of Python's library that another file took the place of, with the files.

    Only of those that were imported already: the others may never be.
    """
    library = {Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "platstdlib")}
    found = []
    for name in sorted(sys.modules.keys() & sys.stdlib_module_names):
        file = getattr(sys.modules[name], "__file__", None)
        if file is None or name == "__main__":
            continue
        place = Path(file).resolve()
        if "site-packages" in place.parts or not any(map(place.is_relative_to, library)):
            found.append(f"{name} ({file})")
    return found
