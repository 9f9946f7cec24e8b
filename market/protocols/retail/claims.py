"""What a seller claims of an offer that its sheet and terms do not carry."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import msgspec

from retailsim.events.kernel import Post
from retailsim.events.messages import ClaimFound, ClaimsRead, ClaimStage
from retailsim.market.claims.reader import Claim, read, sentences
from retailsim.market.claims.reading import READER, ReadClaims, ReportReading, claims_of
from retailsim.market.claims.rules import NOBODY, ClaimRules
from retailsim.market.claims.sheet import Sheet
from retailsim.market.protocols.retail.values import Offer, Pitch


def sheet_of(offer: Offer) -> Sheet:
    """Return what may be said of an offer: the product's sheet, its prices and its terms.

    Offers that are the same have one sheet, so that what was read before is known.
    """
    product, policy = offer.product, offer.policy
    texts = (
        product.title,
        product.brand or "",
        product.audience or "",
        *product.path,
        *product.features,
        product.description,
        *(f"{name}: {value}" for name, value in product.details.items()),
        policy.condition,
    )
    prices = (offer.price_cents, offer.list_price_cents, offer.shipping_cents)
    return _sheet(
        " | ".join(texts), prices, policy.window_days, offer.delivery_days, offer.discount
    )


@lru_cache(maxsize=512)
def _sheet(
    text: str,
    prices: tuple[int, int, int],
    return_days: int,
    delivery_days: tuple[int, int],
    discount: float,
) -> Sheet:
    asked, listed, fee = prices
    return Sheet(
        text,
        money_cents=(asked, listed, fee, asked + fee, listed - asked),
        return_days=return_days,
        delivery_days=delivery_days,
        discount=discount,
        free_shipping=fee == 0,
    )


class ReadText(NamedTuple):
    """A text of the seller that is to be read."""

    text: str
    stage: ClaimStage = "pitch"
    turn: int | None = None
    episode: str | None = None


class ClaimReading:
    """Reads what is said of one offer; nothing where the run has no reader.

    Parameters
    ----------
    offer : Offer
    seller : str
        The seat's id.
    rules : ClaimRules
        Who reads.
    """

    __slots__ = ("_product", "_rules", "_seller", "_sheet", "model")

    def __init__(self, offer: Offer, seller: str, rules: ClaimRules) -> None:
        self.model = rules.model
        self._product = offer.product.id
        self._seller = seller
        self._rules = rules
        self._sheet = sheet_of(offer)

    def of(self, text: str) -> tuple[Claim, ...]:
        """Return the claims of a text that the sheet does not carry, by the rules."""
        return read(text, self._sheet) if self._rules.reader != NOBODY else ()

    def ask(self, what: ReadText, unit: str) -> Post:
        """Return the request to the model that reads; it takes no market time."""
        request = ReadClaims(
            episode=what.episode,
            unit=unit,
            sheet=self._sheet.described(),
            sentences=tuple(dict.fromkeys(sentences(what.text))),
        )
        return Post(request, f"{READER}{self.model}")

    def told(self, what: ReadText, report: ReportReading) -> tuple[tuple[Claim, ...], ClaimsRead]:
        """Return the claims that count of a text after the model's report, and who read it."""
        failed = report.problem is not None
        claims = self.of(what.text) if failed else claims_of(report)
        event = ClaimsRead(
            episode=what.episode,
            seller=self._seller,
            product=self._product,
            stage=what.stage,
            turn=what.turn,
            reader=self.model or "",
            by="rules" if failed else "model",
            claims=len(claims),
            problem=report.problem,
        )
        return claims, event

    def events(self, claims: Sequence[Claim], what: ReadText) -> list[ClaimFound]:
        """Return what the log says of the claims of a text."""
        return [
            ClaimFound(
                episode=what.episode,
                seller=self._seller,
                product=self._product,
                stage=what.stage,
                turn=what.turn,
                sentence=claim.sentence,
                kind=claim.kind,
                rule=claim.rule,
                verdict=claim.verdict,
            )
            for claim in claims
        ]


def with_found(pitch: Pitch, claims: Sequence[Claim]) -> Pitch:
    """Return a pitch whose unsupported claims are the seller's own report and what was found.

    A sentence that holds a claim which the seller reports itself is that claim.
    """
    own = pitch.unsupported
    found = tuple(
        claim.sentence for claim in claims if not any(told in claim.sentence for told in own)
    )
    if not found:
        return pitch
    return msgspec.structs.replace(
        pitch, claims=(*pitch.claims, *found), unsupported=(*own, *found)
    )
