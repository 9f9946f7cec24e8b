"""What a seller can choose: how it pitches, how it answers, and how it settles an issue.

Each moves what behavioral buyers react to, see ``docs/behavioral.md``: a pitch its facts, reasons,
feelings, warmth, pressure, length and claims; an answer whether it is on the point and polite; a
settlement how the purchase is rated and what goes back.
"""

from __future__ import annotations

from itertools import product
from typing import Literal

import msgspec

from retailsim.events.messages import Outcome
from retailsim.market.protocols.retail.requests import (
    AnswerBuyer,
    GiveSupport,
    PresentPitch,
    SettleIssue,
)

Stress = Literal["facts", "reasons", "feelings"]
Tone = Literal["warm", "urgent"]
Length = Literal["full", "short"]
Claims = Literal["sheet", "bold"]
Manner = Literal["friendly", "plain", "evade"]
Decision = PresentPitch | AnswerBuyer | GiveSupport | SettleIssue
"""What is asked where a seller chooses."""

STRESSES: tuple[Stress, ...] = ("facts", "reasons", "feelings")
TONES: tuple[Tone, ...] = ("warm", "urgent")
LENGTHS: tuple[Length, ...] = ("full", "short")
CLAIMS: tuple[Claims, ...] = ("sheet", "bold")
MANNERS: tuple[Manner, ...] = ("friendly", "plain", "evade")


class PitchStyle(msgspec.Struct, frozen=True):
    """How a product is pitched.

    Parameters
    ----------
    stress : {"facts", "reasons", "feelings"}
        What the pitch dwells on: more of the sheet; reasons and comparisons; how it will feel.
    tone : {"warm", "urgent"}
        Friendly, or with calls to order now.
    length : {"full", "short"}
        Five sections of some 450 words, or a sentence or two each.
    claims : {"sheet", "bold"}
        Nothing beyond the sheet, or two claims that it does not carry.
    """

    stress: Stress
    tone: Tone
    length: Length
    claims: Claims


PITCHES: dict[str, PitchStyle] = {
    f"Pitch: {', '.join(parts)}": PitchStyle(*parts)
    for parts in product(STRESSES, TONES, LENGTHS, CLAIMS)
}
"""Once a market: name -> how the product is pitched."""
ANSWERS: dict[str, Manner] = {f"Answer: {manner}": manner for manner in MANNERS}
"""To a question: name -> from the sheet with a kind word, from the sheet without, or not."""
ASK = "Support: ask first"
"""To a complaint: what exactly is wrong, before anything is proposed."""
SETTLEMENTS: dict[str, Outcome] = {
    "Settle: leave": "delivered",
    "Settle: exchange": "exchanged",
    "Settle: refund": "refunded",
}
"""Of an issue: name -> its outcome."""
OPTION_NAMES: tuple[str, ...] = (*PITCHES, *ANSWERS, ASK, *SETTLEMENTS)
"""Every option there is, in the order that numbers them."""
