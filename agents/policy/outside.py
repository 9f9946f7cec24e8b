"""What an environment answers for a seat whose options are chosen from outside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from retailsim.agents.errors import BadOption


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """What is answered from outside, as JSON, and kept in the log as such.

    Parameters
    ----------
    option : str
        The name of an option; one that is not legal now fails the episode.
    probabilities : tuple or None
        How likely each legal option was, in their order, where the chooser knows: shares that sum
        to 1, or integers that sum to 2**32.
    """

    option: str
    probabilities: tuple[int | float, ...] | None = None


decode_chosen = msgspec.json.Decoder(Chosen).decode
"""Read an answer; raises `msgspec.DecodeError`."""


def take_adaptive(source: str, options: Mapping[str, Any]) -> None:
    """Check the option ``adaptive`` (default true) of a seat that is played from outside.

    It says in `run.toml` whether who chooses may learn from this very run while it goes on, and
    changes nothing.

    Raises
    ------
    BadOption
        If there are others, or it is neither true nor false.
    """
    if set(options) - {"adaptive"} or not isinstance(options.get("adaptive", True), bool):
        raise BadOption(source, "adaptive, true or false, is all that is taken")


async def nobody() -> str:
    """Stand where nobody can be asked: only an environment plays such a seat."""
    raise LookupError("only an environment plays this seat, see docs/environments.md")
