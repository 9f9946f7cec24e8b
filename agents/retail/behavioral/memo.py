"""A bounded memory for what is derived from large immutable values.

Hashing a pitch or a product sheet costs more than the look-up saves, so the key is the identity
of the first value; the values are kept beside their result, so no identity can be reused
meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar, TypeVarTuple

from retailsim.market.core.money import currency

First = TypeVar("First")
Rest = TypeVarTuple("Rest")
Result = TypeVar("Result")


class Memo(Generic[First, *Rest, Result]):
    """``memo(first, *rest)`` computes ``function(first, *rest)`` once while it is remembered.

    Parameters
    ----------
    function : callable
        Pure but for the currency in which amounts are written: forgetting a result costs time and
        changes nothing.
    size : int
        How many results are kept, one for each `first`; when full, the older half is dropped.
    """

    __slots__ = ("_function", "_kept", "_size")

    def __init__(self, function: Callable[[First, *Rest], Result], size: int = 1024) -> None:
        self._function = function
        self._size = size
        self._kept: dict[int, tuple[First, Any, str, Result]] = {}

    def __call__(self, first: First, *rest: *Rest) -> Result:
        """Return the result for these values."""
        found, written_in = self._kept.get(id(first)), currency()
        if found is not None and found[1] == rest and found[2] == written_in:
            return found[3]
        if len(self._kept) >= self._size:
            for old in list(self._kept)[: self._size // 2]:
                del self._kept[old]
        result = self._function(first, *rest)
        self._kept[id(first)] = (first, rest, written_in, result)
        return result
