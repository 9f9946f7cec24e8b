"""What happens in the retail protocol, beside what all protocols share."""

from __future__ import annotations

from typing import Literal

import msgspec

from retailsim.events.messages import Event

ChoiceStage = Literal["pitch", "pre_inquiry", "post_inquiry", "settlement"]


class StrategyFormed(Event, tag="StrategyFormed", kw_only=True):
    """The seller's plan for the pitch; a dimension the guidance left out is None."""

    seller: str
    product: str | None
    target_expansion: str | None = None
    value_proposition: str | None = None
    contextual_urgency: str | None = None
    objection_handling: str | None = None

    def without_texts(self) -> Event:
        """Leave out the plan."""
        return msgspec.structs.replace(
            self,
            target_expansion=None,
            value_proposition=None,
            contextual_urgency=None,
            objection_handling=None,
        )


class PitchPresented(Event, tag="PitchPresented", kw_only=True):
    """The pitch as spoken: section name -> text, in order.

    ``claims`` are the statements about the product that the pitch makes and ``unsupported``
    those of them that the product sheet does not carry, where the seller says so.
    """

    seller: str
    product: str | None
    sections: dict[str, str]
    claims: tuple[str, ...] = ()
    unsupported: tuple[str, ...] = ()

    def without_texts(self) -> Event:
        """Leave out what the sections say."""
        return msgspec.structs.replace(self, sections=dict.fromkeys(self.sections, ""))


class TopicsChosen(Event, tag="TopicsChosen", kw_only=True):
    """What the buyer wants to ask about before it decides."""

    topics: tuple[str, ...]
    reason: str


class SellerChose(Event, tag="SellerChose", kw_only=True):
    """What a seller that goes by a policy chose, out of which options, and how likely that was.

    It stands before what the seller said by it. Other sellers write none.

    Parameters
    ----------
    stage : str
        What was chosen: the pitch (once a market, ``episode`` null), an answer before the
        purchase, a turn of support, or the settlement where support ended without a proposal.
    turn : int
        Of the dialogue, from 1; 0 for pitch and settlement.
    option : str
        What it did.
    options : tuple of str
        What it could have done.
    probabilities : tuple of int or None
        One for each option in their order, where the seller knows them: integers that sum to 2**32.
    """

    stage: ChoiceStage
    turn: int
    option: str
    options: tuple[str, ...] = ()
    probabilities: tuple[int, ...] | None = None
