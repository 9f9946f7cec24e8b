"""Rule files of a user's own, and what they find in a sentence."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from typing import Any

from campaign.planting import planted
from campaign.surface import Surface, as_file
from retailsim.market.rules import rule_file


def seeds() -> list[bytes]:
    """The built-in rules, whole and in part."""
    own = files("retailsim.market").joinpath("data", "rules.toml").read_bytes()
    tables = own.split(b"[[rule]]")
    return [own, *(b"[[rule]]" + one for one in tables[1:6])]


def feed(data: bytes) -> str:
    """Read rules on top of the built-in ones."""
    rules = rule_file.with_file(as_file("rules.toml", data))
    return "more" if len(rules.rules) > len(rule_file.built_in().rules) else "as many"


def _wrong(check: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(file: Any, source: Any, base: Any) -> Any:
        if not file.rule:
            raise IndexError("no rule")
        return check(file, source, base)

    return wrong


SURFACE = Surface(
    name="rules",
    seeds=seeds,
    feed=feed,
    code=("market/rules",),
    bug=lambda: planted(rule_file, "_check", _wrong),
    tree=False,
)
