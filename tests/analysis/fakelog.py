"""Writes valid run folders for tests of what reads them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from retailsim.events.log.seal import write_seal
from retailsim.events.log.writer import LogWriter
from retailsim.events.messages import (
    SCHEMA_VERSION,
    EpisodeClosed,
    EpisodeOpened,
    Event,
    MarketClosed,
    MarketOpened,
    Message,
    OrderPlaced,
    OutsideRecord,
    RefundIssued,
    ReviewPosted,
)

Line = Message | OutsideRecord | dict[str, Any]

_encode = msgspec.json.Encoder().encode


def opened(seller: str | None = "s", buyer: str = "b", **fields: Any) -> EpisodeOpened:
    """An episode's opening with everyday values; `fields` replace or add."""
    everyday: dict[str, Any] = {
        "product": "p",
        "category": "Food",
        "title": "Rye bread",
        "audience": None,
        "list_price_cents": 1000,
        "price_cents": 1000,
        "price_multiplier": 1.0,
        "discount": 0.0,
        "replication": 0,
        "condition": "",
        "seller_persona": None,
        "buyer_persona": None,
        "seller_gender": None,
        "buyer_gender": None,
    }
    return EpisodeOpened(seller=seller, buyer=buyer, **(everyday | fields))


def order(quantity: int = 1, price: int = 1000, shipping: int = 0) -> OrderPlaced:
    """An order for goods of `quantity` times `price` cents."""
    return OrderPlaced(
        order="o", product="p", quantity=quantity, unit_price_cents=price, shipping_cents=shipping
    )


def refund(quantity: int = 1, amount: int = 1000) -> RefundIssued:
    """A refund of `amount` cents for goods."""
    return RefundIssued(
        order="o", quantity=quantity, amount_cents=amount, shipping_refund_cents=0,
        return_shipping_cents=0, return_shipping_payer="buyer",
    )  # fmt: skip


def review(aspect: Any, rating: int, recommend: bool | None = None) -> ReviewPosted:
    """A review without words."""
    return ReviewPosted(aspect=aspect, rating=rating, text="", would_recommend=recommend)


def episode(name: str, *events: Event) -> list[Event]:
    """The events of one episode, with its name in each and its end if they do not say one."""
    for event in events:
        event.episode = name
    return list(events)


def closed(name: str, *events: Event) -> list[Event]:
    """As `episode`, ending well."""
    return episode(name, *events, EpisodeClosed())


def market(name: str, *parts: Iterable[Event], end: Event | None = None) -> list[Event]:
    """One market's events, stamped: opened, the parts one after another, its end."""
    events: list[Event] = [MarketOpened(), *(event for part in parts for event in part)]
    events.append(MarketClosed() if end is None else end)
    return stamp(name, events)


def stamp(name: str, events: Sequence[Event]) -> list[Event]:
    """Number events as their market would."""
    for seq, event in enumerate(events):
        event.market, event.seq, event.t, event.source = name, seq, 1_000 * seq, "market"
    return list(events)


def encode(line: Line) -> bytes:
    """One log line."""
    return _encode(line) + b"\n"


def write_run(
    run: Path,
    *shards: Sequence[Line],
    seal: bool = True,
    batch: int = 7,
    segment_bytes: int = 1 << 20,
    compress: bool = False,
    protocol: str | None = None,
    name: str | None = None,
) -> Path:
    """Write a run folder whose log holds `shards`, each a sequence of lines in order.

    Parameters
    ----------
    run : Path
        Made, with ``events/`` in it.
    shards : sequences of messages, records or plain dicts
        At least one; one without lines has a writer that wrote nothing.
    seal : bool
        Whether the run is finished.
    batch : int
        Lines appended at once.
    segment_bytes : int
        Size that ends a segment.
    compress : bool
        Whether closed segments are compressed.
    protocol : str or None
        What ``run.toml`` says was played; None: there is no such file.
    name : str or None
        The id of the run that the log says it is of; None: the folder's name.
    """
    events = run / "events"
    events.mkdir(parents=True, exist_ok=True)
    if protocol is not None:
        (run / "run.toml").write_text(f'[scenario.design]\nprotocol = "{protocol}"\n')
    for shard, lines in enumerate(shards):
        with LogWriter(
            events,
            run=name or run.name,
            shard=shard,
            schema=SCHEMA_VERSION,
            compress=compress,
            segment_bytes=segment_bytes,
            batch_bytes=1,
        ) as writer:
            for start in range(0, len(lines), batch):
                encoded = [encode(line) for line in lines[start : start + batch]]
                writer.append(b"".join(encoded), len(encoded))
    if seal:
        write_seal(events)
    return run
