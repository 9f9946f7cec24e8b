"""Sellers that need no model: CSI, and the baselines that differ from it in their policy alone."""

from __future__ import annotations

from typing import Any, ClassVar

from retailsim.agents.base import Seat
from retailsim.agents.csales.base import SalesSeller
from retailsim.agents.csales.behavioral import seller_lines as say
from retailsim.agents.csales.behavioral.action_policy import (
    Chance,
    Csi,
    FixedScript,
    Policy,
    Situation,
    choose,
)
from retailsim.agents.csales.behavioral.inference import (
    buyer_lines,
    infer,
    nearest_category,
    words_of,
)
from retailsim.agents.errors import BadOption
from retailsim.market.protocols.csales.category_tree import CategoryPath
from retailsim.market.protocols.csales.requests import PlanTurn, SpeakTurn
from retailsim.market.protocols.csales.spec import MOST_SHOWN
from retailsim.market.protocols.csales.values import PERSUASION, Line, Plan


class PolicySeller(SalesSeller):
    """Infers by reading, chooses by its policy, speaks in fixed phrases.

    Parameters
    ----------
    seat : Seat
        Takes no options.

    Raises
    ------
    BadOption
        If there are any.
    """

    trusted = True
    policy: ClassVar[Policy]

    def __init__(self, seat: Seat) -> None:
        super().__init__(seat)
        if seat.options:
            raise BadOption(self.source, "this seller takes none")

    async def plan(self, request: PlanTurn) -> Plan:
        """Read what was said, weigh the options, draw one."""
        notes = self.memory(request)
        said = words_of(" ".join(buyer_lines(request.transcript)))
        # What was seen stays known, so that a wrong turn can be taken back.
        known = notes["known"] = notes.get("known", frozenset()) | set(request.categories)
        target, fit = self._target(request, said, sorted(known))
        if target == notes.get("category"):
            target, fit = (), 0.0  # nothing further to look for
        situation = self._situation(request, notes, said, fit)
        choice = choose(self.policy, situation, self.stream(request, f"plan {request.turn}"))
        notes.setdefault("past", []).append(choice.action)
        if choice.tactic is not None:
            notes.setdefault("tactics", []).append(choice.tactic)
        if choice.action == "Category Search" and target:
            notes["category"] = target
        return Plan(
            inferred=infer(request, notes.get("category", ())),
            action=choice.action,
            tactic=choice.tactic,
            category=target,
            options=choice.options,
            probabilities=choice.probabilities,
        )

    def _target(
        self, request: PlanTurn, said: frozenset[str], known: list[CategoryPath]
    ) -> tuple[CategoryPath, float]:
        """The category to look at next, and how much speaks for it."""
        return nearest_category(said, known)

    def _situation(
        self, request: PlanTurn, notes: dict[str, Any], said: frozenset[str], fit: float
    ) -> Situation:
        return Situation(
            actions=request.actions,
            past=tuple(notes.get("past", ())),
            tactics=tuple(notes.get("tactics", ())),
            words=len(said),
            depth=len(notes.get("category", ())),
            category_fit=fit,
            shown=len(request.shown),
            style=infer(request, ()).decision_making_style,
        )

    async def speak(self, request: SpeakTurn) -> Line:
        """Carry the plan out."""
        stream = self.stream(request, f"speak {request.turn}")
        match request.action:
            case "Preference Probing":
                return Line(text=say.probing(request, stream))
            case "Category Search":
                return Line(text=say.categories(request))
            case "Suggestion":
                seen = {product.id for product in request.shown}
                items = [product for product in request.items if product.id not in seen][
                    :MOST_SHOWN
                ]
                return Line(
                    text=say.suggestion(items), items=tuple(product.id for product in items)
                )
            case _:
                return self._persuasion(request)

    def _persuasion(self, request: SpeakTurn) -> Line:
        """Make the case for the selected item; bring the dearer one in, once."""
        seen = {product.id for product in request.shown}
        candidate = next((p for p in request.items if p.id not in seen), None)
        about = request.selected or request.shown[-1]
        text = say.persuasion(about, request.tactic, request.candidate or candidate)
        if request.action == PERSUASION and candidate is not None:
            return Line(text=text, items=(candidate.id,))
        return Line(text=text)


class CsiSeller(PolicySeller):
    """CSI: reads the buyer, searches where its words lead, persuades by its style."""

    policy = Csi()


class ScriptedSalesSeller(PolicySeller):
    """A fixed script: the same steps for everybody."""

    policy = FixedScript()


class RandomActionSeller(PolicySeller):
    """Chooses any legal action, tactic and category by chance."""

    policy = Chance()

    def _target(
        self, request: PlanTurn, said: frozenset[str], known: list[CategoryPath]
    ) -> tuple[CategoryPath, float]:
        return self.stream(request, f"category {request.turn}").pick(known), 0.0
