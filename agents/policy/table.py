"""What a policy chooses among and by: names of options and of features, given by a protocol."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

UNIT = 2**16
"""Features are multiples of 1 / `UNIT`, so a float of any size holds them exactly."""


class PolicyTable(msgspec.Struct, frozen=True, kw_only=True):
    """The columns and rows of a policy's weights.

    Parameters
    ----------
    version : str
        Of the features; what was learnt on another is used only if it is one of the `earlier` ones.
    features : tuple of str
        Their names in their order; each is from 0 to 1.
    options : tuple of str
        Names of what can be chosen, in the order that numbers it. Empty where they are not known
        before a market asks; `linear.check_options` compares them then.
    earlier : mapping of version to int
        Earlier versions with which the features begin -> how many they had.
    """

    version: str
    features: tuple[str, ...]
    options: tuple[str, ...]
    earlier: Mapping[str, int] = {}
