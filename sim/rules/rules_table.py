"""The scenario's table [rules]: which rules sellers are held to."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import tomli_w

from retailsim.market.rules.errors import BadRules
from retailsim.market.rules.rule import RuleSet
from retailsim.market.rules.rule_file import built_in, parsed, with_file, with_levels

RULES_FILE = "rules.toml"
"""What the rules of a run are called among its inputs."""


class RulesTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What sellers may say and do.

    Parameters
    ----------
    file : str
        The path of a rule file that goes on top of the built-in rules.
    masks : bool
        Whether the market keeps sellers from breaking rules of level "mask"; without it they are
        found by `policy check` afterwards.
    levels : dict of rule to level
        "mask", "budget", "report" or "off" for rules that are to have another level.
    """

    file: str | None = None
    masks: bool = True
    levels: dict[str, str] = {}


def rules_file(table: Mapping[str, Any], folder: Path) -> bytes:
    """Return the rules of a scenario as one file, so that its run stands alone.

    Raises
    ------
    BadRules
        If its file cannot be used, or a level is of no rule.
    """
    told = msgspec.convert(table, RulesTable)
    base = built_in() if told.file is None else with_file(folder / told.file)
    return written(with_levels(base, told.levels, "rules"))


def written(rules: RuleSet) -> bytes:
    """Write a whole set of rules as a file."""
    heard = {name: list(phrases) for name, phrases in rules.heard.items()}
    return tomli_w.dumps({"rule": [_plain(rule) for rule in rules.rules], "heard": heard}).encode()


def _plain(rule: Any) -> dict[str, Any]:
    """Return a rule's keys that say something."""
    found = msgspec.to_builtins(rule)
    return {key: value for key, value in found.items() if value not in ((), [], None, "", False)}


def enforced_rules(table: Mapping[str, Any], file: bytes | None) -> RuleSet:
    """Return the rules that the market enforces: none without masks, or in runs before them."""
    if file is None or not msgspec.convert(table, RulesTable).masks:
        return RuleSet()
    try:
        return parsed(file.decode(), RULES_FILE, RuleSet())
    except UnicodeDecodeError:
        raise BadRules(RULES_FILE, "is no text in UTF-8") from None
