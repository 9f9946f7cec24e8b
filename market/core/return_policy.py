"""Return policies: what a category takes back, until when, and who pays the way back."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from retailsim.events.messages import Payer
from retailsim.market.catalogue.product import Category


class ReturnPolicy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The rules for returning one product.

    Parameters
    ----------
    window_days : int
        Days from delivery within which a return is possible.
    condition : str
        In which state the goods must come back.
    buyer_pays : tuple of str
        Issues for which the buyer pays return shipping; for all others the seller does.
    """

    window_days: int
    condition: str
    buyer_pays: tuple[str, ...] = ("change of mind",)

    def __post_init__(self) -> None:
        """Refuse a window that ends before it begins."""
        if self.window_days < 0:
            raise ValueError(f"window_days = {self.window_days}: must not be negative")

    def return_payer(self, issue: str) -> Payer:
        """Who pays the way back for this issue."""
        return "buyer" if issue in self.buyer_pays else "seller"

    def in_window(self, delivered_day: int, day: int) -> bool:
        """Whether a return on `day` is in time; always so before delivery."""
        return day - delivered_day <= self.window_days


_ORIGINAL = "in the original packaging with all accessories"

DEFAULT_POLICIES: Mapping[Category, ReturnPolicy] = MappingProxyType(
    {
        "Food": ReturnPolicy(window_days=7, condition=f"unopened, {_ORIGINAL}"),
        "Fashion": ReturnPolicy(
            window_days=30,
            condition=f"unworn and unwashed, {_ORIGINAL}",
            buyer_pays=("change of mind", "size or fit"),
        ),
        "Home": ReturnPolicy(window_days=30, condition=f"unused and resellable, {_ORIGINAL}"),
        "Electronics": ReturnPolicy(
            window_days=30, condition=f"unused and resellable, {_ORIGINAL}"
        ),
    }
)
