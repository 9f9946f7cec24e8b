"""A catalogue given where a scenario is expected: the default scenario, with its products."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import msgspec

from retailsim.events.toml_text import parse_toml
from retailsim.events.whole_file import read_bounded
from retailsim.market.catalogue.catalogue_file import look_at
from retailsim.market.catalogue.formats.kind import find_kind
from retailsim.market.errors import CatalogueError, UnusableFormat
from retailsim.sim.errors import NoScenarioAtAll
from retailsim.sim.run.launch_options import DEFAULT, Options
from retailsim.sim.run.stock import BUILTIN

_KNOWN = 2
"""Columns that must be known before a text is taken for a catalogue and not for a bad scenario."""
_SUFFIXES = (".csv", ".tsv", ".xlsx", ".xls", ".ods", ".json", ".jsonl", ".xml", ".parquet")
"""Names under which a file that is neither is refused as a catalogue."""
_PROSE = (".txt", ".md")


def is_catalogue(path: Path) -> bool:
    """Whether a file is a catalogue and no scenario, by its content.

    Of texts those are, that are no TOML and have columns that are known. Pictures, documents and
    the like are no scenarios either, and are refused best as catalogues: by what they are.
    """
    if not path.is_file() or path.suffix.lower() == ".toml":
        return False
    called = path.suffix.lower() in _SUFFIXES
    try:
        kind = find_kind(path)
    except UnusableFormat:
        return True
    except (CatalogueError, OSError):
        return called
    return kind not in ("table", "json") or _is_table(path, called)


def _is_table(path: Path, called: bool) -> bool:
    """Whether a text is a table of products and no scenario; `called`: whether it is named so."""
    try:
        parse_toml(read_bounded(path).decode("utf-8-sig"))
    except ValueError:
        with suppress(CatalogueError, OSError):
            return called or len(look_at(path).fields) >= _KNOWN
        return called
    except OSError:
        return called
    return False


def with_catalogue(options: Options) -> tuple[Options, str | None]:
    """Return the options of a launch, with the default scenario where a catalogue was named.

    Returns
    -------
    options : Options
    said : str or None
        What was done, in words; None where nothing was.

    Raises
    ------
    NoScenarioAtAll
        If a text was named that can be neither.
    """
    path = Path(options.scenario)
    if options.tables is not None or options.catalog is not None:
        return options, None
    if not is_catalogue(path):
        _refuse_prose(path)
        return options, None
    said = f"{path} is a catalogue: the scenario {DEFAULT} with its products"
    return msgspec.structs.replace(options, scenario=DEFAULT, catalog=path), said


def _refuse_prose(path: Path) -> None:
    """Refuse a text file in which nothing is set, as a scenario would do in its every line."""
    if path.suffix.lower() not in _PROSE or not path.is_file():
        return
    with suppress(OSError):
        if b"=" not in read_bounded(path) and path.stat().st_size:
            raise NoScenarioAtAll(path)


def options_for(file: str, settings: tuple[str, ...]) -> Options:
    """Return the options under which `catalog` reads a file: of a scenario, or of a catalogue."""
    path = Path(file)
    scenario = path.suffix.lower() == ".toml" and path.is_file()
    if scenario:
        return Options(scenario=file, settings=settings)
    return Options(catalog=Path(BUILTIN) if file == BUILTIN else path, settings=settings)
