"""What can be wrong with what the market is given: one class a fault, one line a message."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import NamedTuple

from retailsim.events.errors import RetailSimError


class MarketError(RetailSimError):
    """Base of every error of the package ``market``; its text is one line for people."""


class CatalogueError(MarketError):
    """A catalogue that cannot be used."""


class RefusedCatalogue(CatalogueError):
    """A file that is no catalogue, or none of use; its line may quote the file."""


class Setting(NamedTuple):
    """A key of the scenario's table ``[products]``, ``columns.id`` for one below it; its value."""

    key: str
    value: str


def as_written(setting: Setting) -> str:
    """Return a setting as it stands in a scenario."""
    table, below, key = setting.key.partition(".")
    where = f"[products.{table}] {key}" if below else f"products.{table}"
    return f'{where} = "{setting.value}"'


class NamedSettings(RefusedCatalogue):
    """A line that names settings of how a catalogue is read: for each program in its own words.

    Parameters
    ----------
    before, after : str
        What is said around them.
    settings : sequence of Setting
        One or the other of them is meant.
    """

    def __init__(self, before: str, settings: Sequence[Setting], after: str = "") -> None:
        self.before = before
        self.settings = tuple(settings)
        self.after = after
        super().__init__(self.said(as_written))

    def said(self, written: Callable[[Setting], str]) -> str:
        """Return the line, with the settings as somebody writes them."""
        return self.before + " or ".join(map(written, self.settings)) + self.after


class UnreadableCatalogue(RefusedCatalogue):
    """The file is missing, not a file, damaged or otherwise not to be read.

    Parameters
    ----------
    path : Path
        The file as the user named it.
    why : str
        What is wrong and, where that helps, what to do.
    """

    def __init__(self, path: Path, why: str) -> None:
        self.path = path
        self.why = why
        super().__init__(f"cannot read the catalogue {_here(path)}: {why}")


class UnusableFormat(RefusedCatalogue):
    """The file is of a known kind, and that is no kind of catalogue."""

    def __init__(self, path: Path, seen: str, advice: str) -> None:
        self.path = path
        super().__init__(f"{_here(path)} is {seen}, not a catalogue: {advice}")


class MissingColumns(NamedSettings):
    """A catalogue without the columns that every product needs.

    Parameters
    ----------
    seen : str
        The format in words.
    missing : sequence of str
        What no column is known to mean.
    found : sequence of str
        The columns that there are.
    """

    def __init__(self, path: Path, seen: str, missing: Sequence[str], found: Sequence[str]) -> None:
        self.path = path
        self.missing = tuple(missing)
        self.found = tuple(found)
        names = _some([name[:24] for name in found], 4) or "(none)"
        other = [Setting("other", "Home")] if list(missing) == ["category"] else []
        super().__init__(
            f"{_here(path)} ({seen}): no column is known as {' or '.join(missing)}. "
            f"Its columns: {names}. Say which with ",
            [Setting(f"columns.{missing[0]}", "NAME"), *other],
        )


class UnknownColumn(NamedSettings):
    """A column is named that the file has not, or a field that no product has."""

    def __init__(
        self, path: Path, told: Setting, known: Sequence[str], kind: str, name: str
    ) -> None:
        self.path = path
        close = get_close_matches(name, known, n=1)
        hint = f"; did you mean {close[0]}?" if close else ""
        super().__init__(
            f"{_here(path)}: ", [told], f": no such {kind}; there are {_some(known)}{hint}"
        )


class TornAmounts(NamedSettings):
    """A column whose amounts are written in two ways, in one as often as in the other."""

    def __init__(self, path: Path, column: str, point: str, comma: str) -> None:
        self.path = path
        super().__init__(
            f"{_here(path)}: column {column} has amounts like {point} and as many like {comma}: "
            "say which with ",
            [Setting("decimal", "."), Setting("decimal", ",")],
        )


class MixedCurrencies(NamedSettings):
    """A catalogue whose amounts are in several currencies."""

    def __init__(self, path: Path, found: Mapping[str, int]) -> None:
        self.path = path
        counts = ", ".join(f"{code} ({count:,})" for code, count in list(found.items())[:6])
        first = next(iter(found))
        super().__init__(
            f"{_here(path)} has amounts in {counts}, which cannot be added up: take one with ",
            [Setting("currency", first)],
            "; products in others are then skipped",
        )


class EmptyHalf(RefusedCatalogue):
    """A catalogue has products, but none in the half that is asked for."""

    def __init__(self, path: Path, half: int) -> None:
        super().__init__(
            f"the catalogue {_here(path)} has no product in half {half}: leave products.half out, "
            "or take a catalogue of more products"
        )


class EmptyCatalogue(RefusedCatalogue):
    """No row of the catalogue is a usable product.

    Parameters
    ----------
    path : Path
        The file as the user named it.
    summary : str
        Why rows were skipped, as ``Problems.summary()`` says it.
    """

    def __init__(self, path: Path, summary: str) -> None:
        self.path = path
        self.summary = summary
        super().__init__(f"the catalogue {_here(path)} holds no usable product: {summary}")


class MissingProducts(CatalogueError):
    """Products were asked for that the catalogue does not offer."""

    def __init__(self, ids: Sequence[str]) -> None:
        self.ids = tuple(ids)
        super().__init__(
            f"no usable product has the id {_some(ids)}: correct products.ids, "
            "or see which rows of the catalogue were skipped"
        )


class RepeatedProducts(CatalogueError):
    """The same product was asked for twice."""

    def __init__(self, ids: Sequence[str]) -> None:
        self.ids = tuple(ids)
        super().__init__(f"products.ids names {_some(ids)} more than once: name each product once")


class BadCategories(MarketError):
    """A mapping of categories that cannot be used."""

    def __init__(self, path: Path, why: str) -> None:
        self.path = path
        self.why = why
        super().__init__(f"cannot use the category mapping {path}: {why}")


def _here(path: Path) -> Path:
    """Return a path as one would write it in the current folder."""
    try:
        return path.relative_to(Path.cwd())
    except (ValueError, OSError):
        return path


def _some(names: Sequence[str], limit: int = 12) -> str:
    """Join the first names and say how many more there are."""
    shown = ", ".join(name[:80] for name in names[:limit])
    return f"{shown} and {len(names) - limit} more" if len(names) > limit else shown


class UnexpectedMessage(MarketError):
    """A message that the protocol does not expect from an agent."""

    def __init__(self, kind: str, source: str) -> None:
        super().__init__(f"{source} sent {kind}, which no agent may send here")


class UnknownProtocol(MarketError):
    """No protocol has this name."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        close = get_close_matches(name, known, n=1)
        hint = f"; did you mean {close[0]}?" if close else ""
        super().__init__(
            f"no protocol is called {name!r}; known: {', '.join(known)}; "
            f"or name one as module:NAME{hint}"
        )


class BadProtocol(MarketError):
    """A protocol was found and cannot be used."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"protocol {name!r}: {problem}")
