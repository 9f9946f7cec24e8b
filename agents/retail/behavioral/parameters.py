"""The parameters of the behavioral agents, decoded from one documented file.

``agents/data/behavioral.toml`` and ``behavioral-field.toml`` hold every number with its source; a
user's file is laid over one of these sets; a seat's persona and options then give what one agent
goes by: a `Disposition` for a buyer, a `Manner` for a seller.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from math import prod
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from retailsim.agents.errors import BadOption
from retailsim.agents.parameter_files import ParameterTable, Share, Spread
from retailsim.agents.retail.behavioral.levels import Level
from retailsim.agents.retail.behavioral.parameter_sets import parameter_tables
from retailsim.agents.retail.behavioral.parameter_tables import Quantity, RatingParameters, Wallet
from retailsim.events.messages import Audience
from retailsim.market.catalogue.product import Category
from retailsim.market.core.issues import Issue

BuyerPoleName = Literal["picky", "easygoing", "sensitive", "indifferent", "rational", "emotional"]
SellerPoleName = Literal["assertive", "passive", "friendly", "reserved", "rational", "emotional"]


class ChoiceParameters(ParameterTable, frozen=True, kw_only=True):
    """The utility of buying; see the file for each number."""

    intercept: float
    outside: float
    appeal_sd: Spread
    taste_sd: Spread
    rating_weight: float
    rating_typical: float
    reservation: float
    reservation_sd: Spread
    price: float
    price_sd: Spread
    deal: float
    deal_most: Annotated[float, Meta(ge=0.0, lt=1.0)]
    shipping: float


class GenderFit(ParameterTable, frozen=True, kw_only=True):
    """Utility for a buyer of either gender."""

    male: float
    female: float


class PitchScale(ParameterTable, frozen=True, kw_only=True):
    """One number for each thing that a pitch's text shows: weights, factors or scores."""

    facts: float
    logic: float
    emotion: float
    warmth: float
    push: float
    hedge: float
    hype: float
    dimensions: float
    terms: float
    length: float


class Answers(ParameterTable, frozen=True, kw_only=True):
    """How an answer is scored and what the score is worth."""

    weight: float
    typical: float
    on_topic: float
    substance: float
    clear: float
    polite: float
    unasked: float


class Inquiry(ParameterTable, frozen=True, kw_only=True):
    """What is asked, and how long."""

    topics: tuple[float, float, float, float]
    two_topics: float
    exchanges: tuple[float, float, float, float, float]
    thanks: float


class Sentiment(ParameterTable, frozen=True, kw_only=True):
    """From which utility on a buyer is positive, and below which negative."""

    positive: float
    negative: float


class SupportLength(ParameterTable, frozen=True, kw_only=True):
    """How long a buyer stays in the support dialogue."""

    exchanges: tuple[float, float, float, float, float]
    push: int


class BuyerPole(ParameterTable, frozen=True, kw_only=True):
    """What one pole of a buyer's trait changes: ``shift`` and what is added, else factors."""

    shift: float = 0.0
    exchanges: float = 0.0
    patience: int = 0
    rating: float = 0.0
    price: float = 1.0
    deal: float = 1.0
    quantity: float = 1.0
    bargaining: float = 1.0
    answers: float = 1.0
    facts: float = 1.0
    logic: float = 1.0
    emotion: float = 1.0
    warmth: float = 1.0
    push: float = 1.0
    hedge: float = 1.0
    hype: float = 1.0
    dimensions: float = 1.0
    terms: float = 1.0
    length: float = 1.0


class BuyerParameters(ParameterTable, frozen=True, kw_only=True):
    """The tables under ``[buyer]``."""

    choice: ChoiceParameters
    wallet: Wallet
    gender_fit: Mapping[Audience, GenderFit]
    pitch: PitchScale
    typical: PitchScale
    answers: Answers
    inquiry: Inquiry
    sentiment: Sentiment
    quantity: Quantity
    support: SupportLength
    ratings: RatingParameters
    poles: Mapping[BuyerPoleName, BuyerPole]


class SellerPole(ParameterTable, frozen=True, kw_only=True):
    """What one pole of a seller's trait adds."""

    overclaim: float = 0.0
    answers: float = 0.0
    concession: float = 0.0
    at_once: float = 0.0
    replacement: float = 0.0


class SellerParameters(ParameterTable, frozen=True, kw_only=True):
    """The tables under ``[seller]``."""

    overclaim: float
    answers: float
    concession: float
    at_once: float
    replacement: float
    poles: Mapping[SellerPoleName, SellerPole]
    settlements: Mapping[Issue | Literal["other"], tuple[float, float, float]]


class IssueDefaults(ParameterTable, frozen=True, kw_only=True):
    """What goes wrong with orders where these agents trade and the scenario does not say."""

    rate: Mapping[Category, Share]


class Parameters(ParameterTable, frozen=True, kw_only=True):
    """The whole file."""

    issues: IssueDefaults
    seller: SellerParameters
    buyer: BuyerParameters


class Manner(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one seller goes by: probabilities in [0, 1]; these are a seller's options.

    Parameters
    ----------
    overclaim : float
        Chance of each of four claims in the pitch that the sheet does not carry.
    answers : float
        Share of questions answered from the sheet rather than evaded.
    concession : float
        Chance to give in when a buyer insists.
    at_once : float
        Share of cases settled in the first reply.
    replacement : float
        Share of the refunds it means to give that it makes an exchange instead.
    """

    overclaim: float
    answers: float
    concession: float
    at_once: float
    replacement: float


class Disposition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one buyer goes by; these are a buyer's options.

    Parameters
    ----------
    inclination : float
        Utility of buying before anything else, in units of the error's scale.
    price, deal : float
        Slopes on ln(price), and extra on ln(list price / price) below list.
    wallet : float
        Factor on what this buyer would spend.
    persuasion : float
        Factor on everything the pitch does.
    answers : float
        Utility per unit of answer score.
    exchanges : float
        Added to the exchanges before buying.
    patience : int
        Added to the exchanges of support.
    rating : float
        Stars added to every rating.
    quantity : float
        Factor on the odds of taking more than one.
    bargaining : float
        Factor on how often price and shipping are asked about.
    money_back : float
        Chance to insist where goods are offered in exchange; the seller may give in and refund.
    levels : mapping of category to Level
        What an anchor changes: see ``[anchor]`` of a scenario.
    """

    inclination: float
    price: float
    deal: float
    wallet: Annotated[float, Meta(gt=0.0)]
    persuasion: float
    answers: float
    exchanges: float
    patience: int
    rating: float
    quantity: float
    bargaining: float
    money_back: float = 0.0
    levels: Mapping[Category, Level] = {}


@lru_cache(maxsize=64)
def load_parameters(path: str | None, agent: str = "behavioral") -> Parameters:
    """Return a named set of parameters, or the user's file at `path` laid over one.

    Raises
    ------
    BadOption
        Where the file cannot be read, is no TOML, or holds an unknown or ill-typed key.
    """
    try:
        return msgspec.convert(parameter_tables(path, agent), Parameters)
    except msgspec.ValidationError as error:
        raise BadOption(agent, f"parameters {path}: {error}") from None


@lru_cache(maxsize=256)
def manner(agent: str, path: str | None, poles: tuple[str, ...], options: str) -> Manner:
    """Return what a seller with these poles and `options` (JSON) goes by."""
    seller = load_parameters(path, agent).seller
    changes = [change for pole, change in seller.poles.items() if pole in poles]
    base = {
        name: _unit(getattr(seller, name) + sum(getattr(change, name) for change in changes))
        for name in Manner.__struct_fields__
    }
    chosen: Manner = _with_options(agent, Manner, base, options)
    for name in Manner.__struct_fields__:
        if not 0.0 <= getattr(chosen, name) <= 1.0:
            raise BadOption(agent, f"{name} = {getattr(chosen, name)} must be in [0, 1]")
    return chosen


def _unit(value: float) -> float:
    return min(1.0, max(0.0, value))


@lru_cache(maxsize=256)
def disposition(agent: str, path: str | None, poles: tuple[str, ...], options: str) -> Disposition:
    """Return what a buyer with these poles and `options` (JSON) goes by."""
    buyer = load_parameters(path, agent).buyer
    changes = _changes(buyer, poles)
    choice = buyer.choice
    base = {
        "inclination": choice.intercept + sum(change.shift for change in changes),
        "price": choice.price * prod(change.price for change in changes),
        "deal": choice.deal * prod(change.deal for change in changes),
        "wallet": 1.0,
        "persuasion": 1.0,
        "answers": buyer.answers.weight * prod(change.answers for change in changes),
        "exchanges": sum(change.exchanges for change in changes),
        "patience": sum(change.patience for change in changes),
        "rating": sum(change.rating for change in changes),
        "quantity": prod(change.quantity for change in changes),
        "bargaining": prod(change.bargaining for change in changes),
    }
    chosen: Disposition = _with_options(agent, Disposition, base, options)
    return chosen


@lru_cache(maxsize=256)
def pitch_weights(agent: str, path: str | None, poles: tuple[str, ...]) -> PitchScale:
    """Return the pitch weights of a buyer with these poles."""
    buyer = load_parameters(path, agent).buyer
    changes = _changes(buyer, poles)
    return PitchScale(
        **{
            name: getattr(buyer.pitch, name) * prod(getattr(change, name) for change in changes)
            for name in PitchScale.__struct_fields__
        }
    )


def _changes(buyer: BuyerParameters, poles: tuple[str, ...]) -> list[BuyerPole]:
    return [change for pole, change in buyer.poles.items() if pole in poles]


def _with_options(agent: str, kind: type[Any], base: Mapping[str, Any], options: str) -> Any:
    try:
        return msgspec.convert({**base, **msgspec.json.decode(options)}, kind)
    except msgspec.ValidationError as error:
        allowed = ", ".join((*kind.__struct_fields__, "parameters"))
        raise BadOption(agent, f"{error}; allowed: {allowed}") from None


def at_level(who: Disposition, level: Level) -> Disposition:
    """Return what a buyer goes by at a level."""
    return msgspec.structs.replace(
        who,
        inclination=who.inclination + level.inclination,
        price=who.price * level.price,
        deal=who.deal * level.price,
    )
