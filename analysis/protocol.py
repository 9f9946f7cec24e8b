"""What a protocol is in analysis, as one value; and which one a run was played by.

A protocol's package says it in its ``ANALYSIS``. One without a value of its own, and one whose code
is not here, is analysed by what all protocols share. Whatever takes time to import is imported by
the functions, not by the value: every replay reads the value for its tables.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from retailsim.analysis.projection.projection import Projection
from retailsim.analysis.projection.protocol_tables import ProtocolTables
from retailsim.analysis.projection.registered import registered

if TYPE_CHECKING:
    from retailsim.analysis.exhibits.beside import Beside
    from retailsim.analysis.exhibits.parts import Section
    from retailsim.analysis.experiments.outcomes import ExperimentOutcome
    from retailsim.analysis.policy.moves import Moves

Told = Callable[[Mapping[str, Any]], str]
"""From an event, as it stands in the log, to a sentence."""


def _no_more(_: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    return ()


@dataclass(frozen=True, kw_only=True)
class Remark:
    """What is said of the events of one type where a whole conversation is shown.

    Parameters
    ----------
    says : callable
        From an event to a sentence.
    why : tuple of str
        The event's fields that give reasons: they are folded, the most important one first.
    more : callable
        From an event to what is folded with them: names, each with a text.
    fold : str
        What all that is opened by.
    stage : str
        The heading that such an event stands below; empty: that of the event before it.
    tone : {"act", "warn", "quiet"}
        Whether it moves the conversation, is a fault in it, or only stands beside.
    """

    says: Told
    why: tuple[str, ...] = ()
    more: Callable[[Mapping[str, Any]], Iterable[tuple[str, str]]] = _no_more
    fold: str = "Why"
    stage: str = ""
    tone: Literal["act", "warn", "quiet"] = "quiet"


Learning = Mapping[str, Collection[str]]
"""Names of runs -> their sellers that may have learnt while the run went on."""


class ExperimentTable(Protocol):
    """From an experiment's runs to its table."""

    def __call__(self, runs: Mapping[str, Path], features: str) -> ExperimentOutcome:
        """Return the table; `runs` by the labels of its arms, `features` of texts."""
        ...


def _none(_: Projection) -> tuple[str, ...]:
    return ()


def _nothing(_: Sequence[Mapping[str, Any]]) -> None:
    return None


def _no_experiments() -> dict[str, ExperimentTable]:
    return {}


@dataclass(frozen=True, kw_only=True, eq=False)
class ProtocolAnalysis(ProtocolTables):
    """One protocol, as analysis knows it.

    Parameters
    ----------
    columns, tables, names_seller, measures : mappings and tuples
        What it adds to the tables and the measures of a replay; see `ProtocolTables`.
    section : callable or None
        From a projection with at least one known decision to the protocol's own section of the
        report; a result of None leaves it out.
    cautions : callable
        From a projection to sentences that a reader of the report has to know first.
    examples : mapping of str to callable
        Event type -> what the report's example conversations say of such an event of its own.
    chat : mapping of str to callable
        The same for transcripts, of what buyer and seller both get to hear.
    remarks : mapping of str to Remark
        Event type -> what a page that shows one conversation whole says of such an event. Without
        one, it says what `examples` say, or names the event and its fields.
    beside : callable
        From the events of one episode, as they stand in the log and in their order, to a table
        that stands beside its conversation; None where there is nothing to say.
    fidelity : callable or None
        From what raters said (`annotation.scores.Scores`, or None before they have) to the table
        that stands beside the published one. None: its conversations are not for raters.
    experiments : callable
        Its experiments by name.
    reads : collection of str or None
        Columns of the episodes table that `section`, `cautions` and `moves` read in a report: of a
        large run memory then holds no others. None: any.
    moves : callable or None
        From the projections of some runs, by the runs' names, and the sellers of each that may
        have learnt on the way, to the moves of their sellers: what `policy mine` and the report
        look for patterns in. None: its sellers make no moves.
    listed : mapping of str to str
        Columns of the episodes table that hold texts, with what people read: a list of episodes
        shows them beside what all protocols share.
    """

    section: Callable[[Projection], Section | None] | None = None
    cautions: Callable[[Projection], Iterable[str]] = _none
    examples: Mapping[str, Told] = field(default_factory=dict)
    chat: Mapping[str, Told] = field(default_factory=dict)
    remarks: Mapping[str, Remark] = field(default_factory=dict)
    beside: Callable[[Sequence[Mapping[str, Any]]], Beside | None] = _nothing
    fidelity: Callable[[Any], ExperimentOutcome] | None = None
    experiments: Callable[[], Mapping[str, ExperimentTable]] = _no_experiments
    moves: Callable[[Mapping[str, Projection], Learning], Moves] | None = None
    reads: Collection[str] | None = None
    listed: Mapping[str, str] = field(default_factory=dict)


def analysis_of(run: Path) -> ProtocolAnalysis:
    """Return what the protocol of a run is in analysis.

    Raises
    ------
    BadTables
        If what it registers for analysis is something else.
    """
    found = registered(run)
    if isinstance(found.tables, ProtocolAnalysis):
        return found.tables
    cautions = (f"{_WITHOUT} {found.missing}.",) if found.missing else ()
    tables = found.tables
    return ProtocolAnalysis(
        columns=tables.columns,
        tables=tables.tables,
        names_seller=tables.names_seller,
        measures=tables.measures,
        reads=(),
        cautions=lambda _: cautions,
    )


_WITHOUT = "This run's protocol could not be loaded, so only what all protocols share is shown:"
