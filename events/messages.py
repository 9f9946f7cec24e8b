"""What happened: the typed messages that stand in the event log.

Every event is one flat JSON line: ``type, market, episode, seq, t, source`` and then the
event's own fields. The tags are written out so that a class can be renamed without changing a
log. Fields are only ever added, with a default, so old logs always replay.

Events are mutable structs, because the kernel stamps ``market``, ``seq``, ``t`` and ``source``
into them when it delivers them; a frozen struct would have to be copied for that. Nothing else
writes to an event.

Units: ``t`` is market time in integer microseconds, money is integer cents, ``cost_nanousd`` is
in 1e-9 dollars, ratings are whole stars from 1 to 5.
"""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

SCHEMA_VERSION = 2
"""Raised when the meaning of an existing event changes; added fields do not raise it.

1 (version 0.1): `ModelCalled.stage` is the tag of the reply, the probabilities of a choice are
floats that sum to 1, every episode is opened with its seller.
2 (version 0.2): `ModelCalled.stage` is the stage of the request, the probabilities are integers
that sum to 2**32, `EpisodeOpened.seller` may be None until a later event names it.
"""

Audience = Literal["men", "women", "unisex"]
Role = Literal["seller", "buyer"]
DialogueStage = Literal["pre_inquiry", "post_inquiry", "sales"]
ClaimStage = Literal["pitch", "pre_inquiry", "post_inquiry", "sales"]
ClaimVerdict = Literal["unsupported", "contradicted"]
ClaimReader = Literal["model", "rules"]
Outcome = Literal["delivered", "exchanged", "refunded"]
Payer = Literal["buyer", "seller"]
Sentiment = Literal["Positive", "Neutral", "Negative"]
SeatKind = Literal["behavioral", "model", "person", "plug-in", "wire", "policy"]
Aspect = Literal["pitch", "pre_inquiry", "post_inquiry", "product"]

ASPECTS: tuple[Aspect, ...] = ("pitch", "pre_inquiry", "post_inquiry", "product")


class Message(msgspec.Struct, kw_only=True):
    """Anything that travels on the bus, with its envelope.

    Parameters
    ----------
    market : str
        The causally closed world the message belongs to.
    episode : str or None
        The episode it belongs to; None for what concerns the whole market.
    seq : int
        Position among the market's events, from 0 without gaps; -1 for a command.
    t : int
        Market time in microseconds since the scenario's start date.
    source : str
        ``market``, ``seller:ID`` or ``buyer:ID``.
    """

    market: str = ""
    episode: str | None = None
    seq: int = -1
    t: int = 0
    source: str = ""


class Event(Message, kw_only=True):
    """Something that happened: numbered and logged when it is delivered."""

    def without_texts(self) -> Event:
        """Return it as a log without long texts has it.

        A copy where it differs: the market may not have handled the event yet, and agents may
        still look at it.
        """
        return self


class MarketOpened(Event, tag="MarketOpened", kw_only=True):
    """A market began."""


class MarketClosed(Event, tag="MarketClosed", kw_only=True):
    """A market ended; all its episodes are closed or failed."""


class MarketFailed(Event, tag="MarketFailed", kw_only=True):
    """A market ended before it could hold episodes, for instance without a pitch."""

    stage: str
    reason: str


class EpisodeOpened(Event, tag="EpisodeOpened", kw_only=True):
    """One buyer's way through one product with one seller began.

    ``seller`` is None where it is not settled yet; a later event of the protocol names it.
    ``price_cents`` is what the buyer is asked, after multiplier and discount;
    ``list_price_cents`` is the catalogue's price. Personas are trait -> pole, or None.
    ``retries`` names the failed episode that this one repeats. The kinds say what takes either
    seat; logs of version 0.1 do not tell.
    """

    seller: str | None
    buyer: str
    product: str | None
    category: str | None
    title: str | None
    audience: Audience | None
    list_price_cents: int | None
    price_cents: int | None
    price_multiplier: float
    discount: float
    replication: int
    condition: str
    seller_persona: dict[str, str] | None
    buyer_persona: dict[str, str] | None
    seller_gender: str | None
    buyer_gender: str | None
    unit_cost_cents: int | None = None
    retries: str | None = None
    seller_kind: SeatKind | None = None
    buyer_kind: SeatKind | None = None


class EpisodeClosed(Event, tag="EpisodeClosed", kw_only=True):
    """An episode came to its end."""


class EpisodeFailed(Event, tag="EpisodeFailed", kw_only=True):
    """An episode ended without a usable end: it counts as far as it came, and beside."""

    stage: str
    reason: str


class MessageSent(Event, tag="MessageSent", kw_only=True):
    """One turn of a dialogue; turns count exchanges from 1."""

    stage: DialogueStage
    role: Role
    turn: int
    text: str

    def without_texts(self) -> Event:
        """Leave out the text."""
        return msgspec.structs.replace(self, text="")


class DecisionMade(Event, tag="DecisionMade", kw_only=True):
    """The buyer's decision."""

    will_purchase: bool
    quantity: int
    quantity_reason: str = ""
    sentiment: Sentiment = "Neutral"
    reason: str

    def without_texts(self) -> Event:
        """Leave out the reasons."""
        return msgspec.structs.replace(self, reason="", quantity_reason="")


class OrderPlaced(Event, tag="OrderPlaced", kw_only=True):
    """The market accepted an order: goods are ``quantity * unit_price_cents``.

    The rest is what it costs the seller, each amount left out where it is as usual: what one unit
    cost, where the episode's opening does not know the product; what the carrier is paid (left
    out: as much as the buyer pays); the payment's fee; the tax in what the buyer pays.
    """

    order: str
    product: str | None
    quantity: int
    unit_price_cents: int
    shipping_cents: int
    unit_cost_cents: int | UnsetType = UNSET
    carrier_cents: int | UnsetType = UNSET
    payment_fee_cents: int | UnsetType = UNSET
    tax_cents: int | UnsetType = UNSET


class OrderDelivered(Event, tag="OrderDelivered", kw_only=True):
    """The order reached the buyer."""

    order: str


class IssueRaised(Event, tag="IssueRaised", kw_only=True):
    """Something is wrong with the order; may come before delivery."""

    order: str
    issue: str


class IssueResolved(Event, tag="IssueResolved", kw_only=True):
    """How the issue ended; ``delivered`` means the buyer keeps the product as it is.

    ``salvage_cents`` is what exchanged goods that came back are still worth to the seller; it is
    left out where it is 0.
    """

    order: str
    outcome: Outcome
    resolution: str
    reason: str
    salvage_cents: int | UnsetType = UNSET


class RefundIssued(Event, tag="RefundIssued", kw_only=True):
    """Money went back: goods in ``amount_cents``, shipping apart.

    ``salvage_cents`` is what the goods that came back are still worth to the seller, and
    ``tax_refund_cents`` the tax in what was paid back; each is left out where it is 0.
    """

    order: str
    quantity: int
    amount_cents: int
    shipping_refund_cents: int
    return_shipping_cents: int
    return_shipping_payer: Payer
    salvage_cents: int | UnsetType = UNSET
    tax_refund_cents: int | UnsetType = UNSET


class ReviewPosted(Event, tag="ReviewPosted", kw_only=True):
    """One aspect reviewed, 1 to 5 stars; ``would_recommend`` only for the product."""

    aspect: Aspect
    rating: int
    text: str
    would_recommend: bool | None = None

    def without_texts(self) -> Event:
        """Leave out the text."""
        return msgspec.structs.replace(self, text="")


class ClaimFound(Event, tag="ClaimFound", kw_only=True):
    """The market found a claim of the seller that the product sheet does not carry.

    ``stage`` is that of what was said, ``turn`` its exchange (None for a pitch), ``rule`` names the
    rule of the claim reader ("model" where a model read) and ``kind`` what it looks for:
    superlative, endorsement, effect, guarantee, comparison, price, number or fact.
    """

    seller: str
    product: str | None
    stage: ClaimStage
    turn: int | None
    sentence: str
    kind: str
    rule: str
    verdict: ClaimVerdict

    def without_texts(self) -> Event:
        """Leave out the sentence."""
        return msgspec.structs.replace(self, sentence="")


class ClaimsRead(Event, tag="ClaimsRead", kw_only=True):
    """A text of the seller was read by somebody who was asked; found claims follow, if any.

    ``reader`` is the model's table, ``by`` who read in the end: the rules where the model failed,
    and ``problem`` says how. Nothing of the kind is logged where the rules are the reader.
    """

    seller: str
    product: str | None
    stage: ClaimStage
    turn: int | None
    reader: str
    by: ClaimReader
    claims: int
    problem: str | None = None


class CommandRejected(Event, tag="CommandRejected", kw_only=True):
    """The market's rules forbade what an agent commanded; nothing changed."""

    command: str
    reason: str


class OutputRejected(Event, tag="OutputRejected", kw_only=True):
    """An agent's answer could not be read; ``raw`` is what it said."""

    stage: str
    reason: str
    raw: str


LoggedEvent = (
    MarketOpened
    | MarketClosed
    | MarketFailed
    | EpisodeOpened
    | EpisodeClosed
    | EpisodeFailed
    | MessageSent
    | DecisionMade
    | OrderPlaced
    | OrderDelivered
    | IssueRaised
    | IssueResolved
    | RefundIssued
    | ReviewPosted
    | ClaimFound
    | ClaimsRead
    | CommandRejected
    | OutputRejected
)
"""Every event a market's actors deliver, as one tagged union."""


class OutsideRecord(msgspec.Struct, frozen=True, kw_only=True):
    """An answer of the outside world, written to the log before it is used.

    It has no ``seq`` (answers arrive in any order) and no wall-clock field. ``call`` counts the
    calls of this source within this episode, from 0.
    """

    market: str
    episode: str | None
    t: int
    source: str
    call: int


class OutsideAnswered(OutsideRecord, frozen=True, tag="OutsideAnswered", kw_only=True):
    """What an agent's own request to the outside world gave: an answer or an error."""

    key: str
    digest: str
    answer: str | None = None
    error: str | None = None


class AnsweredBy(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who says to have answered; what a provider does not tell is left out.

    Parameters
    ----------
    model : str or None
        The model as the answer names it, often with a date that the request did not have.
    fingerprint : str or None
        The version of the system behind it.
    upstream : str or None
        The provider that a broker passed the request on to.
    """

    model: str | None = None
    fingerprint: str | None = None
    upstream: str | None = None


class ModelCalled(OutsideRecord, frozen=True, tag="ModelCalled", kw_only=True):
    """A language model's answer with what it used; an unknown price is None, never 0.

    ``stage`` is that of the market's request, ``task`` the tag of the reply that was asked for:
    one request may take several calls of different tasks. Lines written before 0.2 have no
    ``task``, and the tag in ``stage`` (see `analysis.projection.call_stages`).

    ``saved`` answers came from the cache that runs share: tokens and cost are what they took when
    they were paid, and nothing was paid now. ``estimated`` says that the provider stated no tokens
    that could be believed, and these are a guess by the lengths of the texts. ``again`` says why
    the same was asked once more: the answer before was ``malformed``, or so ``thin`` that it was
    asked for again once although it could have been used.
    """

    stage: str
    role: str
    model: str
    prompt_version: str
    request_sha256: str
    answer: str
    finish: str
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    reasoning_tokens: int
    cost_nanousd: int | None
    saved: bool = False
    task: str | None = None
    answered_by: AnsweredBy | None = None
    estimated: bool = False
    again: str | None = None


LoggedRecord = OutsideAnswered | ModelCalled
