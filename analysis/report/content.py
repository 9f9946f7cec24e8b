"""The content of a report: what is said of a run, section by section."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
import polars as pl

from retailsim.analysis.exhibits import charts
from retailsim.analysis.exhibits.parts import (
    Cell,
    Figure,
    Headline,
    Report,
    ReportTable,
    Section,
    estimated,
    row,
    table,
)
from retailsim.analysis.measures import estimates
from retailsim.analysis.measures.estimates import Measured
from retailsim.analysis.measures.failures import failed_of, reasons
from retailsim.analysis.measures.measure import Measure
from retailsim.analysis.measures.scope import KINDS, SHARED_BY, scope
from retailsim.analysis.measures.table import columns_read as measures_read
from retailsim.analysis.measures.table import measure, shown_in
from retailsim.analysis.measures.value_text import MARK, MARKED, bounded
from retailsim.analysis.policy.mining import mine
from retailsim.analysis.policy.mining_section import mined_section
from retailsim.analysis.projection.columns import BUYER_TRAITS, SELLER_TRAITS
from retailsim.analysis.projection.loader import load
from retailsim.analysis.projection.projection import Projection
from retailsim.analysis.projection.registered import planned_episodes
from retailsim.analysis.protocol import ProtocolAnalysis, analysis_of
from retailsim.analysis.replay.replay import Replay, columns_read, summarize
from retailsim.analysis.replay.telemetry import attempts
from retailsim.analysis.report import funnel, profit
from retailsim.analysis.report.cautions import cautions
from retailsim.analysis.report.costs import cost_section
from retailsim.analysis.report.examples import examples
from retailsim.analysis.report.precision import worth_section
from retailsim.analysis.rules.report import rules_section
from retailsim.events.log.seal import SEAL
from retailsim.market.core.money import dollars

Own = Sequence[Measure]
"""The measures of the run's protocol."""
_TRAITS = (
    *(f"seller_{trait}" for trait in SELLER_TRAITS),
    *(f"buyer_{trait}" for trait in BUYER_TRAITS),
)
_REFUNDS = ("issue", "category", "outcome", "refunded_cents")
_SEATS = ("seller", "buyer", "superseded", "decided")
_READ = frozenset((*_TRAITS, *_REFUNDS, "price_multiplier", *profit.READ))
"""Columns of the episodes that sections read, beside those of measures and of the funnel."""
MOST_ROWS = 40
"""Rows of a table; more are counted and left out."""
_INTERVALS = (
    "In small print: the 95 % interval, for {interval}; n; and the effective n, which allows for "
    "clustering. A t marks Student's t, used where clusters are few."
)
_PAIRS_MARKED = (
    f" {MARK} Failures left refunds of this pair unknown: it may be lower, as the table says, and "
    "the mean with it."
)
_TWO_WAY = " The interval that says “new buyers too” is for {two_way}."


def report(run: Path, about: Mapping[str, str], learning: Collection[str] = ()) -> Report:
    """Return the report of a run, finished or not.

    Parameters
    ----------
    about : mapping of str to str
        How the run was made: what stands in the last section.
    learning : collection of str
        Sellers that may have learnt while the run went on.

    Raises
    ------
    NotARun, LogDamaged, LogUnreadable
        As `analysis.projection.loader.load`.
    """
    protocol = analysis_of(run)
    projection, own = load(run, columns_of(protocol)), protocol.measures
    sealed = (run / "events" / SEAL).exists()
    planned = planned_episodes(run)
    replay = summarize(
        run.name, projection, sealed=sealed, sent=attempts(run), own=own, planned=planned
    )
    some = estimates.decided(_shown(projection.episodes, own))
    own_parts: list[Section | None] = []
    if some.height:
        own_parts = [
            None if protocol.section is None else protocol.section(projection),
            _moves(run, projection, protocol, learning),
            rules_section(run, projection.episodes.height),
        ]
    last = [_failures(replay, projection.episodes), _examples(run, projection.episodes, protocol)]
    warnings = tuple(protocol.cautions(projection))
    del projection  # what follows reads `some`: memory need not hold the rest beside it
    parts: list[Section | None] = [_headlines(some, own)]
    if some.height:
        *first, rules = own_parts
        parts += [
            profit.profit_section(some),
            *first,
            _seats(some, own),
            _pairs(replay, some, own),
            rules,
            funnel.funnel_section(some),
            _prices(some, own),
            _personas(some, own),
            _refunds(some),
            worth_section(some),
        ]
    parts += [None if replay.cost is None else cost_section(replay.cost), *last, _made(about)]
    return Report(
        title=_title(run.resolve().name, about),
        lead=_lead(replay),
        warnings=(*warnings, *cautions(run, replay, some)),
        sections=tuple(part for part in parts if part is not None),
    )


def _shown(episodes: pl.DataFrame, own: Own) -> pl.DataFrame:
    """The columns that sections read; what other columns say of single episodes they leave out."""
    shown = estimates.shown_with_bounds(own)
    read = {*_READ, *_SEATS, *SHARED_BY, *KINDS, *funnel.read(), *measures_read(shown)}
    shared = any(name in episodes.columns and not episodes[name].null_count() for name in SHARED_BY)
    alone = () if shared else ("episode",)  # which each is a cluster of its own then
    return episodes.select(name for name in episodes.columns if name in {*read, *alone})


def columns_of(protocol: ProtocolAnalysis) -> frozenset[str] | None:
    """Return the columns of the episodes that a report reads; None: any."""
    if protocol.reads is None:
        return None
    return columns_read(protocol.measures) | _READ | frozenset((*funnel.read(), *protocol.reads))


def _moves(
    run: Path, projection: Projection, protocol: ProtocolAnalysis, learning: Collection[str]
) -> Section | None:
    """What goes with buying, where the protocol tells the moves of its sellers."""
    if protocol.moves is None:
        return None
    return mined_section(mine(protocol.moves({str(run): projection}, {str(run): learning})))


def _title(folder: str, about: Mapping[str, str]) -> str:
    """The folder's name, with the scenario's where it does not say that itself."""
    name = about.get("run", "")
    return folder if not name or folder.startswith(name) else f"{name}: {folder}"


def _lead(replay: Replay) -> str:
    return (
        f"{_counted(replay.overall.decided, 'episode')} between "
        f"{_counted(len(replay.sellers), 'seller')} and {_counted(len(replay.buyers), 'buyer')}."
    )


def _counted(n: int, what: str) -> str:
    return f"{n:,} {what}{'' if n == 1 else 's'}"


def _headlines(some: pl.DataFrame, own: Own) -> Section:
    [all_] = estimates.measured(some, own=own)
    headlines: list[Headline] = []
    for one in shown_in("report", own, costs_known="profit_cents" in all_.totals):
        if one.name in all_.estimates:
            cell = estimated(one.unit, all_[one.name])
            cell = _marked(one, all_, cell)
            headlines.append(Headline(name=one.estimate_label, value=cell.text, below=cell.below))
        if one.unit == "cents" and one.name in all_.totals:
            cell = _total(one, all_)
            below = "; ".join(filter(None, (cell.below, one.about)))
            headlines.append(Headline(name=one.label, value=cell.text, below=below))
    about = scope(some)
    lead = _INTERVALS.format(interval=about.interval)
    if any(found.two_way for found in all_.estimates.values()):
        lead += _TWO_WAY.format(two_way=about.two_way)
    if all_.least:
        lead += f" {MARKED}"
    lead += profit.why_none(all_)
    return Section(name="summary", title="Summary", lead=lead, headlines=tuple(headlines))


def measure_table(title: str, rows: list[Measured], own: Own, note: str = "") -> ReportTable:
    """Return a table with a row for each of `rows`, and the measures that name this view."""
    unended = any(found.totals["episodes"] != found.episodes for found in rows)
    costs_known = any("profit_cents" in found.totals for found in rows)
    shown = shown_in("report", own, unended=unended, costs_known=costs_known)
    columns = [heading for one in shown for heading in _headings(one)]
    left_out = f" {len(rows) - MOST_ROWS} more are not shown." if len(rows) > MOST_ROWS else ""
    cells = [
        row(" / ".join(found.keys), *(cell for one in shown for cell in _cells(one, found)))
        for found in rows[:MOST_ROWS]
    ]
    marked = f" {MARKED}" if any(found.least for found in rows[:MOST_ROWS]) else ""
    return table(title, ("", *columns), cells, note + left_out + marked)


def _headings(one: Measure) -> Iterator[str]:
    """A total stands as it is and, unless it is a count, per episode."""
    if one.is_total:
        yield one.label
    if one.unit != "count":
        yield one.estimate_label


def _cells(one: Measure, found: Measured) -> Iterator[Cell]:
    if one.is_total:
        yield _total(one, found)
    if one.unit != "count":
        yield _marked(one, found, estimated(one.unit, found[one.name]))


def _total(one: Measure, found: Measured) -> Cell:
    if one.name not in found.totals:
        return Cell("-")
    return Cell(*bounded(one.unit, found.totals[one.name], found.least.get(one.name)))


def _marked(one: Measure, found: Measured, cell: Cell) -> Cell:
    """An estimate per episode with the mark of its total, and how low it may be."""
    estimate = found[one.name]
    if one.name not in found.least or estimate.value is None:
        return cell
    text, low = bounded(one.unit, estimate.value, found.least[one.name] / found.episodes)
    return Cell(text, f"{low}; {cell.below}")


def _conversions(name: str, by: str, rows: list[Measured]) -> Figure | None:
    conversion = measure("conversion_rate")
    points = []
    for one in rows[:MOST_ROWS]:
        found = one[conversion.name]
        low, high = (found.interval.low, found.interval.high) if found.interval else (None, None)
        points.append((" / ".join(one.keys), found.value, low, high))
    return charts.intervals(name, f"{conversion.label} by {by}", points, conversion.label)


def _seats(some: pl.DataFrame, own: Own) -> Section:
    sellers, buyers = (estimates.measured(some, (key,), own) for key in ("seller", "buyer"))
    categories = estimates.measured(some, ("category",), own)
    figures = (
        _conversions("sellers", "seller", sellers),
        _conversions("buyers", "buyer", buyers),
    )
    return Section(
        name="seats",
        title="Sellers and buyers",
        figures=tuple(figure for figure in figures if figure is not None),
        tables=(
            measure_table("Sellers", sellers, own, str(scope(some))),
            measure_table("Buyers", buyers, own, str(scope(some))),
            measure_table("Categories", categories, own, str(scope(some))),
        ),
    )


def _pairs(replay: Replay, some: pl.DataFrame, own: Own) -> Section | None:
    net = measure("net_revenue_cents")
    cells = [
        (
            *(pair["seller"], pair["buyer"], pair["normalized_revenue_cents"] / 100),
            MARK * (net.least_of(pair) is not None),
        )
        for pair in replay.pairs
        if pair["normalized_revenue_cents"] is not None
    ]
    if len(cells) < 2 or len(cells) > MOST_ROWS * MOST_ROWS:
        return None
    frame = pl.DataFrame(cells, schema=["seller", "buyer", "dollars", "mark"], orient="row")
    if max(frame["seller"].n_unique(), frame["buyer"].n_unique()) > MOST_ROWS:
        return None
    marked = bool((frame["mark"] != "").any())
    rows = estimates.measured(some, ("seller", "buyer"), own)
    pairs = measure_table("Pairs", rows, own, str(scope(some)))
    return Section(
        name="pairs",
        title="Who sells well to whom",
        lead=f"{measure('normalized_revenue_cents').label}.{_PAIRS_MARKED * marked}",
        figures=(charts.heatmap(frame),),
        tables=(msgspec.structs.replace(pairs, folded=True),),
    )


def _prices(some: pl.DataFrame, own: Own) -> Section | None:
    if some["price_multiplier"].n_unique() < 2:
        return None
    rows = estimates.measured(some, ("price_multiplier",), own)
    conversion = measure("conversion_rate")
    points = []
    for one in rows:
        found = one[conversion.name]
        low, high = (found.interval.low, found.interval.high) if found.interval else (None, None)
        points.append((float(one.keys[0]) - 1.0, found.value, low, high))
    known = dict.fromkeys(("x", "value", "low", "high"), pl.Float64)
    frame = pl.DataFrame(points, schema=known, orient="row").drop_nulls("value")
    return Section(
        name="prices",
        title="Price and demand",
        figures=(
            charts.curve(
                "prices",
                f"{conversion.label}, by change of the price",
                frame,
                "price",
                conversion.label,
            ),
        ),
        tables=(
            measure_table("Prices (multiplier of the list price)", rows, own, str(scope(some))),
        ),
    )


def _personas(some: pl.DataFrame, own: Own) -> Section | None:
    rows = []
    for trait in _TRAITS:
        for one in estimates.measured(some, (trait,), own):
            label = trait.replace("_", " ", 1).replace("_", " ")
            rows.append(msgspec.structs.replace(one, keys=(f"{label}: {one.keys[0]}",)))
    if not rows:
        return None
    figure = _conversions("personas", "persona", rows)
    return Section(
        name="personas",
        title="Personas",
        lead="Each row is over all episodes in which a seller or buyer had that trait.",
        figures=(figure,) if figure else (),
        tables=(measure_table("Traits", rows, own, str(scope(some))),),
    )


def _refunds(some: pl.DataFrame) -> Section | None:
    refunds = measure("refund_rate")
    read = {*measures_read([refunds]), "cluster", *_REFUNDS}
    buying = some.lazy().filter(pl.col("orders") > 0).select(sorted(read)).collect()
    tables = []
    for title, key in (("By issue", "issue"), ("By category", "category")):
        rows = []
        for (name,), part in buying.drop_nulls(key).sort(key).group_by(key, maintain_order=True):
            found = estimates.estimate(refunds, part)
            outcomes = part["outcome"].value_counts().sort("outcome").drop_nulls()
            said = ", ".join(f"{n:,} {outcome}" for outcome, n in outcomes.iter_rows())
            back = Cell(dollars(int(part["refunded_cents"].sum())))
            orders = Cell(f"{part.height:,}")
            rows.append(row(str(name), orders, estimated(refunds.unit, found), back, Cell(said)))
        if rows:
            heads = ("", "Orders", refunds.label, measure("refunded_cents").label, "Outcomes")
            tables.append(table(title, heads, rows, str(scope(some))))
    if not tables:
        return None
    return Section(name="refunds", title="Refunds", tables=tuple(tables))


def _failures(replay: Replay, episodes: pl.DataFrame) -> Section | None:
    failed = failed_of(episodes)
    if not failed.height and not replay.rejected_outputs and not replay.rejected_commands:
        return None
    rows = [
        row(str(stage), Cell(f"{n:,}"), Cell(str(reason)[:200]))
        for stage, reason, n in reasons(failed).head(MOST_ROWS).iter_rows()
    ]
    lead = (
        f"{_counted(failed.height, 'episode')} failed; "
        f"answers that could not be used: {replay.rejected_outputs:,}; "
        f"commands that the market's rules forbid: {replay.rejected_commands:,}."
    )
    tables = (table("Failed episodes", ("Stage", "Episodes", "Reason"), rows),) if rows else ()
    return Section(name="failures", title="Rejected and failed", lead=lead, tables=tables)


def _examples(run: Path, episodes: pl.DataFrame, protocol: ProtocolAnalysis) -> Section | None:
    found = examples(run, episodes, protocol.examples)
    if not found:
        return None
    return Section(
        name="examples",
        title="Conversations",
        lead="Up to two of each kind, from the beginning of the log.",
        conversations=found,
    )


def _made(about: Mapping[str, str]) -> Section:
    rows = [row(name, Cell(value)) for name, value in about.items() if name != "scenario"]
    return Section(
        name="made",
        title="How it was made",
        tables=(table("The run", ("", ""), rows),),
        text=about.get("scenario", ""),
    )
