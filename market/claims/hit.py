"""What a rule found in a sentence, before any sheet is looked at."""

from __future__ import annotations

from typing import NamedTuple

from retailsim.market.claims.quantities import Quantity
from retailsim.market.claims.rules import Rule


class Hit(NamedTuple):
    """A match of one rule.

    Parameters
    ----------
    rule : Rule
    words : str
        What matched, in lower case.
    objects : tuple of str
        What is claimed of the product: the words that the sheet is asked for.
    quantities : tuple of Quantity
        Of the whole sentence, where the rule looks at them.
    text : str
        The sentence in lower case.
    """

    rule: Rule
    words: str
    objects: tuple[str, ...]
    quantities: tuple[Quantity, ...]
    text: str
