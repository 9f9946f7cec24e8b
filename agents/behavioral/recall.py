"""A bounded memory for what is derived from large immutable values.

Hashing a pitch or a product sheet costs more than the look-up saves, so the key is the identity
of the objects; they are kept beside their result, so no identity can be reused meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar, TypeVarTuple

Values = TypeVarTuple("Values")
Result = TypeVar("Result")


class Recall(Generic[*Values, Result]):
    """``recall(*values)`` computes ``function(*values)`` once while the values are remembered.

    Parameters
    ----------
    function : callable
        Pure: forgetting a result costs time and changes nothing.
    size : int
        How many results are kept; when full, the older half is dropped.
    """

    __slots__ = ("_function", "_kept", "_size")

    def __init__(self, function: Callable[[*Values], Result], size: int = 1024) -> None:
        self._function = function
        self._size = size
        self._kept: dict[Any, tuple[Any, Result]] = {}

    def __call__(self, *values: *Values) -> Result:
        """Return the result for `values`."""
        key = tuple([id(value) for value in values])
        found = self._kept.get(key)
        if found is not None:
            return found[1]
        if len(self._kept) >= self._size:
            for old in list(self._kept)[: self._size // 2]:
                del self._kept[old]
        result = self._function(*values)
        self._kept[key] = (values, result)
        return result
