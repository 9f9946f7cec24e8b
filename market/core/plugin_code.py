"""Code of others: classes and values named module:NAME, in a folder or installed, and its digest.

A module beside a scenario is imported as part of an empty package that stands for the folder, so
that two scenarios' modules of one name are kept apart, and a user's ``random.py`` does not stand in
for the library's. Nothing compiled is left beside it: of a run's folder every file counts that an
import may find. Whatever a foreign module raises while it is imported becomes one line.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from importlib import import_module, invalidate_caches
from importlib.machinery import (
    BYTECODE_SUFFIXES,
    EXTENSION_SUFFIXES,
    SOURCE_SUFFIXES,
    ExtensionFileLoader,
    FileFinder,
    SourceFileLoader,
    SourcelessFileLoader,
)
from importlib.metadata import EntryPoint
from pathlib import Path
from traceback import extract_tb, walk_tb
from types import ModuleType
from typing import Any

from retailsim.market.core.moved_modules import advice, advice_on

_PREFIX = "scenario_"
_OURS = "retailsim"

Complaint = Callable[[str, str], Exception]
"""(name, problem) -> the error that names both."""


def find_object(name: str, target: str, folder: Path | None, complaint: Complaint) -> Any:
    """Return what ``module:NAME`` in `target` names.

    Parameters
    ----------
    name : str
        What the user wrote, which errors name.
    folder : Path or None
        Where ``module`` is looked for first; the normal import path comes after it.
    complaint : callable
        Builds the error that is raised where there is no such thing.
    """
    module_name, _, attribute = target.partition(":")
    if not all(part.isidentifier() for part in (*module_name.split("."), attribute)):
        raise complaint(name, "write it as module:Class, without .py and slashes")
    module = _module(name, module_name, folder, complaint)
    _note(module.__name__)
    if not hasattr(module, attribute):
        raise complaint(name, f"there is no {attribute} in {module.__file__ or module_name}")
    return getattr(module, attribute)


def load_point(point: EntryPoint, name: str, complaint: Complaint) -> Any:
    """Return what an installed package's entry point names."""
    with _import_errors(name, point.value, complaint):
        found = point.load()
    _note(point.module)
    return found


def origin(point: EntryPoint) -> str:
    """Return which package offers an entry point, with its version."""
    return f"{point.dist.name} {point.dist.version}" if point.dist else "an installed package"


_NAMED: set[str] = set()
"""Top-level packages of what was named as a plug-in and found installed."""


def _note(module_name: str) -> None:
    if is_foreign(module_name) and not module_name.startswith(_PREFIX):
        _NAMED.add(module_name.partition(".")[0])


def blamed(error: BaseException) -> str | None:
    """Say where a plug-in's code raised: the last line of one that an error went through, if any.

    Plug-ins are the modules beside the scenario, and the packages of whatever was named and found
    installed; not the libraries that they or we use.
    """
    found = None
    for frame, line in walk_tb(error.__traceback__):
        package = str(frame.f_globals.get("__name__", "")).partition(".")[0]
        beside = package.startswith(_PREFIX)
        if beside or package in _NAMED:
            whose = "the scenario's own code" if beside else f"code of the package {package}"
            found = f"{Path(frame.f_code.co_filename).name}, line {line}: {whose}"
    return found


def is_foreign(module_name: str) -> bool:
    """Whether a module comes neither with the simulator nor with Python."""
    package = module_name.partition(".")[0]
    return package != _OURS and package not in sys.stdlib_module_names


def search_path() -> str:
    """Return as a PYTHONPATH where this very process looks for modules, and nowhere else.

    The folder of an editable install, say, holds an `agents` that would hide another package's.
    """
    return os.pathsep.join(place or str(Path.cwd()) for place in sys.path)


def source_digest(module_names: Iterable[str]) -> str:
    """Return the SHA-256 of these modules' sources, in hexadecimal; a moved folder has the same."""
    total = sha256()
    for name in sorted(module_names, key=_name_in_folder):
        total.update(_source(sys.modules[name]))
    return total.hexdigest()


def _name_in_folder(module_name: str) -> str:
    """Leave out the package that stands for the folder, so that a moved folder sorts the same."""
    return module_name.partition(".")[2] if module_name.startswith(_PREFIX) else module_name


def _source(module: ModuleType) -> bytes:
    path = getattr(module, "__file__", None)
    return Path(path).read_bytes() if path else module.__name__.encode()


def _module(name: str, module_name: str, folder: Path | None, complaint: Complaint) -> ModuleType:
    if folder is not None and _stands_in(folder, module_name):
        with _import_errors(name, module_name, complaint), _importable(folder):
            return import_module(f"{_package_of(folder)}.{module_name}")
    try:
        with _import_errors(name, module_name, complaint):
            return import_module(module_name)
    except Exception as error:
        cause = error.__cause__
        if not isinstance(cause, ModuleNotFoundError) or not _within(module_name, cause.name):
            raise
    beside = f" in {folder}, and none" if folder else ""
    missing = f"there is no module {module_name}{beside} installed"
    raise complaint(name, advice_on(module_name) or missing)


def _within(module_name: str, missing: str | None) -> bool:
    """Whether the missing module is the one asked for or a package it stands in."""
    return f"{module_name}.".startswith(f"{missing}.")


def _stands_in(folder: Path, module_name: str) -> bool:
    place = folder.joinpath(*module_name.split("."))
    return place.with_suffix(".py").is_file() or (place / "__init__.py").is_file()


def _package_of(folder: Path) -> str:
    """Return the name of an empty package whose modules are those in `folder`."""
    place = str(folder.resolve())
    name = f"{_PREFIX}{sha256(place.encode()).hexdigest()[:12]}"
    if name not in sys.modules:
        _leave_clean(place)
        package = ModuleType(name, "The modules beside a scenario.")
        package.__path__ = [place]
        sys.modules[name] = package
    return name


class _LeavesNoBytecode(SourceFileLoader):
    """Compiles a module, and keeps what it compiled to itself."""

    def set_data(self, path: str, data: object, *, _mode: int = 0o666) -> None:
        """Write nothing."""


_CLEAN: set[str] = set()
"""Folders that modules are imported from and that stay as they are."""


def _leave_clean(place: str) -> None:
    """Have nothing written into a folder, or one below it, by imports from there."""
    if not _CLEAN:
        sys.path_hooks.insert(0, _finder)
    _CLEAN.add(place)
    for path in [path for path in sys.path_importer_cache if _is_clean(path)]:
        del sys.path_importer_cache[path]


def _is_clean(path: str) -> bool:
    path = os.path.realpath(path)
    return any(path == place or path.startswith(place + os.sep) for place in _CLEAN)


def _finder(path: str) -> FileFinder:
    """Find modules as Python does, in folders that stay as they are."""
    if not _is_clean(path) or not Path(path).is_dir():
        raise ImportError(path)  # so a path hook says that it is not for it
    return FileFinder(
        path,
        (ExtensionFileLoader, EXTENSION_SUFFIXES),
        (_LeavesNoBytecode, SOURCE_SUFFIXES),
        (SourcelessFileLoader, BYTECODE_SUFFIXES),
    )


@contextmanager
def _importable(folder: Path) -> Iterator[None]:
    """Let a module import its neighbours by their plain names, while it is imported."""
    place = str(folder.resolve())
    sys.path.append(place)
    invalidate_caches()
    try:
        yield
    finally:
        sys.path.remove(place)


@contextmanager
def _import_errors(name: str, module_name: str, complaint: Complaint) -> Iterator[None]:
    """Turn whatever a foreign module raises while it is imported into one line."""
    try:
        yield
    except (Exception, SystemExit) as error:
        said = advice(error, module_name)
        if said is None:
            said = f"{type(error).__name__}: {' '.join(str(error).split())}{_last_place(error)}"
        raise complaint(name, f"importing {module_name} failed: {said}") from error


def _last_place(error: BaseException) -> str:
    frames = [f for f in extract_tb(error.__traceback__) if "importlib" not in f.filename]
    own = [frame for frame in frames if frame.filename != __file__]
    return f" ({Path(own[-1].filename).name}, line {own[-1].lineno})" if own else ""
