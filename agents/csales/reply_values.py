"""What a market would reject, in a conversation's reply that it lets in: the values in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from retailsim.market.protocols.csales.requests import RespondToSeller, SpeakTurn
from retailsim.market.protocols.csales.spec import MOST_SHOWN
from retailsim.market.protocols.csales.values import Line, Response


def bad_values(request: Any, value: Any) -> Iterator[str]:
    """Yield what is wrong with the values of an answer that was admitted."""
    match value:
        case Line():
            yield from _showing(request, value)
        case Response():
            yield from _response(request, value)


def _showing(request: SpeakTurn, line: Line) -> Iterator[str]:
    known = {product.id for product in request.items}
    for id_ in line.items:
        if id_ not in known:
            yield f"shows {id_!r}: take ids from request.items"
    most = 1 if request.selected is not None else MOST_SHOWN
    if len(line.items) > most:
        yield f"shows {len(line.items)} items: at most {most} at once"


def _response(request: RespondToSeller, response: Response) -> Iterator[str]:
    if response.select is not None:
        yield from _selecting(request, response.select)
    if response.buy is not None:
        yield from _buying(request, response.buy)
    deeds = {"select": response.select, "buy": response.buy, "leave": response.leave}
    done = [name for name, deed in deeds.items() if deed is not None]
    if len(done) > 1:
        yield f"does {' and '.join(done)} at once: set one of select, buy and leave"


def _selecting(request: RespondToSeller, id_: str) -> Iterator[str]:
    if id_ not in {product.id for product in request.shown}:
        yield f"selects {id_!r}, which was never shown: take ids from request.shown"
    if request.selected is not None:
        yield f"selects {id_!r}, but {request.selected.id} is selected already: buy, or leave"


def _buying(request: RespondToSeller, id_: str) -> Iterator[str]:
    items = (request.selected, request.candidate)
    if not request.may_buy:
        yield f"buys {id_!r} too early: wait for request.may_buy"
    elif id_ not in {product.id for product in items if product is not None}:
        yield f"buys {id_!r}: request.selected and request.candidate are for sale"
