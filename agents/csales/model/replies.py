"""The answers that models give in a sales conversation, in one closed union for each role."""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from retailsim.agents.llm.talk.reply import Case, Reply
from retailsim.market.protocols.csales.events import Action, Leaving, Openness, Style, Tactic

Text = Annotated[str, Meta(min_length=1, max_length=20_000)]
Words = Annotated[str, Meta(max_length=20_000)]
Name = Annotated[str, Meta(min_length=1, max_length=200)]
CategoryPath = Annotated[tuple[Name, ...], Meta(max_length=8)]


class PlanReply(Reply, frozen=True, kw_only=True, tag="plan"):
    """The buyer as the seller sees it now, and the next action."""

    most_tokens: ClassVar[int] = 500
    cases: ClassVar[tuple[Case, ...]] = (
        {"action": {"enum": ["Persuasion"]}, "tactic": ...},
        {"action": {"enum": ["Category Search"]}, "tactic": None, "search": {"minItems": 1}},
        {"action": {"enum": ["Preference Probing", "Suggestion"]}, "tactic": None},
    )

    preference: Words
    category: CategoryPath
    style: Style | None
    openness: Openness | None
    focus: Words
    action: Action
    tactic: Tactic | None
    search: CategoryPath

    def problem(self) -> str | None:
        """A persuasion has a tactic, nothing else has; a search has a path."""
        if (self.tactic is not None) != (self.action == "Persuasion"):
            return f"action {self.action} with tactic {self.tactic}"
        if self.action == "Category Search" and not self.search:
            return "a Category Search without a path in search"
        return None


class OptionReply(Reply, frozen=True, kw_only=True, tag="plan"):
    """The same where options have more than act and tactic: the next one by its name."""

    most_tokens: ClassVar[int] = 500

    preference: Words
    category: CategoryPath
    style: Style | None
    openness: Openness | None
    focus: Words
    option: Name
    search: CategoryPath

    def problem(self) -> str | None:
        """A search has a path, unless its rule has."""
        if self.option.startswith("Category Search") and ":" not in self.option:
            return None if self.search else "a Category Search without a path in search"
        return None


class LineReply(Reply, frozen=True, kw_only=True, tag="line"):
    """What the seller says, with the ids of the items that it shows."""

    text: Text
    items: Annotated[tuple[Name, ...], Meta(max_length=3)]


class CheckReply(Reply, frozen=True, kw_only=True, tag="check"):
    """Whether everything said of an item is on its sheet; else what is not."""

    most_tokens: ClassVar[int] = 200

    credible: bool
    problems: Words


class SalesSellerEnvelope(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a seller answers, whatever it was asked."""

    reply: PlanReply | LineReply | CheckReply


class SalesOptionEnvelope(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a seller answers where options have more than act and tactic."""

    reply: OptionReply | LineReply | CheckReply


class OpeningReply(Reply, frozen=True, kw_only=True, tag="opening"):
    """The buyer's first message."""

    most_tokens: ClassVar[int] = 200

    text: Text


class ResponseReply(Reply, frozen=True, kw_only=True, tag="response"):
    """The buyer's answer, with at most one thing done."""

    cases: ClassVar[tuple[Case, ...]] = (
        {"select": None, "buy": None, "leave": None},
        {"select": ..., "buy": None, "leave": None},
        {"select": None, "buy": ..., "leave": None},
        {"select": None, "buy": None, "leave": ...},
    )

    text: Text
    willingness: Annotated[int, Meta(ge=0, le=10)]
    select: Name | None
    buy: Name | None
    leave: Leaving | None
    reason: Words

    def problem(self) -> str | None:
        """One thing at a time."""
        done = [name for name in ("select", "buy", "leave") if getattr(self, name) is not None]
        return f"{' and '.join(done)} at once" if len(done) > 1 else None


class SalesBuyerEnvelope(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a buyer answers, whatever it was asked."""

    reply: OpeningReply | ResponseReply


ENVELOPES: tuple[type[msgspec.Struct], ...] = (
    SalesSellerEnvelope,
    SalesOptionEnvelope,
    SalesBuyerEnvelope,
)
