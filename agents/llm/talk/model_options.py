"""What a seat with a language model may be told in its ``options``."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from retailsim.agents.base import ModelAccess, Seat
from retailsim.agents.errors import BadOption


class ModelOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of a model seat.

    Parameters
    ----------
    one_preference_per_turn : bool
        Buyers tell at most one thing about what they want in each message.
    not_buying_is_fine : bool
        Buyers are told that not buying is as good an answer; the paper does not say so.
    price_wording : {"blinded", "randomised"}
        Whether a buyer is told that the store drew the price at random.
    reasks : int
        How often a malformed answer is asked for again, 0 to 5; in a whole conversation twice
        as often.
    """

    one_preference_per_turn: bool = False
    not_buying_is_fine: bool = False
    price_wording: Literal["blinded", "randomised"] = "blinded"
    reasks: Annotated[int, Meta(ge=0, le=5)] = 2


def options_of(seat: Seat) -> ModelOptions:
    """Return the seat's options.

    Raises
    ------
    BadOption
        If there is one that does not exist or is out of range.
    """
    try:
        return msgspec.convert(dict(seat.options), ModelOptions)
    except msgspec.ValidationError as error:
        allowed = ", ".join(ModelOptions.__struct_fields__)
        raise BadOption(f"{seat.role}:{seat.id}", f"{error}; allowed: {allowed}") from None


def model_of(seat: Seat) -> ModelAccess:
    """Return the seat's model.

    Raises
    ------
    BadOption
        If the seat has none.
    """
    if seat.model is None:
        raise BadOption(f"{seat.role}:{seat.id}", "it has no language model to ask")
    return seat.model
