"""The behavioral buyer: asks, chooses, complains and reviews by its traits, without a model."""

from __future__ import annotations

from agents.base import BuyerAgent, Seat
from agents.behavioral import asking, choice, ratings, telling
from agents.behavioral.draws import uniforms, words
from agents.behavioral.parameters import (
    disposition,
    load_parameters,
    pitch_weights,
    split_options,
)
from agents.behavioral.reading import persuasion, read_pitch
from agents.persona import TRAITS
from events.messages import Sentiment
from market.retail.requests import (
    AskSeller,
    ChooseTopics,
    Complain,
    Decide,
    Request,
    WriteReview,
)
from market.retail.values import Decision, Offer, Pitch, Review, Topics, Transcript

_RATED_FROM = {"pitch": 9, "pre_inquiry": 10, "post_inquiry": 11, "product": 12}


class BehavioralBuyer(BuyerAgent):
    """A buyer that needs no model; see ``docs/behavioral.md``.

    Parameters
    ----------
    seat : Seat
        ``seat.options`` may hold any field of `parameters.Disposition` and ``parameters``, the
        path of a TOML file that is laid over ours.

    Raises
    ------
    BadOption
        Naming the unknown or ill-typed option or parameter.
    """

    trusted = True

    def __init__(self, seat: Seat) -> None:
        super().__init__(seat)
        persona = seat.persona or {}
        poles = tuple(persona[trait] for trait in TRAITS["buyer"] if trait in persona)
        path, options = split_options(self.source, seat.options)
        self._parameters = load_parameters(path, self.source).buyer
        self._who = disposition(self.source, path, poles, options)
        self._weights = pitch_weights(self.source, path, poles)
        self._poles = poles

    async def topics(self, request: ChooseTopics) -> Topics:
        """Choose one or two topics."""
        chosen = asking.choose_topics(self._draws(request), self._who, self._parameters)
        return Topics(topics=chosen, reason=telling.topics_reason(chosen, self._word(request, 0)))

    async def ask(self, request: AskSeller) -> str | None:
        """Ask the next question, or end the dialogue after as many as this buyer wants."""
        draws, turn = self._draws(request), request.turn
        wanted = asking.exchanges(draws, self._who, self._parameters)
        if turn > wanted:
            return None
        thanks = self._parameters.inquiry.thanks
        asked = asking.question(turn, wanted, draws, request.topics, request.offer, thanks)
        word = self._word(request, 1 + (turn - 1) % 5)
        return telling.question_text(asked, turn, request.offer, self._poles, word)

    async def decide(self, request: Decide) -> Decision:
        """Buy if the utility of buying, with its error, exceeds the outside option's."""
        draws, offer, word = self._draws(request), request.offer, self._word(request, 6)
        utility = self._utility(request)
        buys = choice.bought(utility, draws[4], self._parameters)
        count = choice.quantity(offer, draws[5], self._who, self._parameters) if buys else 0
        pushed = read_pitch(request.pitch, offer).push
        reason = telling.decision_reason(
            choice.driver(utility, pushed, buys), buys, offer, self._poles, word
        )
        return Decision(
            will_purchase=buys,
            quantity=count,
            quantity_reason=telling.quantity_reason(count, word),
            sentiment=self._sentiment(buys, utility.total),
            reason=reason,
        )

    async def complain(self, request: Complain) -> str | None:
        """Complain, accept or insist; end the dialogue when satisfied or out of patience."""
        draws, turn, rule = self._draws(request), request.turn, self._parameters.support
        patience = 1 + asking.pick(rule.exchanges, draws[8])
        insists = request.offered is not None and not _satisfied(request)
        if insists:
            patience += rule.push + self._who.patience
        if (turn > min(5, patience) and request.offered is not None) or turn > 5:
            return None
        return telling.complaint_text(request, insists, self._word(request, 7 + (turn - 1) % 5))

    async def review(self, request: WriteReview) -> Review:
        """Rate one aspect from what happened, and say why."""
        aspect, draws = request.aspect, self._draws(request)
        place = _RATED_FROM[aspect]
        noise = self._parameters.ratings.noise * (draws[place] - 0.5)
        rating = ratings.stars(self._rated(request) + noise)
        text = telling.review_text(request, rating, self._poles, self._word(request, place + 3))
        if aspect != "product":
            return Review(rating=rating, text=text)
        settled = rating == 3 and request.outcome == "exchanged" and draws[13] < 0.7
        return Review(rating=rating, text=text, would_recommend=rating > 3 or settled)

    def _utility(self, request: Decide) -> choice.Utility:
        offer, parameters, seed = request.offer, self._parameters, self.seat.seed
        score = self._answer_score(request, request.topics, request.transcript)
        return choice.Utility(
            inclination=self._who.inclination,
            liking=choice.liking(seed, offer.product, self.seat.id, parameters),
            fit=choice.gender_fit(offer.product, self.seat.gender, parameters),
            price=choice.price_utility(seed, offer, self.seat.id, self._who, parameters),
            pitch=self._persuasion(request.pitch, offer),
            answers=self._who.answers * (score - parameters.answers.typical),
        )

    def _persuasion(self, pitch: Pitch, offer: Offer) -> float:
        seen = read_pitch(pitch, offer)
        return self._who.persuasion * persuasion(seen, self._parameters.typical, self._weights)

    def _answer_score(self, request: Request, topics: Topics, transcript: Transcript) -> float:
        draws, thanks = self._draws(request), self._parameters.inquiry.thanks
        wanted = asking.exchanges(draws, self._who, self._parameters)
        asked = [
            asking.question(turn, wanted, draws, topics, request.offer, thanks)
            for turn in range(1, len(transcript) // 2 + 1)
        ]
        return asking.answer_score(transcript, asked, request.offer, self._parameters)

    def _rated(self, request: WriteReview) -> float:
        parameters, who, bought = self._parameters, self._who, request.order is not None
        match request.aspect:
            case "pitch":
                heard = self._persuasion(request.pitch, request.offer)
                hype = read_pitch(request.pitch, request.offer).hype
                return ratings.pitch_rating(parameters, who, heard, hype, bought)
            case "pre_inquiry":
                chosen = asking.choose_topics(self._draws(request), who, parameters)
                topics = Topics(topics=chosen, reason="")
                score = self._answer_score(request, topics, request.inquiry)
                return ratings.inquiry_rating(parameters, who, score, bought)
            case "post_inquiry":
                return ratings.support_rating(parameters, who, request.outcome)
            case _:
                taste = choice.liking(
                    self.seat.seed, request.offer.product, self.seat.id, parameters
                )
                return ratings.product_rating(parameters, who, taste, request.outcome)

    def _sentiment(self, buys: bool, utility: float) -> Sentiment:
        rule = self._parameters.sentiment
        if buys:
            return "Positive" if utility > rule.positive else "Neutral"
        return "Negative" if utility < rule.negative else "Neutral"

    def _draws(self, request: Request) -> tuple[float, ...]:
        return uniforms(self.seat.seed, "buyer/choices", request.unit)

    def _word(self, request: Request, place: int) -> int:
        return words(self.seat.seed, "buyer/wording", request.unit)[place]


def _satisfied(request: Complain) -> bool:
    """Whether the last offer settles the matter for the buyer."""
    offered = request.offered
    return offered is not None and (
        offered.outcome != "delivered" or request.issue == "shipping delay"
    )
