"""Conversations that are not over yet: what models answered in markets that are still open."""

from __future__ import annotations

from pathlib import Path

import msgspec
import polars as pl
from aiohttp import web

from retailsim.analysis.projection.loader import load
from retailsim.market.core.money import nanodollars
from retailsim.sim.studio.site.pages import rendered
from retailsim.sim.studio.site.studio import STUDIO

MOST = 1_000
"""Rows of the page."""


class UnfinishedConversation(msgspec.Struct, frozen=True, kw_only=True):
    """Answers that are recorded while their market is open.

    Parameters
    ----------
    market : str
    episode : str or None
        None: for all episodes of the market, such as its pitch.
    calls, tokens : int
        Tokens in and out together.
    cost_nanousd : int
        Of what has a price.
    """

    market: str
    episode: str | None
    calls: int
    tokens: int
    cost_nanousd: int


def open_conversations(run: Path) -> list[UnfinishedConversation]:
    """Return what was answered in the markets of a run that have no end in the log.

    Raises
    ------
    RetailSimError
        What is wrong with the log, as `analysis.projection.loader.load`.
    """
    projection = load(run, ("episode", "market"))
    over = projection.markets.filter(pl.col("status") != "open")["market"]
    still = projection.episode_calls.filter(~pl.col("market").is_in(over.implode()))
    rows = (
        still.group_by("market", "episode")
        .agg(
            pl.col("calls").sum(),
            tokens=pl.col("input_tokens").sum() + pl.col("output_tokens").sum(),
            cost_nanousd=pl.col("cost_nanousd").sum(),
        )
        .sort("market", "episode")
    )
    return [UnfinishedConversation(**row) for row in rows.iter_rows(named=True)]


async def page(request: web.Request) -> web.Response:
    """Show the conversations that are not over yet."""
    studio, key = request.app[STUDIO], request.match_info["run"]
    found = await studio.work(open_conversations, studio.run(key))
    html = rendered(
        request,
        "open_markets.html",
        key=key,
        found=found[:MOST],
        total=len(found),
        nanodollars=nanodollars,
    )
    return web.Response(text=html, content_type="text/html")


ROUTES = (web.get("/runs/{run}/open", page),)
