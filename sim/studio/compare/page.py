"""Two runs beside each other: the verdict first, then the pairs of episodes that changed most."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
from aiohttp import web
from markupsafe import Markup

from retailsim.analysis.exhibits.parts import Figure, Report
from retailsim.analysis.measures.changed_pairs import READS, changed_pairs
from retailsim.analysis.projection.loader import load
from retailsim.analysis.report.page import drawn
from retailsim.events.errors import RetailSimError
from retailsim.events.log.seal import fingerprint
from retailsim.sim.error_line import line_and_status
from retailsim.sim.folder.currency import in_currency_of
from retailsim.sim.look.compare_page import content
from retailsim.sim.look.side_by_side import own_of, share_draws, side_by_side, streams_of
from retailsim.sim.studio.compare.pairs import Asked, asked_in, pairs_shown
from retailsim.sim.studio.site.pages import rendered
from retailsim.sim.studio.site.runs import run_folders
from retailsim.sim.studio.site.studio import STUDIO, Studio


class Compared(NamedTuple):
    """What is kept of a comparison: what stands on its page, drawn."""

    report: Report
    figures: Mapping[str, Markup]
    names: tuple[str, str]

    def draw(self, figure: Figure) -> Markup:
        """Return a figure of the page."""
        return self.figures[figure.name]


async def compare(request: web.Request) -> web.Response:
    """Show what changed from one run to another, or ask which two."""
    studio = request.app[STUDIO]
    status, html = await studio.work(_answer, request, studio)
    return web.Response(status=status, text=html, content_type="text/html")


def _answer(request: web.Request, studio: Studio) -> tuple[int, str]:
    asked = asked_in(request.query)
    if not (asked.a and asked.b):
        return 200, _choice(request, studio, asked)
    first, second = studio.run(asked.a), studio.run(asked.b)
    try:
        with in_currency_of(first, second):
            return 200, _page(request, asked, first, second)
    except RetailSimError as error:
        return 409, _choice(request, studio, asked, line_and_status(error)[0])


def _choice(request: web.Request, studio: Studio, asked: Asked, why: str = "") -> str:
    """Ask for two runs; say why these two cannot be compared, if they cannot."""
    keys = tuple(run_folders(studio.root))
    return rendered(request, "compare_choice.html", asked=asked, runs=keys, why=why)


def _page(request: web.Request, asked: Asked, first: Path, second: Path) -> str:
    found = compared(first, second)
    some = pairs_of(first, second)
    pairs = None if some is None else pairs_shown(some, asked, found.names)
    values: dict[str, Any] = {"report": found.report, "drawing": found.draw, "names": found.names}
    return rendered(request, "compare.html", asked=asked, pairs=pairs, **values)


def compared(first: Path, second: Path) -> Compared:
    """Compare two runs, or return what is kept of that as long as neither changes.

    Amounts are written in the currency that holds while it is called.
    """
    return _compared(first, second, (mark(first), mark(second)))


@lru_cache(maxsize=2)
def _compared(first: Path, second: Path, marks: tuple[object, object]) -> Compared:
    found = side_by_side(first, second)
    report = content(found, own_of(first, second))
    figures = (figure for section in report.sections for figure in section.figures)
    return Compared(report, {one.name: drawn(one) for one in figures}, found.names)


def pairs_of(first: Path, second: Path) -> pl.DataFrame | None:
    """Return the pairs of two runs, or what is kept of them; None where they share no draws."""
    return _pairs(first, second, (mark(first), mark(second)))


@lru_cache(maxsize=2)
def _pairs(first: Path, second: Path, marks: tuple[object, object]) -> pl.DataFrame | None:
    if not share_draws(first, second):
        return None
    one, two = (load(run, READS) for run in (first, second))
    found = changed_pairs(one, two, streams_of(first, second))
    return found if found.height else None


def mark(run: Path) -> object:
    """What changes whenever a run does."""
    try:
        return fingerprint(run / "events"), (run / "run.toml").stat().st_mtime_ns
    except OSError:
        return object()


ROUTES = (web.get("/compare", compare),)
