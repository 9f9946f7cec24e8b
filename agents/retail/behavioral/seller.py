"""The behavioral seller: claims, answers and settles by its traits, without a model."""

from __future__ import annotations

from functools import lru_cache

from retailsim.agents.base import Seat
from retailsim.agents.persona import TRAITS
from retailsim.agents.retail.base import SellerAgent
from retailsim.agents.retail.behavioral import voice as say
from retailsim.agents.retail.behavioral.answer_writer import AnswerWriter
from retailsim.agents.retail.behavioral.concession import (
    Leanings,
    proposed_before,
    proposes_now,
    settled,
)
from retailsim.agents.retail.behavioral.draws import coarse, kept_bits, word
from retailsim.agents.retail.behavioral.parameter_sets import split_options
from retailsim.agents.retail.behavioral.parameters import load_parameters, manner
from retailsim.agents.retail.behavioral.pitch import plan, strategy_text, write_pitch
from retailsim.agents.retail.behavioral.support import support_text
from retailsim.agents.retail.behavioral.terms import terms_of
from retailsim.market.protocols.retail.requests import (
    AnswerBuyer,
    FormStrategy,
    GiveSupport,
    PresentPitch,
    Request,
    SettleIssue,
)
from retailsim.market.protocols.retail.values import Pitch, Settlement, Strategy, Support


@lru_cache(maxsize=256)
def _voice(poles: tuple[tuple[str, str], ...]) -> say.Voice:
    return say.voice_of(dict(poles))


class BehavioralSeller(SellerAgent):
    """A seller that needs no model; see ``docs/behavioral.md``.

    Parameters
    ----------
    seat : Seat
        ``seat.options`` may hold any field of `parameters.Manner` and ``parameters``, the path
        of a TOML file that is laid over ours.

    Raises
    ------
    BadOption
        Naming the unknown or ill-typed option or parameter.
    """

    trusted = True

    def __init__(self, seat: Seat) -> None:
        super().__init__(seat)
        persona = seat.persona or {}
        poles = tuple(persona[trait] for trait in TRAITS["seller"] if trait in persona)
        path, options = split_options(self.source, seat.options)
        self._parameters = load_parameters(path, self.source).seller
        self._manner = manner(self.source, path, poles, options)
        self._voice = _voice(tuple(sorted(persona.items())))
        self._answer_writer = AnswerWriter(self._voice)

    async def strategy(self, request: FormStrategy) -> Strategy:
        """Plan the pitch along the dimensions asked for."""
        terms = terms_of(request.offer)
        chosen = plan(terms.sheet, self.stream(request, "plan"))
        whole = strategy_text(request.offer, terms, chosen)
        return Strategy(**{name: getattr(whole, name) for name in request.dimensions})

    async def pitch(self, request: PresentPitch) -> Pitch:
        """Write the pitch from the sheet, the strategy and the seller's voice."""
        terms = terms_of(request.offer)
        return write_pitch(
            request.offer,
            terms,
            plan(terms.sheet, self.stream(request, "plan")),
            request.strategy,
            self._voice,
            self._manner,
            self.stream(request, "pitch"),
        )

    async def answer(self, request: AnswerBuyer) -> str:
        """Answer from the sheet and the terms, or evade where the manner is so."""
        turn = request.turn
        draw = coarse(kept_bits(self.seat.seed, "seller/choices", request.unit), 3 + turn % 5)
        question = request.transcript[-1].text if request.transcript else ""
        informed = draw < self._manner.answers
        return self._answer_writer.text(
            question, terms_of(request.offer), informed, self._word(request, turn)
        )

    async def support(self, request: GiveSupport) -> Support:
        """Answer the complaint; propose a settlement in the first or second reply."""
        leanings, manner = self._leanings(request), self._manner
        proposal, again = None, False
        if proposes_now(request, manner, leanings):
            proposal = settled(request, self._parameters, manner, leanings)
            again = proposed_before(request, self._parameters, manner, leanings)
        wording = self._word(request, request.turn + 7)
        return Support(
            text=support_text(self._voice, request, proposal, again, wording), proposal=proposal
        )

    async def settle(self, request: SettleIssue) -> Settlement:
        """State the settlement that stands."""
        return settled(request, self._parameters, self._manner, self._leanings(request))

    def _leanings(self, request: Request) -> Leanings:
        block = kept_bits(self.seat.seed, "seller/choices", request.unit)
        return Leanings(coarse(block, 0), coarse(block, 1), coarse(block, 2))

    def _word(self, request: Request, place: int) -> int:
        return word(kept_bits(self.seat.seed, "seller/wording", request.unit), place % 16)
