"""Sellers that need no model: CSI, and the baselines that differ from it in their policy alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from retailsim.agents.base import Seat
from retailsim.agents.csales.base import SalesSeller
from retailsim.agents.csales.behavioral import seller_lines as say
from retailsim.agents.csales.behavioral.action_policy import (
    TEMPERATURE,
    ActionChoice,
    Chance,
    Csi,
    Exploring,
    FixedScript,
    Policy,
    Situation,
    WithTactics,
    choose,
)
from retailsim.agents.csales.behavioral.inference import (
    buyer_lines,
    infer,
    nearest_category,
    words_of,
)
from retailsim.agents.errors import BadOption
from retailsim.market.protocols.csales.category_tree import CategoryPath, searched
from retailsim.market.protocols.csales.events import STYLES, TACTICS, Style
from retailsim.market.protocols.csales.requests import PlanTurn, SpeakTurn
from retailsim.market.protocols.csales.spec import MOST_SHOWN
from retailsim.market.protocols.csales.values import PERSUASION, Inferred, Line, Plan


class PolicySeller(SalesSeller):
    """Infers by reading, chooses by its policy, speaks in fixed phrases.

    Parameters
    ----------
    seat : Seat
        Takes no option but ``explore``. The choice is drawn from the mixture of policy and chance,
        and the propensities in the log are those of the mixture.

    Raises
    ------
    BadOption
        If there are others, or the share is none.
    """

    trusted = True
    policy: Policy

    def __init__(self, seat: Seat) -> None:
        super().__init__(seat)
        self._take(self.seat.options)

    def _take(self, options: Mapping[str, Any]) -> None:
        """Take the seat's other options, or refuse them."""
        if options:
            raise BadOption(self.source, "this seller takes none but explore")

    async def planned(self, request: PlanTurn) -> Plan:
        """Plan; what explores is the policy, before it chooses."""
        return await self.plan(request)

    def heard(self, request: PlanTurn) -> list[str]:
        """Return the buyer's messages that the seller goes by."""
        return buyer_lines(request.transcript)

    def infer(self, request: PlanTurn) -> Inferred:
        """Return what the seller takes the buyer to be."""
        return infer(self.heard(request), request.price_range_cents)

    async def plan(self, request: PlanTurn) -> Plan:
        """Read what was said, weigh the options, draw one."""
        notes = self.memory(request)
        inferred = self.infer(request)
        said = words_of(" ".join(self.heard(request)))
        # What was seen stays known, so that a wrong turn can be taken back.
        known = notes["known"] = notes.get("known", frozenset()) | set(request.categories)
        target, fit = self._target(request, said, sorted(known))
        if target == notes.get("category"):
            target, fit = (), 0.0  # nothing further to look for
        situation = self._situation(request, notes, said, fit, inferred.decision_making_style)
        choice = await self._choice(request, situation)
        option = choice.option
        notes.setdefault("past", []).append(option.action)
        if option.tactic is not None:
            notes.setdefault("tactics", []).append(option.tactic)
        if option.action == "Suggestion":
            notes["items"] = option.items
        if option.action == "Category Search":
            target = searched(option.category_rule, target, request.inferred.category)
            if target or option.category_rule != "nearest":
                notes["category"] = target
        return Plan(
            inferred=msgspec.structs.replace(inferred, category=notes.get("category", ())),
            action=option.action,
            tactic=option.tactic,
            items=option.items,
            discount=option.discount,
            disclosure=option.disclosure,
            category_rule=option.category_rule,
            category=target,
            options=choice.options,
            probabilities=choice.probabilities,
        )

    async def _choice(self, request: PlanTurn, situation: Situation) -> ActionChoice:
        """Draw one of the legal options by the policy, or any of them where it explores."""
        policy = self._weighing(request, situation)
        if self._explore:
            policy = Exploring(policy, self._explore)
        return choose(policy, situation, self.stream(request, f"plan {request.turn}"))

    def _weighing(self, request: PlanTurn, situation: Situation) -> Policy:
        """Return what weighs the options."""
        return self.policy

    def _target(
        self, request: PlanTurn, said: frozenset[str], known: list[CategoryPath]
    ) -> tuple[CategoryPath, float]:
        """The category to look at next, and how much speaks for it."""
        return nearest_category(said, known)

    def _situation(
        self,
        request: PlanTurn,
        notes: dict[str, Any],
        said: frozenset[str],
        fit: float,
        style: Style | None,
    ) -> Situation:
        return Situation(
            options=request.options,
            past=tuple(notes.get("past", ())),
            tactics=tuple(notes.get("tactics", ())),
            words=len(said),
            depth=len(notes.get("category", ())),
            category_fit=fit,
            shown=len(request.shown),
            style=style,
            items=notes.get("items"),
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


_STYLES = ("inferred", "told", "wrong", "random")
_TACTICS = ("by style", "random", *TACTICS)


class CsiSeller(PolicySeller):
    """CSI: reads the buyer, searches where its words lead, persuades by its style.

    Parameters
    ----------
    seat : Seat
        Its options beside ``explore`` take parts of CSI out; see ``docs/csales.md``:

        - ``profile`` (default true): false, and it goes by the buyer's last message alone.
        - ``style`` ("inferred", "told", "wrong" or "random"): whence it has the style it goes by;
          "told" and "wrong" need a market that tells the true one.
        - ``tactic`` ("by style", "random" or the name of a tactic).
        - ``temperature`` (default 0.35, from 0.001 up): how far it goes by chance; with 0.001 it
          takes the option of the highest score.

    Raises
    ------
    BadOption
        If there are other options, or other values.

    Notes
    -----
    Stream used beside ``seller/plan TURN`` and ``seller/speak TURN``: ``seller/style`` once a
    conversation, for a wrong or a random style.
    """

    def _take(self, options: Mapping[str, Any]) -> None:
        self._profile = options.get("profile", True)
        self._style = options.get("style", "inferred")
        tactic = options.get("tactic", "by style")
        temperature = options.get("temperature", TEMPERATURE)
        known = {"profile", "style", "tactic", "temperature"} >= set(options)
        if not known or not isinstance(self._profile, bool):
            raise BadOption(
                self.source,
                "profile (true or false), style, tactic, temperature and explore are all that "
                "is taken",
            )
        self._check("style", self._style, _STYLES)
        self._check("tactic", tactic, _TACTICS)
        if not self._profile and self._style != "inferred":
            raise BadOption(self.source, f"style {self._style!r} needs profile = true")
        self.policy = Csi(self._number("temperature", temperature))
        if tactic != "by style":
            self.policy = WithTactics(self.policy, None if tactic == "random" else tactic)

    def _number(self, name: str, value: object) -> float:
        if isinstance(value, int | float) and value is not True and 0.001 <= value <= 1_000:
            return float(value)
        raise BadOption(self.source, f"{name} = {value!r} is no number from 0.001 to 1,000")

    def _check(self, name: str, value: object, known: Sequence[str]) -> None:
        if value not in known:
            raise BadOption(self.source, f"{name} = {value!r}: choose one of {', '.join(known)}")

    def heard(self, request: PlanTurn) -> list[str]:
        """Return the buyer's messages; without a profile, nothing but the last is kept."""
        lines = super().heard(request)
        return lines if self._profile else lines[-1:]

    def infer(self, request: PlanTurn) -> Inferred:
        """Return what the seller takes the buyer to be, or is told that it is."""
        found = super().infer(request)
        if not self._profile:
            return Inferred(preference=found.preference, price_cents=found.price_cents)
        if self._style == "inferred":
            return found
        return msgspec.structs.replace(found, decision_making_style=self._told(request))

    def _told(self, request: PlanTurn) -> Style:
        if self._style == "random":
            return self.stream(request, "style").pick(STYLES)
        true = request.told_style
        if true is None:
            raise BadOption(self.source, f"style = {self._style!r}: the market did not tell it")
        if self._style == "told":
            return true
        return self.stream(request, "style").pick([style for style in STYLES if style != true])


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
