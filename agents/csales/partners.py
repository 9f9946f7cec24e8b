"""The other side of a conversation, made up: what an agent is asked, by what it answers.

What an agent does has its consequence: it speaks to the action that it chose, and only an item
that it selected is sold. So each conversation is a generator that is sent every answer.
"""

from __future__ import annotations

from typing import Any

import msgspec

from retailsim.agents.conformance.repertoire import Script
from retailsim.events.messages import Role
from retailsim.market.catalogue.product import Product
from retailsim.market.core.dialogue import Transcript, Turn
from retailsim.market.core.money import dollars
from retailsim.market.protocols.csales.action_table import DEFAULT_TABLE
from retailsim.market.protocols.csales.category_tree import CategoryTree
from retailsim.market.protocols.csales.events import (
    ACTIONS,
    TACTICS,
    Action,
    Tactic,
)
from retailsim.market.protocols.csales.requests import (
    OpenConversation,
    PlanTurn,
    RespondToSeller,
    SpeakTurn,
)
from retailsim.market.protocols.csales.values import (
    PERSUASION,
    Inferred,
    Left,
    Line,
    Plan,
    Profile,
    Response,
)

_TURNS = 6
_BUYER_SELECTS = 3
"""The turn in which a made-up buyer selects, if it was shown anything."""


class PartnerTalk(msgspec.Struct, frozen=True, kw_only=True):
    """One conversation's circumstances.

    Parameters
    ----------
    about : str
        What it is called in a finding.
    products : tuple of Product
        The whole catalogue.
    words : tuple of str
        What the other side says, in turn.
    index : int
        Names the episode and its random streams.
    """

    about: str
    profile: Profile
    products: tuple[Product, ...]
    words: tuple[str, ...]
    index: int = 0

    @property
    def common(self) -> dict[str, Any]:
        """What all its requests carry."""
        name = f"{self.profile.id}/{self.index}"
        return {"episode": name, "unit": f"{self.profile.id}/seat/{self.index}"}

    @property
    def fitting(self) -> tuple[Product, ...]:
        """What the buyer can pay."""
        most = self.profile.budget_cents[1]
        return tuple(product for product in self.products if product.price_cents <= most)

    @property
    def dearer(self) -> Product | None:
        """What it cannot, if there is something."""
        return next((p for p in self.products if p not in self.fitting), None)

    def said(self, turn: int) -> str:
        """What the other side says in this turn."""
        return self.words[turn % len(self.words)]


def conversation(role: Role, talk: PartnerTalk) -> Script:
    """Return what a role is asked in one conversation, by what it answers."""
    return _selling(talk) if role == "seller" else _buying(talk)


def _selling(talk: PartnerTalk) -> Script:
    """A buyer that selects what it was shown first, and never says yes."""
    tree = CategoryTree(talk.products)
    known: dict[str, Any] = {
        **talk.common,
        "transcript": (Turn("buyer", f"{talk.said(0)} {_range(talk)}"),),
        "shown": (),
        "selected": None,
        "candidate": None,
        "price_range_cents": talk.profile.budget_cents,
        "inferred": Inferred(),
        "categories": tree.below(()),
    }
    for turn in range(1, _TURNS):
        known["turn"] = turn
        actions = _actions(known["shown"], known["selected"])
        options = DEFAULT_TABLE.legal(actions, discounts=False)
        plan = yield PlanTurn(**known, actions=actions, options=options)
        known["inferred"] = plan.inferred if plan else Inferred()
        action, tactic = _chosen(plan, known["selected"])
        if action == "Category Search":
            known["categories"] = tree.below(tree.cut(plan.category if plan else ()))
        items = _items(talk, action, known["selected"])
        line = yield SpeakTurn(**known, action=action, tactic=tactic, items=items)
        known["shown"] += _newly_shown(line, items, known["shown"])
        if turn >= _BUYER_SELECTS and known["shown"]:
            known |= {"selected": known["shown"][0], "candidate": talk.dearer}
        reply = Turn("buyer", talk.said(turn))
        known["transcript"] = _heard(known["transcript"], "seller", line and line.text, reply)


def _buying(talk: PartnerTalk) -> Script:
    """A seller that asks, then shows one item after the other, and persuades once it can."""
    common = {**talk.common, "profile": talk.profile}
    text = yield OpenConversation(**common, transcript=(), turn=1)
    if isinstance(text, Left):
        return
    text = text and f"{text} {_range(talk)}"
    left = list(map(_for_buyer, talk.fitting))
    shown: tuple[Product, ...] = ()
    selected: Product | None = None
    transcript: Transcript = ()
    for turn in range(2, _TURNS + 1):
        transcript = _heard(transcript, "buyer", text, Turn("seller", talk.said(turn)))
        candidate = _for_buyer(talk.dearer) if selected and talk.dearer else None
        action, presented = _put_forward(turn, left, shown, selected, candidate)
        shown = (*shown, *presented)
        request = RespondToSeller(
            **common,
            transcript=transcript,
            turn=turn,
            shown=shown,
            presented=presented,
            selected=selected,
            candidate=candidate,
            action=action,
            tactic=TACTICS[turn % len(TACTICS)] if action == PERSUASION else None,
            may_buy=selected is not None,
            last=turn == _TURNS,
        )
        answer = yield request
        if _ends(request, answer):
            return
        text = answer and answer.text
        selected = selected or _selected(shown, answer)


def _put_forward(
    turn: int,
    left: list[Product],
    shown: tuple[Product, ...],
    selected: Product | None,
    candidate: Product | None,
) -> tuple[Action, tuple[Product, ...]]:
    """What the made-up seller does, and the items that it takes from `left` to show."""
    if selected is not None:
        return PERSUASION, (candidate,) if candidate and candidate not in shown else ()
    if turn == 2:  # its first words
        return "Preference Probing", ()
    return "Suggestion", (left.pop(0),) if left else ()


def _ends(request: RespondToSeller, answer: Response | None) -> bool:
    if answer is None:
        return False
    return (answer.buy is not None and request.may_buy) or answer.leave is not None


def _selected(shown: tuple[Product, ...], answer: Response | None) -> Product | None:
    return next((p for p in shown if answer and p.id == answer.select), None)


def _actions(shown: tuple[Product, ...], selected: Product | None) -> tuple[Action, ...]:
    if selected is not None:
        return (PERSUASION,)
    return tuple(action for action in ACTIONS if shown or action != PERSUASION)


def _chosen(plan: Plan | None, selected: Product | None) -> tuple[Action, Tactic | None]:
    """The agent's choice; where its answer was refused, one that is always allowed."""
    if plan is not None:
        return plan.action, plan.tactic
    return (PERSUASION, TACTICS[0]) if selected is not None else ("Suggestion", None)


def _items(talk: PartnerTalk, action: Action, selected: Product | None) -> tuple[Product, ...]:
    if action == "Suggestion":
        return talk.fitting
    return (talk.dearer,) if selected and talk.dearer and action == PERSUASION else ()


def _newly_shown(
    line: Line | None, items: tuple[Product, ...], shown: tuple[Product, ...]
) -> tuple[Product, ...]:
    ids = line.items if line else ()
    return tuple(product for product in items if product.id in ids and product not in shown)


def _heard(transcript: Transcript, role: Role, said: str | None, reply: Turn) -> Transcript:
    """Add what the agent said, and what the other side says to that."""
    return (*transcript, Turn(role, said or "Hm."), reply)


def _range(talk: PartnerTalk) -> str:
    low, high = talk.profile.budget_cents
    return f"My price range is {dollars(low)} to {dollars(high)}."


def _for_buyer(product: Product) -> Product:
    """Leave out what only sellers see."""
    return msgspec.structs.replace(product, unit_cost_cents=None)
