"""What can be wrong with what the market is given: one class a fault, one line a message."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path

from retailsim.events.errors import RetailSimError


class MarketError(RetailSimError):
    """Base of every error of the package ``market``; its text is one line for people."""


class CatalogueError(MarketError):
    """A catalogue that cannot be used."""


class UnreadableCatalogue(CatalogueError):
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
        super().__init__(f"cannot read the catalogue {path}: {why}")


class UnknownCatalogueFormat(CatalogueError):
    """The file's suffix names no format of catalogues."""

    def __init__(self, path: Path, known: Iterable[str]) -> None:
        self.path = path
        super().__init__(
            f"cannot tell the format of the catalogue {path}: its name must end in one of "
            f"{', '.join(known)}"
        )


class MissingColumns(CatalogueError):
    """A table without the columns every product needs."""

    def __init__(self, path: Path, missing: Sequence[str], found: Sequence[str]) -> None:
        self.path = path
        self.missing = tuple(missing)
        self.found = tuple(found)
        super().__init__(
            f"the catalogue {path} has no column {' and no column '.join(missing)}; "
            f"its columns are {_some(found) or '(none)'}"
        )


class EmptyHalf(CatalogueError):
    """A catalogue has products, but none in the half that is asked for."""

    def __init__(self, path: Path, half: int) -> None:
        super().__init__(
            f"the catalogue {path} has no product in half {half}: leave products.half out, "
            "or take a catalogue of more products"
        )


class EmptyCatalogue(CatalogueError):
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
        super().__init__(f"the catalogue {path} holds no usable product: {summary}")


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
