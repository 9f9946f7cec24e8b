"""The behavioral buyer: asks, chooses, complains and reviews by its traits, without a model."""

from __future__ import annotations

from retailsim.agents.base import Seat
from retailsim.agents.persona import TRAITS
from retailsim.agents.retail.base import BuyerAgent
from retailsim.agents.retail.behavioral import buyer_words, choice, ratings
from retailsim.agents.retail.behavioral.draws import word
from retailsim.agents.retail.behavioral.levels import Level
from retailsim.agents.retail.behavioral.makeup import makeup
from retailsim.agents.retail.behavioral.parameter_sets import split_options
from retailsim.agents.retail.behavioral.parameters import Disposition, PitchScale, at_level
from retailsim.agents.retail.behavioral.questions import LONGEST, Course
from retailsim.agents.retail.behavioral.terms import terms_of
from retailsim.agents.retail.behavioral.text_features import persuasion, read_pitch
from retailsim.events.messages import Sentiment
from retailsim.market.protocols.retail.requests import (
    AskSeller,
    ChooseTopics,
    Complain,
    Decide,
    Request,
    WriteReview,
)
from retailsim.market.protocols.retail.values import Decision, Offer, Review, Topics

KEPT_COURSES = 256
"""How many episodes a buyer keeps in mind; a forgotten one is derived again, to the same."""

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
        self._parameters, self._who, self._by_category, self._weights, self._habits = makeup(
            self.source, path, poles, options
        )
        self._poles = poles
        self._courses: dict[str, Course] = {}

    async def topics(self, request: ChooseTopics) -> Topics:
        """Choose one or two topics."""
        course = self._course(request)
        return Topics(
            topics=course.topics,
            reason=buyer_words.topics_reason(course.topics, word(course.bits, 0)),
        )

    async def ask(self, request: AskSeller) -> str | None:
        """Ask the next question, or end the dialogue after as many as this buyer wants."""
        course, turn = self._course(request), request.turn
        if turn > course.wanted:
            return None
        sheet = terms_of(request.offer).sheet
        asked = course.questions(request.topics.topics, sheet)[turn - 1]
        wording = word(course.bits, 1 + (turn - 1) % 5)
        return buyer_words.question_text(asked, turn, sheet.name, self._poles, wording)

    async def decide(self, request: Decide) -> Decision:
        """Buy if the utility of buying, with its error, exceeds the outside option's."""
        course, offer = self._course(request), request.offer
        draws, wording = course.draws, word(course.bits, 6)
        utility = self._utility(request, course)
        buys = choice.bought(utility, draws[4], self._parameters)
        count = self._quantity(offer, draws[5], utility.price) if buys else 0
        driver = choice.driver(utility, read_pitch(request.pitch, offer).push, buys)
        return Decision(
            will_purchase=buys,
            quantity=count,
            quantity_reason=buyer_words.quantity_reason(count, wording),
            sentiment=self._sentiment(buys, utility.total),
            reason=buyer_words.decision_reason(driver, buys, terms_of(offer), self._poles, wording),
        )

    async def complain(self, request: Complain) -> str | None:
        """Complain, accept or insist; end the dialogue when satisfied or out of patience."""
        course, turn = self._course(request), request.turn
        proposed = request.proposed
        wants_money = course.draws[15] < self._who.money_back
        insists = proposed is not None and not _satisfied(request, wants_money)
        patience = course.patience
        if insists:
            patience += self._parameters.support.push + self._who.patience
        if (turn > patience and proposed is not None) or turn > LONGEST:
            return None
        wording = word(course.bits, 7 + (turn - 1) % 5)
        return buyer_words.complaint_text(request, insists, wording)

    async def review(self, request: WriteReview) -> Review:
        """Rate one aspect from what happened, and say why."""
        aspect, course = request.aspect, self._course(request)
        place = _RATED_FROM[aspect]
        rating = self._stars(request, course, course.draws[place])
        text = buyer_words.review_text(request, rating, self._poles, word(course.bits, place + 3))
        if aspect != "product":
            return Review(rating=rating, text=text)
        share = self._parameters.ratings.recommends_exchanged
        made_good = rating == 3 and request.outcome == "exchanged" and course.draws[13] < share
        return Review(rating=rating, text=text, would_recommend=rating > 3 or made_good)

    def _utility(self, request: Decide, course: Course) -> choice.Utility:
        offer, parameters = request.offer, self._parameters
        score = course.score(request.topics.topics, request.transcript, terms_of(offer).sheet)
        return choice.Utility(
            self._who_for(offer).inclination,
            self._liking(request),
            choice.gender_fit(offer.product, self.seat.gender, parameters),
            self._price_utility(offer),
            self._persuasion(read_pitch(request.pitch, offer)),
            self._who.answers * (score - parameters.answers.typical),
        )

    def _quantity(self, offer: Offer, draw: float, price: float) -> int:
        return choice.quantity(offer, draw, price, self._who, self._parameters)

    def _who_for(self, offer: Offer) -> Disposition:
        """What this buyer goes by where the category has a level of its own."""
        return self._by_category.get(offer.product.category, self._who)

    def _who_at(self, offer: Offer, slope: float) -> Disposition:
        """What it would go by with a factor on its price slopes."""
        who = self._who_for(offer)
        return who if slope == 1.0 else at_level(who, Level(price=slope))

    def _price_utility(self, offer: Offer, slope: float = 1.0) -> float:
        """Return what the price does, with a factor on the slopes."""
        who = self._who_at(offer, slope)
        dearness = self.seat.wallet.get(offer.product.category, 1.0)
        seed, parameters = self.seat.seed, self._parameters
        return choice.price_utility(seed, offer, self.seat.key, who, parameters, dearness)

    def _persuasion(self, seen: PitchScale) -> float:
        return self._who.persuasion * persuasion(seen, self._parameters.typical, self._weights)

    def _stars(self, request: WriteReview, course: Course, draw: float) -> int:
        scale = self._parameters.ratings
        if request.aspect == "product" and request.outcome is None and scale.product_stars:
            shift = ratings.product_shift(self._parameters, self._who, self._liking(request))
            return ratings.drawn_stars(scale.product_stars, draw, shift)
        return ratings.stars(self._rated(request, course) + scale.noise * (draw - 0.5))

    def _liking(self, request: Request) -> float:
        seat, product = self.seat, request.offer.product
        return choice.liking(seat.seed, product, seat.key, self._parameters)

    def _rated(self, request: WriteReview, course: Course) -> float:
        parameters, who, offer = self._parameters, self._who, request.offer
        bought = request.order is not None
        match request.aspect:
            case "pitch":
                seen = read_pitch(request.pitch, offer)
                heard = self._persuasion(seen)
                return ratings.pitch_rating(parameters, who, heard, seen, bought)
            case "pre_inquiry":
                score = course.score(course.topics, request.inquiry, terms_of(offer).sheet)
                return ratings.inquiry_rating(parameters, who, score, bought)
            case "post_inquiry":
                return ratings.support_rating(parameters, who, request.outcome)
            case _:
                taste = self._liking(request)
                return ratings.product_rating(parameters, who, taste, request.outcome)

    def _sentiment(self, buys: bool, utility: float) -> Sentiment:
        rule = self._parameters.sentiment
        if buys:
            return "Positive" if utility > rule.positive else "Neutral"
        return "Negative" if utility < rule.negative else "Neutral"

    def _course(self, request: Request) -> Course:
        course = self._courses.get(request.unit)
        if course is not None:
            return course
        if len(self._courses) >= KEPT_COURSES:
            for old in list(self._courses)[: KEPT_COURSES // 2]:
                del self._courses[old]
        course = Course(self.seat.seed, request.unit, self._habits)
        self._courses[request.unit] = course
        return course


def _satisfied(request: Complain, wants_money: bool) -> bool:
    """Whether the last proposal settles the matter for the buyer."""
    proposed = request.proposed
    if proposed is not None and proposed.outcome == "exchanged" and wants_money:
        return False
    return proposed is not None and (
        proposed.outcome != "delivered" or request.issue == "shipping delay"
    )
