"""What a policy chooses among and by: names of options and of features, given by a protocol."""

from __future__ import annotations

import msgspec

UNIT = 2**16
"""Features are multiples of 1 / `UNIT`, so a float of any size holds them exactly."""


class PolicyTable(msgspec.Struct, frozen=True, kw_only=True):
    """The columns and rows of a policy's weights.

    Parameters
    ----------
    version : str
        Of the features: what was learnt on one version is never used on another.
    features : tuple of str
        Their names in their order; each is from 0 to 1.
    options : tuple of str
        Names of what can be chosen, in the order that numbers it. Empty where they are not known
        before a market asks; `linear.check_options` compares them then.
    """

    version: str
    features: tuple[str, ...]
    options: tuple[str, ...]
