"""The organiser's page: how far raters are, whether they agree, what they found wrong."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Mapping
from statistics import median

import msgspec
from aiohttp import web

from retailsim.analysis.annotation.answers import Ratings as Filled
from retailsim.analysis.annotation.answers import read_ratings
from retailsim.analysis.annotation.scores import Scores, score
from retailsim.analysis.annotation.self_agreement import SelfAgreement, self_agreement
from retailsim.analysis.annotation.tasks import TASKS
from retailsim.analysis.statistics.values import Interval, Test
from retailsim.sim.rate_page.handlers import rendered
from retailsim.sim.rate_page.ratings import RATINGS, Ratings
from retailsim.sim.studio.site.guard import came_to
from retailsim.sim.studio.site.studio import STUDIO

NAME = web.AppKey("name", str)
"""By which raters reach this machine."""
PROGRAM = web.AppKey("program", str)
LEAST = 2
"""Of raters, before there is anything to agree on."""


class RaterRow(msgspec.Struct, frozen=True, kw_only=True):
    """A rater on the page; `same` counts items that were rated the same both times."""

    name: str
    link: str
    rated: int
    total: int
    twice: int
    same: str
    seconds: str
    flagged: int


class AgreementRow(msgspec.Struct, frozen=True, kw_only=True):
    """How raters agree on a task."""

    title: str
    items: int
    alpha: str
    interval: str
    note: str


class FlaggedRow(msgspec.Struct, frozen=True, kw_only=True):
    """An item that raters flagged."""

    id: str
    title: str
    product: str
    raters: int


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """What the page shows.

    Parameters
    ----------
    agreement : tuple of AgreementRow
        Empty until two raters have rated something.
    problem : str
        What is wrong with the export, if something is.
    """

    raters: tuple[RaterRow, ...]
    agreement: tuple[AgreementRow, ...]
    flagged: tuple[FlaggedRow, ...]
    problem: str


async def page(request: web.Request) -> web.Response:
    """Show how the ratings stand."""
    ratings = request.app[RATINGS]
    served_at = f"http://{request.app[NAME]}:{came_to(request)[1]}"
    seen = await request.app[STUDIO].work(overview, ratings, served_at)
    html = rendered(
        "organiser.html",
        root="./",
        ratings=ratings,
        seen=seen,
        program=request.app[PROGRAM],
        place=shlex.quote(str(ratings.place)),
    )
    return web.Response(text=html, content_type="text/html")


def overview(ratings: Ratings, served_at: str) -> Overview:
    """Return what the organiser sees, read from the files as `annotate score` reads them.

    Parameters
    ----------
    served_at : str
        How raters' links begin, such as ``http://192.168.1.7:8785``.
    """
    filled = [read_ratings(desk.journal.path, ratings.key).ratings for desk in ratings.desks]
    twice = {one.rater: one for one in self_agreement(filled)}
    changed = ratings.changed()
    agreement: tuple[AgreementRow, ...] = ()
    if changed is None and sum(bool(one.values) for one in filled) >= LEAST:
        agreement = _agreement(score(ratings.key, filled))
    return Overview(
        raters=tuple(_rows(ratings, filled, twice, served_at)),
        agreement=agreement,
        flagged=_flagged(ratings, filled),
        problem="" if changed is None else str(changed),
    )


def _rows(
    ratings: Ratings, filled: list[Filled], twice: Mapping[str, SelfAgreement], served_at: str
) -> list[RaterRow]:
    rows = []
    for number, (desk, said) in enumerate(zip(ratings.desks, filled, strict=True), 1):
        self_ = twice.get(said.rater)
        share = None if self_ is None else self_.same.value
        token = ratings.links.raters[number - 1].token
        rows.append(
            RaterRow(
                name=desk.name,
                link=f"{served_at}/rate/{number}/?token={token}",
                rated=desk.rated,
                total=desk.total,
                twice=0 if self_ is None else self_.items,
                same="" if share is None else f"{share:.0%}",
                seconds=_seconds(said),
                flagged=len(said.flagged),
            )
        )
    return rows


def _seconds(said: Filled) -> str:
    if not said.seconds:
        return ""
    middle = median(said.seconds.values())
    return f"{middle:.1f}" if middle < 10.0 else f"{middle:,.0f}"


def _agreement(scores: Scores) -> tuple[AgreementRow, ...]:
    found = [(one.task, one.alpha) for one in scores.tasks]
    found += [(one.trait, one.alpha) for one in scores.traits]
    return tuple(_agreed(TASKS[task].title, alpha) for task, alpha in found)


def _agreed(title: str, alpha: Test) -> AgreementRow:
    return AgreementRow(
        title=title,
        items=alpha.n,
        alpha="" if alpha.estimate is None else f"{alpha.estimate:.3f}",
        interval=_ends(alpha.interval),
        note=alpha.note,
    )


def _ends(interval: Interval | None) -> str:
    return "" if interval is None else f"{interval.low:.2f} to {interval.high:.2f}"


def _flagged(ratings: Ratings, filled: list[Filled]) -> tuple[FlaggedRow, ...]:
    counts = Counter(item for one in filled for item in one.flagged)
    return tuple(
        FlaggedRow(
            id=item.id,
            title=TASKS[item.task].title if item.task in TASKS else item.task,
            product=item.product,
            raters=counts[item.id],
        )
        for item in ratings.sheet.items
        if item.id in counts
    )


ROUTES = (web.get("/", page),)
