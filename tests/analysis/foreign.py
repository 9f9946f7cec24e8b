"""A run of a protocol from outside: its module lies in the run's inputs, as a launch leaves it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from retailsim.events.messages import Event
from retailsim.market.protocols.registry import find_protocol
from tests.analysis.fakelog import closed, market, opened, order, write_run

MODULE = """
import polars as pl

from retailsim.analysis.exhibits.parts import Cell, Section, row, table
from retailsim.analysis.projection.tables import RowTable, count, last, total
from retailsim.analysis.protocol import ProtocolAnalysis
from retailsim.market.protocols.registry import Protocol


def section(projection):
    bids = projection.tables["bids"].group_by("bidder").len("n").sort("bidder")
    rows = [row(bidder, Cell(f"{n}")) for bidder, n in bids.iter_rows()]
    return Section(name="bids", title="Bids", tables=(table("Bids by bidder", ("", "Bids"), rows),))


ANALYSIS = ProtocolAnalysis(
    columns={
        "bids": count("BidMade"),
        "bid_cents": total("BidMade", pl.col("cents"), {"cents": pl.Int64()}),
        "last_bidder": last("BidMade", "bidder", pl.String()),
    },
    names_seller=("SaleMade",),
    tables={"bids": RowTable("BidMade", {"bidder": pl.String(), "cents": pl.Int64()})},
    section=section,
    cautions=lambda projection: [f"{projection.tables['bids'].height} bids were sealed."],
    examples={"BidMade": lambda event: f"{event['bidder']} bids."},
    chat={"BidMade": lambda event: "A bid was made."},
)
SEALED = Protocol(name="sealed", market=None, agents=None, run=None, analysis=ANALYSIS)
PLAIN = Protocol(name="plain", market=None, agents=None, run=None)
ODD = Protocol(name="odd", market=None, agents=None, run=None, analysis={"tables": {}})
"""


class BidMade(Event, tag="BidMade", kw_only=True):
    """An event of the foreign protocol."""

    bidder: str
    cents: int


class SaleMade(Event, tag="SaleMade", kw_only=True):
    """An event that names the seller of an episode opened without one."""

    seller: str


class BidLost(Event, tag="BidLost", kw_only=True):
    """Another one, in none of its tables."""


def foreign_run(
    folder: Path, protocol: str = "sealed:SEALED", sold_by: str | None = None, **layout: Any
) -> Path:
    """Write a finished run of `protocol` with an order, three bids and an event nobody reads.

    Where `sold_by` says who sells, it does so after the bids: the episode is opened without.
    """
    bids = BidMade(bidder="b", cents=700), BidMade(bidder="a", cents=900)
    opening = opened() if sold_by is None else opened(seller=None)
    named = [] if sold_by is None else [SaleMade(seller=sold_by)]
    events = market(
        "m",
        closed("m/1", opening, order(2), *bids, BidLost(), *named),
        [BidMade(bidder="a", cents=50)],
    )
    run = write_run(folder / "run", events, protocol=protocol, **layout)
    plugins = run / "inputs" / "plugins"
    plugins.mkdir(parents=True)
    (plugins / "sealed.py").write_text(MODULE)
    if ":" in protocol:
        find_protocol(protocol, plugins)  # as whoever plays a run does; looking at one does not
    return run
