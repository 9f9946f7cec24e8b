"""The content of a report: what is said of a run, section by section."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import polars as pl

from retailsim.analysis.exhibits.parts import (
    FEW_BEHIND,
    Cell,
    Headline,
    Report,
    Section,
    estimated,
    row,
    table,
)
from retailsim.analysis.measures import estimates, steps
from retailsim.analysis.measures.failures import failed_of, reasons
from retailsim.analysis.measures.rows import Episodes
from retailsim.analysis.measures.scope import KINDS, SHARED_BY, scope
from retailsim.analysis.measures.table import columns_read as measures_read
from retailsim.analysis.measures.table import measure, shown_in, with_own
from retailsim.analysis.measures.value_text import MARKED
from retailsim.analysis.policy.mining import mine
from retailsim.analysis.policy.mining_section import mined_section
from retailsim.analysis.projection.loader import use
from retailsim.analysis.projection.projection import Projection, StoredProjection
from retailsim.analysis.protocol import ProtocolAnalysis, analysis_of
from retailsim.analysis.replay.replay import Replay, columns_read, summarize
from retailsim.analysis.replay.telemetry import attempts
from retailsim.analysis.report import findings, funnel, groups, products, profit
from retailsim.analysis.report.cautions import cautions
from retailsim.analysis.report.costs import cost_section
from retailsim.analysis.report.examples import READ as EXAMPLES_READ
from retailsim.analysis.report.examples import examples
from retailsim.analysis.report.measure_views import MOST_ROWS, Own, marked, total
from retailsim.analysis.report.precision import worth_section
from retailsim.analysis.rules.report import rules_section
from retailsim.events.log.seal import is_sealed
from retailsim.market.core.money import dollars

_REFUNDS = ("issue", "category", "outcome", "refunded_cents")
_SEATS = ("seller", "buyer", "superseded", "decided")
_READ = frozenset((*groups.READ, *_REFUNDS, *profit.READ, *findings.READ, *products.READ))
"""Columns of the episodes that sections read, beside those of measures and of the funnel."""
_FEW = (*groups.TRAITS, *KINDS, "title")
"""Columns with a few different texts, sixteen bytes each, that sections only group by or show."""
_GROUPS = frozenset((*_SEATS, *SHARED_BY, *KINDS))
Maker = Callable[[], Section | None]
_INTERVALS = (
    "Below a number stands the range that it is in with 95% certainty, for {interval}, and n, "
    "what was counted. " + FEW_BEHIND
)
_BEGUN = " The run is not finished, so “of this kind” means {kind}."
_TWO_WAY = " The range that says “new buyers too” is for {two_way}."
_WORTH = (
    " What episodes share makes them alike: of conversion these {n:,} say as much as {worth:,.0f} "
    "that share nothing would."
)


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
    own = protocol.measures
    sealed = is_sealed(run)  # before the log is read, for it may be meanwhile

    def read(stored: StoredProjection) -> tuple[Replay, pl.DataFrame, _Whole]:
        found, sent = stored.lazy(), attempts(run)
        replay = summarize(run.name, found, sealed=sealed, sent=sent, own=own, folder=run)
        every = stored.load(held_columns(protocol))
        whole = _Whole(
            _own_parts(run, every, protocol, learning) if replay.overall.decided else (),
            (failures_section(replay, found.episodes), _examples(run, every.episodes, protocol)),
            tuple(protocol.cautions(every)),
        )
        del every  # memory holds one of the two
        shown = shown_columns(stored.load(seen_columns(protocol)).episodes, own)
        return replay, estimates.by_number(estimates.decided(_few(shown))), whole

    replay, some, whole = use(run, read)
    parts: list[Section | None] = [headlines_section(some, own, replay)]
    if some.height:
        parts.insert(0, findings.findings_section(some))
        shared = [make() for make in decided_sections(replay, some, own).values()]
        parts += [*shared, *whole.sections, worth_section(some)]
    costs = None if replay.cost is None else cost_section(replay.cost)
    parts += [costs, *whole.last, made_section(about)]
    return Report(
        title=_title(run.resolve().name, about),
        lead=lead(replay),
        warnings=(
            *whole.warnings,
            *cautions(run, replay, some, about.get("behavioral agents", "")),
        ),
        sections=tuple(part for part in parts if part is not None),
    )


def decided_sections(replay: Replay, some: pl.DataFrame, own: Own) -> dict[str, Maker]:
    """Return what makes the sections on decided episodes, by name, as a report orders them.

    The studio's overview takes them from here, too. Columns that a section reads stand in `_READ`,
    for no others are there; one that has nothing to say gives None.
    """
    return {
        "profit": lambda: profit.profit_section(some, groups.profits(some, own)),
        "products": lambda: products.products_section(some),
        "seats": lambda: groups.seats_section(some, own),
        "pairs": lambda: groups.pairs_section(replay, some, own),
        "funnel": lambda: funnel.funnel_section(some),
        "prices": lambda: groups.prices_section(some, own),
        "personas": lambda: groups.personas_section(some, own),
        "refunds": lambda: refunds_section(some),
    }


class _Whole(NamedTuple):
    """What is made of the whole projection, before sections take the episodes apart."""

    sections: Sequence[Section | None]
    last: Sequence[Section | None]
    warnings: Sequence[str]


def _own_parts(
    run: Path, projection: Projection, protocol: ProtocolAnalysis, learning: Collection[str]
) -> Sequence[Section | None]:
    return (
        None if protocol.section is None else protocol.section(projection),
        moves_section(run, projection, protocol, learning),
        rules_section(run, projection.episodes.height),
    )


def shown_columns(episodes: pl.DataFrame, own: Own) -> pl.DataFrame:
    """Return the columns that sections read; what others say of single episodes is left out."""
    shared = any(name in episodes.columns and not episodes[name].null_count() for name in SHARED_BY)
    alone = () if shared else ("episode",)  # which each is a cluster of its own then
    return episodes.select(name for name in episodes.columns if name in {*_shown(own), *alone})


def _few(shown: pl.DataFrame) -> pl.DataFrame:
    """Texts of which there are few, which sections only take apart, as a number each."""
    return shown.with_columns(pl.col(n).cast(pl.Categorical) for n in _FEW if n in shown.columns)


def _shown(own: Own) -> frozenset[str]:
    measured = measures_read(estimates.shown_with_bounds(own))
    return _READ | _GROUPS | measured | frozenset(steps.read())


def held_columns(protocol: ProtocolAnalysis) -> frozenset[str] | None:
    """Return the columns of the episodes that are read of the whole projection; None: any.

    A protocol's section may show measures, so their columns are among them.
    """
    if protocol.reads is None:
        return None
    measured = measures_read(with_own(protocol.measures))
    return measured | _GROUPS | EXAMPLES_READ | frozenset(protocol.reads)


def seen_columns(protocol: ProtocolAnalysis) -> frozenset[str]:
    """Return the columns of the episodes that sections are made of."""
    return _shown(protocol.measures) | {"episode"}


def columns_of(protocol: ProtocolAnalysis) -> frozenset[str] | None:
    """Return the columns that a report and its replay read of the episodes; None: any."""
    if protocol.reads is None:
        return None
    return columns_read(protocol.measures) | _READ | frozenset((*steps.read(), *protocol.reads))


def moves_section(
    run: Path, projection: Projection, protocol: ProtocolAnalysis, learning: Collection[str]
) -> Section | None:
    """Return what goes with buying, where the protocol tells the moves of its sellers."""
    if protocol.moves is None:
        return None
    return mined_section(mine(protocol.moves({str(run): projection}, {str(run): learning})))


def _title(folder: str, about: Mapping[str, str]) -> str:
    """The folder's name, with the scenario's where it does not say that itself."""
    name = about.get("run", "")
    return folder if not name or folder.startswith(name) else f"{name}: {folder}"


def lead(replay: Replay) -> str:
    """Return in a sentence how much a run is."""
    return (
        f"{_counted(replay.overall.decided, 'episode')} between "
        f"{_counted(len(replay.sellers), 'seller')} and {_counted(len(replay.buyers), 'buyer')}."
    )


def _counted(n: int, what: str) -> str:
    return f"{n:,} {what}{'' if n == 1 else 's'}"


def headlines_section(some: pl.DataFrame, own: Own, replay: Replay) -> Section:
    """Return the first numbers, each with its intervals."""
    [all_] = estimates.measured(some, own=own)
    headlines: list[Headline] = []
    for one in shown_in("report", own, costs_known="profit_cents" in all_.totals):
        if one.name in all_.estimates:
            cell = estimated(one.unit, all_[one.name])
            cell = marked(one, all_, cell)
            headlines.append(Headline(name=one.estimate_label, value=cell.text, below=cell.below))
        if one.unit == "cents" and one.name in all_.totals:
            cell = total(one, all_)
            below = "; ".join(filter(None, (cell.below, one.about)))
            headlines.append(Headline(name=one.label, value=cell.text, below=below))
    about = scope(some)
    said = _INTERVALS.format(interval=about.interval)
    if replay.episodes.beginning is not None:
        said += _BEGUN.format(kind=replay.episodes.beginning.kind)
    if any(found.two_way for found in all_.estimates.values()):
        said += _TWO_WAY.format(two_way=about.two_way)
    conversion = all_["conversion_rate"]
    if conversion.effective_n is not None:
        said += _WORTH.format(n=conversion.n, worth=conversion.effective_n)
    if all_.least:
        said += f" {MARKED}"
    said += profit.why_none(all_)
    return Section(name="summary", title="Summary", lead=said, headlines=tuple(headlines))


def refunds_section(some: pl.DataFrame) -> Section | None:
    """Return what came back by issue and category; None where nothing was bought."""
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


def failures_section(replay: Replay, episodes: Episodes) -> Section | None:
    """Return what failed, by stage and reason, and what was rejected; None where nothing was."""
    failed = reasons(failed_of(episodes))
    if failed.is_empty() and not replay.rejected_outputs and not replay.rejected_commands:
        return None
    rows, about = [], []
    for stage, reason, n in failed.head(MOST_ROWS).iter_rows():
        told = str(reason)[:200]
        rows.append(row(str(stage), Cell(f"{n:,}"), Cell(told)))
        about.append({"status": "failed", "stage": str(stage), "reason": told})
    said = (
        f"{_counted(int(failed['len'].sum()), 'episode')} failed; "
        f"answers that could not be used: {replay.rejected_outputs:,}; "
        f"commands that the market's rules forbid: {replay.rejected_commands:,}."
    )
    heads = ("Stage", "Episodes", "Reason")
    tables = (table("Failed episodes", heads, rows, about=about),) if rows else ()
    return Section(name="failures", title="Rejected and failed", lead=said, tables=tables)


def _examples(run: Path, episodes: pl.DataFrame, protocol: ProtocolAnalysis) -> Section | None:
    found = examples(run, episodes, protocol.examples)
    if not found:
        return None
    return Section(
        name="examples",
        title="Conversations",
        lead="Up to two of each kind, from all over the run.",
        conversations=found,
    )


def made_section(about: Mapping[str, str]) -> Section:
    """Return how the run was made; `about` is that of `report`."""
    rows = [row(name, Cell(value)) for name, value in about.items() if name != "scenario"]
    return Section(
        name="made",
        title="How it was made",
        tables=(table("The run", ("", ""), rows),),
        text=about.get("scenario", ""),
    )
