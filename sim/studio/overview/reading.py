"""What was read of a run's log, for its overview: the rows, and the sections made of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import msgspec

from retailsim.analysis.exhibits.parts import Section
from retailsim.analysis.measures import estimates
from retailsim.analysis.projection.loader import load
from retailsim.analysis.projection.projection import Projection
from retailsim.analysis.protocol import ProtocolAnalysis, analysis_of
from retailsim.analysis.replay.replay import Replay, summarize
from retailsim.analysis.replay.telemetry import attempts
from retailsim.analysis.report import content, findings
from retailsim.analysis.report.cautions import cautions
from retailsim.analysis.report.content import Maker
from retailsim.analysis.report.costs import cost_section
from retailsim.analysis.report.precision import worth_section
from retailsim.analysis.rules.report import rules_section
from retailsim.events.log.seal import is_sealed
from retailsim.sim.environments.episodes import adaptive_sellers
from retailsim.sim.folder.run_folder import RunFolder
from retailsim.sim.look.report import about

PAIRS = "pairs"
"""The section that each page draws anew, for the measure that it was asked for."""

_ORDER = ("products", "prices", "profit", "seats", PAIRS, "personas", "refunds")
"""Sections on decided episodes behind the first ones; what is not named here comes behind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A run as its log stood when it was read.

    Parameters
    ----------
    run : Path
    projection : Projection
    replay : Replay
        Its counts and sums.
    protocol : ProtocolAnalysis
    budget : float or None
        Dollars that its models may cost.
    made : mapping of str to str
        How the run was made.
    learning : collection of str
        Sellers that may have learnt while the run went on.
    going_on : bool
        Whether the log grows: then nothing goes through all of it once more.
    """

    run: Path
    projection: Projection
    replay: Replay
    protocol: ProtocolAnalysis
    budget: float | None
    made: Mapping[str, str]
    learning: Collection[str]
    going_on: bool

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader has to know before the numbers."""
        some = estimates.decided(self.projection.episodes)
        told = cautions(self.run, self.replay, some, self.made.get("behavioral agents", ""))
        return (*self.protocol.cautions(self.projection), *told)

    @property
    def contents(self) -> dict[str, str]:
        """What there is a chapter on for certain: its name and its title."""
        replay, episodes = self.replay, self.projection.episodes
        decided = bool(replay.overall.decided)
        rejected = replay.rejected_outputs or replay.rejected_commands
        products = episodes["product"].drop_nulls().n_unique() if decided else 0
        found = {
            "summary": ("Summary", True),
            "funnel": ("Funnel", decided),
            PAIRS: ("Who sells well to whom", decided and len(replay.pairs) > 1),
            "failures": ("Failures", bool(replay.episodes.failed or rejected)),
            "costs": ("Costs", replay.cost is not None),
            "products": ("Products", products > 1),
            "seats": ("Sellers and buyers", decided),
            "made": ("How it was made", True),
        }
        return {name: title for name, (title, there) in found.items() if there}

    def sections(self) -> Iterator[Maker]:
        """Yield what makes each section, in their order; one that has nothing to say gives None."""
        replay, own = self.replay, self.protocol.measures
        everything = self.projection.episodes
        some = estimates.decided(content.shown_columns(everything, own))
        yield lambda: content.headlines_section(some, own, self.replay)
        if some.height:
            yield lambda: findings.findings_section(some)
            shared = content.decided_sections(replay, some, own)
            yield shared.pop("funnel")
            yield lambda: Section(name=PAIRS, title="Who sells well to whom")
        yield lambda: content.failures_section(replay, everything)
        yield lambda: None if replay.cost is None else cost_section(replay.cost)
        if some.height:
            shared[PAIRS] = partial(_pairs_table, shared[PAIRS])
            yield from (shared.pop(name) for name in _ORDER)
            yield from shared.values()
            yield from self._own_sections()
            yield lambda: worth_section(some)
        yield lambda: content.made_section(self.made)

    def _own_sections(self) -> Iterator[Maker]:
        protocol, projection = self.protocol, self.projection
        section = protocol.section
        if section is not None:
            yield lambda: section(projection)
        yield lambda: content.moves_section(self.run, projection, protocol, self.learning)
        if not self.going_on:
            yield lambda: rules_section(self.run, projection.episodes.height)


def _pairs_table(pairs: Maker) -> Section | None:
    """What stands below the map of pairs in a report: their measures with intervals."""
    found = pairs()
    if found is None:
        return None
    return msgspec.structs.replace(
        found, name="each-pair", title="Each pair, with intervals", lead="", figures=()
    )


def read(run: Path) -> Reading:
    """Read a run that nobody plays, out of what is kept of it or from its log.

    Raises
    ------
    NotARunFolder
    NotARun, LogDamaged, LogUnreadable, BadTables
        As `analysis.projection.loader.load`.
    """
    protocol = analysis_of(run)
    sealed = is_sealed(run)  # before it is read, for it may be meanwhile
    projection = load(run, content.columns_of(protocol))
    return measured(run, protocol, projection, going_on=False, sealed=sealed)


def measured(
    run: Path,
    protocol: ProtocolAnalysis,
    projection: Projection,
    *,
    going_on: bool,
    sealed: bool,
) -> Reading:
    """Measure a projection of a run's log, which was sealed when it was read, or was not."""
    file = RunFolder(run).read()
    return Reading(
        run=run,
        projection=projection,
        replay=summarize(
            run.name,
            projection,
            sealed=sealed,
            sent=attempts(run),
            own=protocol.measures,
            folder=run,
        ),
        protocol=protocol,
        budget=file.budget,
        made=about(file),
        learning=adaptive_sellers(file.scenario),
        going_on=going_on,
    )
