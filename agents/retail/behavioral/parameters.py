"""The parameters of the behavioral agents, decoded from one documented file.

``agents/data/behavioral.toml`` holds every number with its source; a user's file is laid over
it; a seat's persona and options then give what one agent goes by: a `Disposition` for a buyer, a
`Manner` for a seller.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from math import prod
from pathlib import Path
from typing import Any, Literal

import msgspec

from retailsim.agents.errors import BadOption
from retailsim.events.messages import Audience
from retailsim.market.core.issues import Issue

BuyerPoleName = Literal["picky", "easygoing", "sensitive", "indifferent", "rational", "emotional"]
SellerPoleName = Literal["assertive", "passive", "friendly", "reserved", "rational", "emotional"]


class ParameterTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One table of the file: all keys needed, none unknown."""


class ChoiceParameters(ParameterTable, frozen=True, kw_only=True):
    """The utility of buying; see the file for each number."""

    intercept: float
    outside: float
    appeal_sd: float
    taste_sd: float
    rating_weight: float
    rating_typical: float
    reservation: float
    reservation_sd: float
    price: float
    deal: float
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


class Quantity(ParameterTable, frozen=True, kw_only=True):
    """When a buyer takes more than one."""

    base: float
    consumable: float
    cheap: float
    cheap_cents: int
    many: int


class SupportLength(ParameterTable, frozen=True, kw_only=True):
    """How long a buyer stays in the support dialogue."""

    exchanges: tuple[float, float, float, float, float]
    push: int


class RatingParameters(ParameterTable, frozen=True, kw_only=True):
    """Mean ratings and what moves them, in stars."""

    noise: float
    pitch: float
    pitch_nonbuyer: float
    pitch_slope: float
    pitch_hype: float
    pitch_warmth: float
    pre_inquiry: float
    pre_inquiry_nonbuyer: float
    answers_slope: float
    settled_exchanged: float
    settled_refunded: float
    settled_delivered: float
    settled_none: float
    product_exchanged: float
    product_refunded: float
    product_delivered: float
    product_none: float
    product_slope: float
    post_persona: float
    recommends_exchanged: float


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


class Parameters(ParameterTable, frozen=True, kw_only=True):
    """The whole file."""

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
        Slopes on ln(reservation price / price), and extra on ln(list price / price) below list.
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
        Factor on the chance to take more than one.
    bargaining : float
        Factor on how often price and shipping are asked about.
    """

    inclination: float
    price: float
    deal: float
    persuasion: float
    answers: float
    exchanges: float
    patience: int
    rating: float
    quantity: float
    bargaining: float


@lru_cache(maxsize=64)
def load_parameters(path: str | None, agent: str = "behavioral") -> Parameters:
    """Return the parameters, with the user's file at `path` laid over ours.

    Raises
    ------
    BadOption
        Where the file cannot be read, is no TOML, or holds an unknown or ill-typed key.
    """
    ours = tomllib.loads((files("retailsim.agents.data") / "behavioral.toml").read_text("utf-8"))
    theirs = _read(path, agent) if path is not None else {}
    try:
        return msgspec.convert(_laid_over(ours, theirs), Parameters)
    except msgspec.ValidationError as error:
        raise BadOption(agent, f"parameters {path}: {error}") from None


def _read(path: str, agent: str) -> dict[str, Any]:
    try:
        return tomllib.loads(Path(path).read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadOption(agent, f"parameters {path}: {error}") from None


def _laid_over(ours: dict[str, Any], theirs: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(ours)
    for key, value in theirs.items():
        nested = isinstance(value, Mapping) and isinstance(merged.get(key), dict)
        merged[key] = _laid_over(merged[key], value) if nested else value
    return merged


def split_options(agent: str, options: Mapping[str, Any]) -> tuple[str | None, str]:
    """Return the ``parameters`` path among `options`, and the rest as a key for a cache."""
    rest = dict(options)
    path = rest.pop("parameters", None)
    if path is not None and not isinstance(path, str):
        raise BadOption(agent, f"parameters = {path!r} must be the path of a TOML file")
    try:
        return path, msgspec.json.encode(rest, order="sorted").decode()
    except TypeError as error:
        raise BadOption(agent, str(error)) from None


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
