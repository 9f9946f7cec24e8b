"""A bounded memory for what is derived from large immutable values.

Hashing a pitch or an offer costs more than the look-up saves, so the key is the identity of the
first value; the values are kept beside their result, so no identity can be reused meanwhile. What
comes as a copy again and again, such as a sheet in each of its markets, has its content as the key.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
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
    key : callable
        ``(first) -> key``: all of it that the result depends on; by default, which one it is.
    """

    __slots__ = ("_function", "_kept", "_key", "_size")

    def __init__(
        self,
        function: Callable[[First, *Rest], Result],
        size: int = 1024,
        *,
        key: Callable[[First], Hashable] = id,
    ) -> None:
        self._function = function
        self._size = size
        self._key = key
        self._kept: dict[Hashable, tuple[First, Any, str, Result]] = {}

    def __call__(self, first: First, *rest: *Rest) -> Result:
        """Return the result for these values."""
        key, written_in = self._key(first), currency()
        found = self._kept.get(key)
        if found is not None and found[1] == rest and found[2] == written_in:
            return found[3]
        if len(self._kept) >= self._size:
            for old in list(self._kept)[: self._size // 2]:
                del self._kept[old]
        result = self._function(first, *rest)
        self._kept[key] = (first, rest, written_in, result)
        return result
