"""The products that a conversation is about, and the terms they are sold on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from retailsim.analysis.conversation.conversation import Conversation
from retailsim.market.catalogue.product import Product
from retailsim.market.core.return_policy import ReturnPolicy
from retailsim.sim.errors import NotARunFolder
from retailsim.sim.folder.run_folder import RunFolder
from retailsim.sim.scenario.scenario import Scenario

MOST = 20
"""Products of one conversation that are shown."""


class ProductOffer(msgspec.Struct, frozen=True, kw_only=True):
    """A product and its terms.

    Parameters
    ----------
    shipping_cents : int
        The fee of one order.
    returns : ReturnPolicy
    """

    product: Product
    shipping_cents: int
    returns: ReturnPolicy


def offers(folder: RunFolder, shown: Conversation) -> tuple[ProductOffer, ...]:
    """Return what a conversation is about, the product that was bought or opened first.

    What the run's inputs do not hold any more is left out; of a bare log, nothing is known.
    """
    try:
        scenario = folder.read().scenario
    except NotARunFolder:
        return ()
    wanted = list(dict.fromkeys(_named(shown)))[:MOST]
    found = {one.id: one for one in _sheets(folder, frozenset(wanted))}
    return tuple(_offer(found[name], scenario) for name in wanted if name in found)


def named(
    shown: Conversation, found: Sequence[ProductOffer]
) -> Mapping[int, tuple[tuple[int, str], ...]]:
    """Return the products that events name by their ids alone, by the events' ``seq``.

    Parameters
    ----------
    found : sequence of ProductOffer
        In the order of the page.

    Returns
    -------
    mapping of int to tuples of (int, str)
        For each, its place among `found`, from 1, and its title; none where all of it is of the
        product that the episode was opened with.
    """
    if shown.opened is not None and shown.opened.product is not None:
        return {}
    titles = {one.product.id: (at, one.product.title) for at, one in enumerate(found, 1)}
    names = {event.seq: dict.fromkeys(_products(event.fields)) for event in shown.events}
    return {
        seq: tuple(titles[name] for name in some if name in titles)
        for seq, some in names.items()
        if any(name in titles for name in some)
    }


def _offer(product: Product, scenario: Scenario) -> ProductOffer:
    return ProductOffer(
        product=product,
        shipping_cents=scenario.shipping.fee_cents(product.price_cents),
        returns=scenario.policy.returns(product.category),
    )


def _named(shown: Conversation) -> Iterator[str]:
    """Yield the products that events name, the ones of orders and openings first."""
    for kind in ("OrderPlaced", "EpisodeOpened"):
        yield from _products(shown.last(kind) or {})
    for event in shown.events:
        yield from _products(event.fields)


def _products(event: Mapping[str, Any]) -> Iterator[str]:
    for name in ("product", "candidate"):
        if isinstance(value := event.get(name), str):
            yield value
    several: Any = event.get("products")
    if isinstance(several, list):
        yield from (one for one in several if isinstance(one, str))


def _sheets(folder: RunFolder, wanted: frozenset[str]) -> Iterator[Product]:
    """Yield the sheets of products, from the run's own copy of them."""
    missing = set(wanted)
    written = [msgspec.json.encode(one) for one in wanted]
    for line in _lines(folder):
        if not missing:
            return
        if not any(one in line for one in written):  # a catalogue may have a million sheets
            continue
        try:
            product = _sheet(line)
        except msgspec.DecodeError:
            continue
        if product.id in missing:
            missing.discard(product.id)
            yield product


def _lines(folder: RunFolder) -> Iterable[bytes]:
    try:
        with (folder.inputs / "products.jsonl").open("rb") as lines:
            yield from lines
    except OSError:
        return


_sheet = msgspec.json.Decoder(Product).decode
