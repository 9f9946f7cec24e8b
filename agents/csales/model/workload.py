"""What a sales conversation asks of a model; see `agents.retail.model.workload`."""

from __future__ import annotations

from retailsim.agents.csales.model.buyer import profile_text
from retailsim.agents.csales.model.replies import (
    CheckReply,
    LineReply,
    OpeningReply,
    OptionReply,
    PlanReply,
    ResponseReply,
    SalesBuyerEnvelope,
    SalesOptionEnvelope,
    SalesSellerEnvelope,
)
from retailsim.agents.csales.model.seller import OFFERED, SHEET_CHARACTERS
from retailsim.agents.llm.talk.workload import BYTES_PER_TOKEN, Step, TalkLoad
from retailsim.agents.reading.workload import reading
from retailsim.market.claims.sheet import LONGEST_DESCRIPTION
from retailsim.market.protocols.csales.action_table import DEFAULT_TABLE, ActionTable
from retailsim.market.protocols.csales.values import Profile

TURNS = 6.0
"""Messages of the buyer in a conversation, as expected."""
_MESSAGE, _PLAN, _LINE = 40, 150, 110
_SHEETS = int(OFFERED * (SHEET_CHARACTERS + 120) / BYTES_PER_TOKEN)
_CATEGORIES = 400


def selling(
    *, max_turns: int, checks: bool, table: ActionTable = DEFAULT_TABLE
) -> tuple[TalkLoad, ...]:
    """The seller's side: a plan and a line a turn, with `checks` a check and a second line."""
    turns, most = min(TURNS, max_turns) - 1.0, max_turns - 1
    hears, named = _MESSAGE + _CATEGORIES, table.names != DEFAULT_TABLE.names
    if named:  # every option by its name
        hears += int(len("\n".join(table.names)) / BYTES_PER_TOKEN)
    plan = OptionReply if named else PlanReply
    steps = [
        Step(kind=plan, times=turns, most=most, hears=hears, expected=_PLAN),
        Step(kind=LineReply, times=turns, most=most, hears=_SHEETS // 3, expected=_LINE),
    ]
    if checks:
        steps += [
            Step(kind=CheckReply, times=turns, most=most, hears=_LINE, expected=30),
            Step(kind=LineReply, times=turns / 2.0, most=most, hears=30, expected=_LINE),
        ]
    return (
        TalkLoad(
            rules="sales_seller_rules",
            envelope=SalesOptionEnvelope if named else SalesSellerEnvelope,
            context=200,
            steps=tuple(steps),
        ),
    )


def reading_turns(*, max_turns: int) -> tuple[TalkLoad, ...]:
    """What reading the seller's messages takes, where a model reads claims: one talk for each.

    How long the sheets are that a message is read against shows only in the conversation, so they
    are counted as long as they may be shown.
    """
    said, turns = _LINE * int(BYTES_PER_TOKEN), min(TURNS, max_turns) - 1.0
    times = (min(1.0, max(0.0, turns - turn)) for turn in range(max_turns - 1))
    return tuple(reading(LONGEST_DESCRIPTION, said, each) for each in times)


def buying(profile: Profile, *, max_turns: int) -> tuple[TalkLoad, ...]:
    """The buyer's side: the opening, and an answer each turn."""
    turns, most = min(TURNS, max_turns) - 1.0, max_turns - 1
    steps = (
        Step(kind=OpeningReply, times=1.0, most=1, expected=_MESSAGE),
        Step(kind=ResponseReply, times=turns, most=most, hears=_LINE + 200, expected=90),
    )
    context = len(profile_text(profile).encode())
    return (
        TalkLoad(
            rules="sales_buyer_rules",
            envelope=SalesBuyerEnvelope,
            context=context,
            steps=steps,
        ),
    )
