"""The published trajectories as they stand in their file: one JSON object of products.

What names, prices or dates things has to be there and of the right type, or the file is refused
with the place. What an agent said is kept raw here, because an answer that cannot be read is a
result, not an error: see `sim.protocols.retail.published.published_episode`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import UNSET, Meta, Raw, UnsetType

from retailsim.events.messages import Outcome, Role, Sentiment
from retailsim.events.whole_file import read_bounded
from retailsim.market.catalogue.product import Category
from retailsim.market.core.failure_reason import legible
from retailsim.sim.errors import SimError

Name = Annotated[str, Meta(min_length=1, max_length=80, pattern=r"\A[^\x00-\x1f]+\Z")]
"""A model's name; it becomes the id of a seat, which has no slash (`seat_id`)."""
Text = Annotated[str, Meta(min_length=1)]
Dollars = Annotated[float, Meta(ge=0.01, le=1e7)]
Units = Annotated[int, Meta(ge=1, le=1_000_000)]


_ADVICE = "import takes published trajectories; products of your own go to launch --catalog FILE"


def seat_id(name: str) -> str:
    """Return the seat's id of a model, as ``--sellers`` makes it of PROVIDER/MODEL."""
    return name.replace("/", ":")


class BadTrajectories(SimError):
    """A file is not one of published trajectories; says where in it."""

    def __init__(self, path: Path, place: str, problem: str) -> None:
        where = f"{path}: {place}" if place else str(path)
        super().__init__(legible(f"{where}: {problem}"))


class Findings:
    """What is odd about a file: kind -> how often, and where first."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._first: dict[str, str] = {}

    def note(self, kind: str, place: str) -> None:
        """Count one more of `kind`."""
        self._counts[kind] += 1
        self._first.setdefault(kind, place)

    def lines(self) -> Iterator[str]:
        """One line per kind, in the order in which they were first met."""
        for kind, first in self._first.items():
            yield f"{self._counts[kind]} x {kind} (first: {first})"


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """An object of the file; a key that it does not know is reported."""


class PublishedTurn(Part, frozen=True, kw_only=True):
    """One message of a dialogue."""

    role: Role
    content: str


class SaidDecision(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A decision with exactly the keys and types that buyers were asked for."""

    will_purchase: bool
    quantity: Annotated[int, Meta(ge=0, le=1_000_000)]
    quantity_reason: str
    sentiment: Sentiment
    reason: str

    def __post_init__(self) -> None:
        """Refuse a purchase of nothing, and units of no purchase."""
        if self.will_purchase != (self.quantity > 0):
            raise ValueError(f"will_purchase is {self.will_purchase} and quantity {self.quantity}")


class SaidOutcome(Part, frozen=True, kw_only=True):
    """How support ended."""

    outcome: Outcome
    resolution_type: str
    reason: str


class SaidReview(Part, frozen=True, kw_only=True):
    """A review; some of the published ones have their text under ``review``."""

    rating: Annotated[int, Meta(ge=1, le=5)]
    review_text: str | UnsetType = UNSET
    review: str | UnsetType = UNSET
    would_recommend: bool | None = None

    def __post_init__(self) -> None:
        """Refuse stars without a word."""
        if self.review_text is UNSET and self.review is UNSET:
            raise ValueError("Object missing required field `review_text`")

    @property
    def text(self) -> str:
        """The text, under whichever key it stands."""
        return self.review_text or self.review or ""


class SourceOrder(Part, frozen=True, kw_only=True):
    """The published market's record of an order; what is not used repeats what is known."""

    order_id: Text
    product_price: Dollars
    quantity: Units
    order_date: date
    expected_delivery_date: date | None = None
    actual_delivery_date: date | None = None
    post_inquiry_type: str = ""
    product_id: Any = None
    product_title: Any = None
    order_status: Any = None
    seller_model: Any = None
    buyer_model: Any = None
    broadcast_id: Any = None
    broadcast_date: Any = None


RawPart = Raw | UnsetType


class BuyerLog(Part, frozen=True, kw_only=True):
    """One buyer's way: who met whom, and the rest as raw JSON text."""

    seller_model: Name
    buyer_model: Name
    broadcast_id: RawPart = UNSET
    broadcast_date: RawPart = UNSET
    pre_inquiry_categories: RawPart = UNSET
    topic_selection_reason: RawPart = UNSET
    pre_purchase_inquiry: RawPart = UNSET
    pre_purchase_history: RawPart = UNSET
    purchase_decision: RawPart = UNSET
    order: RawPart = UNSET
    post_purchase_inquiry: RawPart = UNSET
    post_purchase_history: RawPart = UNSET
    post_cs_outcome: RawPart = UNSET
    updated_order: RawPart = UNSET
    reviews: RawPart = UNSET
    scenario: RawPart = UNSET

    def __post_init__(self) -> None:
        """Turn names into ids of seats."""
        for field in ("seller_model", "buyer_model"):
            msgspec.structs.force_setattr(self, field, seat_id(getattr(self, field)))


class Broadcast(Part, frozen=True, kw_only=True):
    """One seller's pitch for one product."""

    broadcast_date: date
    seller_strategy: str = ""
    script: str = ""
    broadcast_id: Any = None
    broadcast_datetime: Any = None
    seller_model: Any = None
    product_id: Any = None


class SourceProduct(Part, frozen=True, kw_only=True):
    """One product with all that happened to it."""

    product_id: Text
    product_title: Text
    product_category: Category
    discount_rate: Annotated[float, Meta(ge=0.0, lt=1.0)]
    discount_price: Dollars
    post_inquiry_type: str = ""
    broadcasts: dict[Name, Raw]
    buyer_logs: tuple[Raw, ...]
    elasticity_category: Any = None
    summary: Any = None

    def __post_init__(self) -> None:
        """Turn names into ids of seats; two that would be one are refused."""
        named = {seat_id(name): raw for name, raw in self.broadcasts.items()}
        if len(named) < len(self.broadcasts):
            raise ValueError("two sellers differ only in / and :")
        msgspec.structs.force_setattr(self, "broadcasts", named)


class SourceFile(Part, frozen=True, kw_only=True):
    """The whole file."""

    products: Annotated[tuple[Raw, ...], Meta(min_length=1)]
    simulation_timestamp: Any = None
    task: Any = None
    design: Any = None
    config: Any = None


class PublishedEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A product of the file, read as far as it has to be right.

    ``logs`` are (place in the file, log).
    """

    place: str
    product: SourceProduct
    broadcasts: dict[str, Broadcast]
    logs: tuple[tuple[str, BuyerLog], ...]


P = TypeVar("P", bound=Part)
Kind = type[P]

MOST_BYTES = 1 << 30
"""Of a file of trajectories, which is held whole: the published ones have some ten megabytes."""


def read_trajectories(path: Path, findings: Findings) -> tuple[bytes, tuple[PublishedEntry, ...]]:
    """Read a file of published trajectories; returns its bytes, too.

    Raises
    ------
    BadTrajectories
        If there is none, it is not JSON, or it is JSON of something else.
    """
    try:
        data = read_bounded(path, MOST_BYTES)
        data.decode()  # what stays raw is not checked by the parser
    except OSError as error:
        raise BadTrajectories(path, "", error.strerror or str(error)) from None
    except UnicodeDecodeError as error:
        raise BadTrajectories(path, f"byte {error.start}", f"not UTF-8; {_ADVICE}") from None
    reader = _Reader(path, findings)
    source = reader.read(data, SourceFile, "")
    entries = tuple(
        reader.entry(raw, f"products[{number}]") for number, raw in enumerate(source.products)
    )
    _check_distinct(path, entries)
    return data, entries


class _Reader:
    def __init__(self, path: Path, findings: Findings) -> None:
        self._path = path
        self._findings = findings

    def entry(self, raw: Raw, place: str) -> PublishedEntry:
        product = self.read(raw, SourceProduct, place)
        return PublishedEntry(
            place=place,
            product=product,
            broadcasts={
                seller: self.read(part, Broadcast, f"{place}.broadcasts[{seller!r}]")
                for seller, part in product.broadcasts.items()
            },
            logs=tuple(
                (where, self.read(part, BuyerLog, where))
                for number, part in enumerate(product.buyer_logs)
                for where in [f"{place}.buyer_logs[{number}]"]
            ),
        )

    def read(self, data: bytes | Raw, kind: Kind[P], place: str) -> P:
        try:
            part = msgspec.json.decode(data, type=kind)
            for key in unknown_keys(data, kind):
                self._findings.note(f"unknown key {legible(key)!r}, not imported", place)
        except msgspec.ValidationError as error:
            advice = f"; {_ADVICE}" if place in ("", "products[0]") else ""
            raise BadTrajectories(self._path, place, f"{_problem(error)}{advice}") from None
        except (msgspec.DecodeError, RecursionError) as error:
            raise BadTrajectories(self._path, place, f"not JSON: {error}; {_ADVICE}") from None
        return part


def unknown_keys(data: bytes | RawPart, kind: type[Part]) -> list[str]:
    """Return the keys of a JSON object that `kind` would pass over, sorted."""
    if isinstance(data, UnsetType):
        return []
    keys = msgspec.json.decode(data, type=dict[str, Raw]).keys()
    return sorted(keys - set(kind.__struct_fields__))


def _problem(error: msgspec.ValidationError) -> str:
    """Say it with the path inside the part, if there is any, in front."""
    problem, _, where = str(error).partition(" - at ")
    inside = where.strip("`").removeprefix("$").removeprefix(".")
    return f"{inside}: {problem}" if inside else problem


def _check_distinct(path: Path, entries: tuple[PublishedEntry, ...]) -> None:
    first: dict[str, str] = {}
    for entry in entries:
        id_, place = entry.product.product_id, entry.place
        if id_ in first:
            problem = f"product_id {id_!r} is also that of {first[id_]}: give each its own"
            raise BadTrajectories(path, place, problem)
        first[id_] = place


Stage = Literal[
    "topics", "pre_inquiry", "decision", "order", "post_inquiry", "settlement", "review"
]
"""Where an imported episode can fail; ``pitch`` fails its market."""
