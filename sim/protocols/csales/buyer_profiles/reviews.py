"""Reading reviews: Amazon Reviews '23 rows, grouped by who wrote them."""

from __future__ import annotations

import gzip
import html
import re
import zlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from retailsim.market.catalogue.product import Product
from retailsim.market.protocols.csales.profile_file import ProfileId
from retailsim.sim.errors import BadScenario

MOST = 20
"""Reviews of one buyer that are used: the newest."""


class SourceReview(msgspec.Struct, frozen=True, kw_only=True):
    """One row, as far as it is used."""

    user_id: ProfileId
    parent_asin: str
    rating: float
    title: str = ""
    text: str = ""
    timestamp: int = 0


class Buyer(msgspec.Struct, frozen=True, kw_only=True):
    """One buyer's reviews of products that are in the catalogue, the oldest first."""

    id: str
    reviews: tuple[tuple[SourceReview, Product], ...]


def read_buyers(path: Path, products: Mapping[str, Product], least: int) -> tuple[list[Buyer], int]:
    """Return the buyers with at least `least` reviews of known products, and the rows left out.

    Rows that are no reviews, whose writer's name no profile can have, or of products that the
    catalogue does not have, are left out and counted.

    Raises
    ------
    BadScenario
        If the file cannot be read, or nobody in it has so many.
    """
    by_user: dict[str, list[tuple[SourceReview, Product]]] = defaultdict(list)
    dropped = 0
    decode = msgspec.json.Decoder(SourceReview).decode
    for line in _lines(path):
        try:
            review = decode(line)
        except (ValueError, RecursionError):  # no JSON, no review, no UTF-8, or nested without end
            dropped += 1
            continue
        review = msgspec.structs.replace(
            review, title=_plain(review.title), text=_plain(review.text)
        )
        product = products.get(review.parent_asin)
        if product is None:
            dropped += 1
        else:
            by_user[review.user_id].append((review, product))
    found = [
        Buyer(id=user, reviews=tuple(sorted(rows, key=lambda row: row[0].timestamp)[-MOST:]))
        for user, rows in sorted(by_user.items())
        if len(rows) >= least
    ]
    if not found:
        problem = f"nobody has {least} reviews of known products ({dropped:,} rows left out)"
        raise BadScenario(str(path), problem)
    return found, dropped


_MARKUP = re.compile(r"<[^<>]{1,200}>|\[\[\w+:[^\[\]]*\]\]")
"""Tags and links to pictures and videos: nobody says them."""


def _plain(text: str) -> str:
    """Return a text without its markup, in one line."""
    return " ".join(html.unescape(_MARKUP.sub(" ", text)).split())


def _lines(path: Path) -> Iterator[bytes]:
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as lines:
            yield from (line for line in lines if line.strip())
    except (OSError, EOFError, zlib.error) as error:
        problem = getattr(error, "strerror", None) or error
        raise BadScenario(str(path), f"cannot be read: {problem}") from None
