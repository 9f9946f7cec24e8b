"""A pair of episodes of two runs: both conversations beside each other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from aiohttp import web

from retailsim.analysis.conversation.alignment import StageBeside, aligned
from retailsim.analysis.conversation.conversation import Conversation
from retailsim.analysis.conversation.outcome import outcome
from retailsim.sim.folder.currency import in_currency_of
from retailsim.sim.look.side_by_side import run_names
from retailsim.sim.studio.compare.page import pairs_of
from retailsim.sim.studio.compare.pairs import Asked, Beside, amounts, asked_in, steps
from retailsim.sim.studio.episodes.one_episode import read
from retailsim.sim.studio.site.pages import rendered
from retailsim.sim.studio.site.studio import STUDIO, NotThere


class NoSuchEpisode(NotThere):
    """A run's log has no episode of the name that an address has."""

    def __init__(self, run: str) -> None:
        super().__init__(text=f"The log of {run} has no episode of this name.")


class Number(NamedTuple):
    """One number of both episodes."""

    name: str
    beside: Beside


async def episodes(request: web.Request) -> web.Response:
    """Show two conversations beside each other."""
    studio, asked = request.app[STUDIO], asked_in(request.query)
    runs = studio.run(asked.a), studio.run(asked.b)
    html = await studio.work(_html, request, asked, *runs)
    return web.Response(text=html, content_type="text/html")


def _html(request: web.Request, asked: Asked, first: Path, second: Path) -> str:
    ids, names = (
        (request.query.get("id_a", ""), request.query.get("id_b", "")),
        run_names(first, second),
    )
    with in_currency_of(first, second):
        one, two = _read(first, ids[0], names[0]), _read(second, ids[1], names[1])
        pairs = pairs_of(first, second)
        stages = aligned(one.stages, two.stages)
        return rendered(
            request,
            "compare_episodes.html",
            asked=asked,
            ids=ids,
            names=names,
            shown=(one, two),
            outcomes=(outcome(one), outcome(two)),
            numbers=tuple(_numbers(one, two)),
            stages=stages,
            alike=_alike(stages),
            place=None if pairs is None else steps(pairs, asked, *ids),
            paired=pairs is not None,
            only="only" in request.query,
        )


def _read(run: Path, episode: str, name: str) -> Conversation:
    found = read(run, episode)
    if found is None:
        raise NoSuchEpisode(name)
    return found


def _numbers(one: Conversation, two: Conversation) -> Iterator[Number]:
    """The price, and what came of it; of what neither has nothing is said."""
    first, second = (shown.opened.price_cents if shown.opened else None for shown in (one, two))
    known: tuple[tuple[str, int | None, int | None], ...] = (
        ("Price", first, second),
        ("Net revenue", one.books.net_cents, two.books.net_cents),
        ("Profit", one.books.profit_cents, two.books.profit_cents),
    )
    for name, before, after in known:
        if before is not None and after is not None:
            yield Number(name, amounts(before, after))


def _alike(stages: tuple[StageBeside, ...]) -> int:
    """How many turns are the same in both."""
    return sum(len(stage.pairs) - stage.differs for stage in stages)


ROUTES = (web.get("/compare/episodes", episodes),)
