"""What the behavioral agents of a run go by, and where each value came from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

from retailsim.market.catalogue.product import Category
from retailsim.market.core.money import dollars
from retailsim.sim.scenario.anchor_record import AnchorRecord

Origin = Literal[
    "scenario", "anchor", "profile", "built-in catalogue", "own catalogue", "list prices", "set"
]
"""An explicit key, what [anchor] was solved to, a buyer's profile, a default by the kind of
catalogue, one by its prices, or the set of parameters."""

_WORDS: Mapping[Origin, str] = {
    "scenario": "as the scenario says",
    "anchor": "by [anchor]",
    "profile": "from their profiles",
    "built-in catalogue": "for the built-in catalogue",
    "own catalogue": "for a catalogue of your own",
    "list prices": "by the list prices of the catalogue",
    "set": "from the set",
}

_ABOVE = ": they buy more often and mind the price less than the set says"


class BehavioralValues(msgspec.Struct, frozen=True, kw_only=True):
    """Which parameters the behavioral agents of a run have.

    Parameters
    ----------
    set : str
        The named set of parameters; of a file, the one it is laid over.
    parameters : str or None
        The file's name; None where it is the set as it is.
    set_from, issue_rate_from, wallet_from, levels_from : Origin or None
        Where they came from. The levels are those of buying, of all buyers that do not have the
        set's; where all have it, and where no buyer is behavioral, there is none.
    issue_rate : float or dict of category to float
        Share of orders with an issue.
    wallet_cents : dict of category to float
        Middle of what the buyers would spend on an item; without the categories that a catalogue
        does not have, where it is by its prices.
    levels_above_set : bool
        Whether buyers' profiles make them buy more often than a set of parameters says that is
        meant for its level.
    own : tuple of str
        Behavioral seats with parameters of their own.
    anchor : AnchorRecord or None
        What [anchor] was solved to; not part of the line, for it is told by itself.
    """

    set: str
    parameters: str | None = None
    set_from: Origin
    issue_rate: float | dict[Category, float]
    issue_rate_from: Origin
    wallet_cents: dict[Category, float] = {}
    wallet_from: dict[Category, Origin] = {}
    levels_from: Origin | None = None
    levels_above_set: bool = False
    own: tuple[str, ...] = ()
    anchor: AnchorRecord | None = None

    def __str__(self) -> str:
        """Return it as one line."""
        named = f"parameter set {self.set}"
        if self.parameters is not None:
            named = f"{Path(self.parameters).name} over the {named}"
        rate = self.issue_rate
        rates = rate if isinstance(rate, dict) else {"": rate}
        shares = _listed({name: f"{100 * value:.3g}%" for name, value in rates.items()})
        parts = [
            f"{named} ({_WORDS[self.set_from]})",
            f"orders with an issue: {shares} ({_WORDS[self.issue_rate_from]})",
            *self._wallets(),
        ]
        if self.levels_from is not None:
            above = _ABOVE if self.levels_above_set else ""
            parts.append(f"levels of buyers {_WORDS[self.levels_from]}{above}")
        if self.own:
            parts.append(f"parameters of their own: {', '.join(self.own)}")
        return "; ".join(parts)

    def _wallets(self) -> list[str]:
        """Say what buyers would spend, origin by origin."""
        said = []
        for origin in dict.fromkeys(self.wallet_from.values()):
            some = {
                name: dollars(cents)
                for name, cents in self.wallet_cents.items()
                if self.wallet_from[name] == origin
            }
            same = len(some) == len(self.wallet_cents)
            said.append(f"{_listed(some, short=same)} ({_WORDS[origin]})")
        return [f"wallets around {', '.join(said)}"] if said else []


def _listed(values: Mapping[Any, str], *, short: bool = True) -> str:
    """Say what each category has; once where it is the same for all."""
    if short and len(set(values.values())) == 1:
        return next(iter(values.values()))
    return ", ".join(f"{name} {value}" for name, value in values.items())
