"""Planted bugs: a function of the program replaced by one that is wrong now and then."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def planted(module: Any, name: str, wrong: Callable[[Callable[..., Any]], Any]) -> Iterator[None]:
    """Replace ``module.name`` by ``wrong(what was there)`` while the block runs."""
    before = getattr(module, name)
    setattr(module, name, wrong(before))
    try:
        yield
    finally:
        setattr(module, name, before)
