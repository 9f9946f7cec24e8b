"""Sellers that choose by name: the policy in a file, or whoever plays an environment."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path

from retailsim.agents.base import Seat
from retailsim.agents.errors import BadOption
from retailsim.agents.policy.errors import NotAllowed
from retailsim.agents.policy.exploring import explored_share, mixed
from retailsim.agents.policy.linear import read_policy
from retailsim.agents.policy.outside import decode_chosen, nobody, take_adaptive
from retailsim.agents.retail.base import SellerAgent
from retailsim.agents.retail.behavioral.pitch import PitchPlan, strategy_text
from retailsim.agents.retail.behavioral.terms import terms_of
from retailsim.agents.retail.policy import carrying_out
from retailsim.agents.retail.policy.actions import OPTION_NAMES, Decision
from retailsim.agents.retail.policy.features import TABLE, features
from retailsim.agents.retail.policy.legal import legal, mask
from retailsim.agents.retail.policy.view import SellerView, stage_of
from retailsim.market.core.propensities import draw, propensities
from retailsim.market.protocols.retail.requests import (
    AnswerBuyer,
    FormStrategy,
    GiveSupport,
    PresentPitch,
    SettleIssue,
)
from retailsim.market.protocols.retail.values import (
    Answer,
    Choice,
    Pitch,
    Settlement,
    Strategy,
    Support,
)

_VIEW, _PITCHED = "view", "pitched"


class OptionSeller(SellerAgent):
    """Chooses one of the legal options where there is something to choose, and carries it out."""

    @abstractmethod
    async def choose(self, request: Decision, view: SellerView) -> Choice:
        """Choose, with everything in the view that the seller is told up to this request."""

    async def strategy(self, request: FormStrategy) -> Strategy:
        """Plan along the dimensions asked for; what is chosen is how it is spoken."""
        terms, draws = terms_of(request.offer), self.stream(request, "plan")
        chosen = PitchPlan(draws.integer(0, 2), tuple(draws.sample(terms.sheet.facts, 1)))
        whole = strategy_text(request.offer, terms, chosen)
        return Strategy(**{name: getattr(whole, name) for name in request.dimensions})

    async def pitch(self, request: PresentPitch) -> Pitch:
        """Choose a style, and speak in it."""
        choice = await self._chosen(request)
        self.memory(request)[_PITCHED] = choice.option
        return carrying_out.pitch(self, request, choice)

    async def answer(self, request: AnswerBuyer) -> Answer:
        """Choose a manner, and answer in it."""
        return carrying_out.answer(self, request, await self._chosen(request))

    async def support(self, request: GiveSupport) -> Support:
        """Choose whether to ask or what to propose, and say so."""
        before = list(self._view(request).proposals)
        choice = await self._chosen(request)
        return carrying_out.support(self, request, choice, again=choice.option in before)

    async def settle(self, request: SettleIssue) -> Settlement:
        """Choose how the issue is settled where support came to no proposal."""
        return carrying_out.settlement(request, await self._chosen(request))

    async def _chosen(self, request: Decision) -> Choice:
        view = self._view(request)
        view.asked(request)
        choice = await self.choose(request, view)
        view.chose(choice.option)
        return choice

    def _view(self, request: Decision) -> SellerView:
        """Return the view of the request's episode; each begins with the pitch that all heard."""
        notes = self.memory(request)
        if _VIEW not in notes:
            notes[_VIEW] = view = SellerView(request.offer)
            pitched = self._memory.get(None, {}).get(_PITCHED)
            if pitched is not None:
                view.chose(pitched)
        found: SellerView = notes[_VIEW]
        return found


class LearntSeller(OptionSeller):
    """Goes by the policy in ``options.file``.

    Parameters
    ----------
    seat : Seat
        Its options are ``file``, the path of a policy, and ``explore`` (0 to 1, default 0): how
        often any legal option is chosen instead, all equally likely; the propensities in the log
        are those of the mixture.

    Raises
    ------
    BadOption, BadPolicy
        If there are others, or the file holds no policy for this seat.

    Notes
    -----
    Streams used beside those of the behavioral seller's wording: ``seller/option`` by stage and
    turn.
    """

    trusted = True

    def __init__(self, seat: Seat) -> None:
        super().__init__(seat)
        options = dict(seat.options)
        self._explore = explored_share(self.source, options.pop("explore", 0))
        file = options.get("file")
        if set(options) != {"file"} or not isinstance(file, str):
            raise BadOption(self.source, "file, the path of a policy, is needed; explore goes, too")
        self._policy = read_policy(Path(file), TABLE)

    async def choose(self, request: Decision, view: SellerView) -> Choice:
        """Take the policy's option, or any legal one where it explores."""
        stage, options = stage_of(request), legal(request)
        best = OPTION_NAMES[self._policy.choose(features(view, stage), mask(request))]
        weights: Sequence[float] = [float(name == best) for name in options]
        if self._explore:
            weights = mixed(propensities(weights), self._explore)
        counts = propensities(weights)
        number = draw(counts, self.stream(request, f"option {stage} {view.turn}"))
        return Choice(option=options[number], options=options, probabilities=counts)


class OutsideSeller(OptionSeller):
    """Says what is chosen from outside, by an environment that a policy is learnt in.

    Parameters
    ----------
    seat : Seat
        Takes the option ``adaptive``, see `agents.policy.outside.take_adaptive`.

    Raises
    ------
    BadOption
        If there are others.
    """

    waits = True
    trusted = False

    def __init__(self, seat: Seat) -> None:
        super().__init__(seat)
        take_adaptive(self.source, seat.options)

    async def choose(self, request: Decision, view: SellerView) -> Choice:
        """Ask outside; the recorded answer is the choice when it is played again."""
        key = f"option {stage_of(request)} {view.turn}"
        chosen, options = decode_chosen(await self.outside(request, key, nobody)), legal(request)
        if chosen.option not in options:
            raise NotAllowed(chosen.option, options)
        return Choice(option=chosen.option, options=options, probabilities=chosen.probabilities)
