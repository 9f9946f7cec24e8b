"""Two runs side by side: what differs between their scenarios, what changed, and a verdict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from retailsim.events.log.seal import is_sealed
from retailsim.sim.errors import NotARunFolder, SimError, packages_for
from retailsim.sim.folder.run_folder import RunFile, RunFolder
from retailsim.sim.people.errors import NoSuchPeople
from retailsim.sim.people.twin_events import person_seats
from retailsim.sim.scenario.anchor_record import AnchorRecord
from retailsim.sim.terminal.program_name import program_name

if TYPE_CHECKING:
    from retailsim.analysis.measures.comparison import Comparison
    from retailsim.analysis.measures.measure import Measure
    from retailsim.analysis.measures.pairing import Streams
    from retailsim.analysis.projection.projection import Projection
    from retailsim.sim.look.scenario_changes import ScenarioChange


class OtherProtocol(SimError):
    """The runs are of different protocols: their measures do not mean the same."""

    def __init__(self, first: Path, one: str, second: Path, two: str) -> None:
        super().__init__(
            f"{first} is a run of {one}, {second} of {two}: what they measure differs; "
            "compare runs of one protocol"
        )


class NothingPairs(SimError):
    """No product (or profile) is in both runs."""

    def __init__(self, first: Path, second: Path, unit: str) -> None:
        super().__init__(
            f"{first} and {second} have no {unit} in common, so nothing pairs; launch both with "
            f"one seed and the same {unit}s"
        )


class SideBySide(msgspec.Struct, frozen=True, kw_only=True):
    """Two runs, what differs between their scenarios, and what changed.

    Parameters
    ----------
    first, second : Path
        Their folders.
    names : (str, str)
        What they are called.
    shared : bool
        Whether they have one seed.
    unfinished : tuple of str
        What a reader has to know first of runs that are not at their end.
    known : bool
        Whether both say how they were made.
    differences : tuple of ScenarioChange
        Of their scenarios, seats first; empty where that is not known.
    comparison : Comparison
    verdict : tuple of str
        Sentences, the verdict first.
    """

    first: Path
    second: Path
    names: tuple[str, str]
    shared: bool
    unfinished: tuple[str, ...]
    known: bool
    differences: tuple[ScenarioChange, ...]
    comparison: Comparison
    verdict: tuple[str, ...]


def side_by_side(first: Path, second: Path, without: Sequence[str] = ()) -> SideBySide:
    """Compare two runs.

    Parameters
    ----------
    without : sequence of str
        Seats of people in either run whose episodes are left out.

    Raises
    ------
    OtherProtocol
    NoSuchPeople
        If no person takes a seat of such a name in either.
    NothingPairs
        If both have episodes, and of no product (or profile) that is in both, and they are not
        two draws from one catalogue.
    MissingExtra
        If the packages of ``retailsim[analysis]`` are not installed.
    NotARun, LogDamaged, LogUnreadable
        As `analysis.replay.loader.load`.
    """
    from retailsim.analysis.projection.loader import load

    with packages_for("compare"):
        from retailsim.analysis.measures.comparison import compare
        from retailsim.analysis.measures.table import with_own
        from retailsim.analysis.measures.verdict import verdict
        from retailsim.sim.look.scenario_changes import only_prices, scenario_changes
    shared = share_draws(first, second)
    own, names = own_of(first, second), run_names(first, second)
    sealed = is_sealed(first), is_sealed(second)  # before they are read, for they may be meanwhile
    loaded = _without(first, second, (load(first), load(second)), without)
    _check_common(first, second, loaded)
    found = compare(*loaded, shared=shared, own=own, streams=streams_of(first, second), names=names)
    cautions = (*found.cautions, *_anchored_apart(first, second), *_of_people(first, second))
    found = msgspec.structs.replace(found, cautions=cautions)
    runs = (first, second)
    made = [run_file(run) for run in runs]
    known = all(one is not None for one in made)
    folders = RunFolder(first), RunFolder(second)
    differences = scenario_changes(folders[0], folders[1], found.seats) if known else ()
    if found.break_even is not None and known:
        alone = only_prices(*folders, differences, found.seats, paired=found.pairs > 0)
        even = msgspec.structs.replace(found.break_even, alone=alone)
        found = msgspec.structs.replace(found, break_even=even)
    return SideBySide(
        first=first,
        second=second,
        names=names,
        shared=shared,
        unfinished=tuple(_unfinished(runs, names, loaded, sealed)),
        known=known,
        differences=differences,
        comparison=found,
        verdict=verdict(found, names, {one.name: one for one in with_own(own)}),
    )


def _without(
    first: Path, second: Path, loaded: tuple[Projection, Projection], without: Sequence[str]
) -> tuple[Projection, Projection]:
    """Leave out the episodes of some people, in the run in which they sit."""
    if not without:
        return loaded
    import polars as pl

    made = (run_file(run) for run in (first, second))
    seats: list[Mapping[str, Sequence[str]]] = [
        {} if one is None else dict(person_seats(one.scenario).items()) for one in made
    ]
    known = sorted({name for of in seats for ids in of.values() for name in ids})
    if unknown := [name for name in without if name not in known]:
        raise NoSuchPeople(second, unknown, known)

    def left(run: Projection, of: Mapping[str, Sequence[str]]) -> Projection:
        gone = [pl.col(role).is_in([n for n in ids if n in without]) for role, ids in of.items()]
        if not gone:
            return run
        return replace(run, episodes=run.episodes.filter(~pl.any_horizontal(gone)))

    one, two = (left(run, of) for run, of in zip(loaded, seats, strict=True))
    return one, two


def _check_common(first: Path, second: Path, loaded: tuple[Projection, Projection]) -> None:
    """Raise `NothingPairs` where both runs have episodes, and none of what the other has.

    Two seeds may have drawn other products of one catalogue: then they are two draws of one shop.
    """
    from retailsim.analysis.measures.estimates import decided
    from retailsim.analysis.measures.scope import SHARED_BY, scope

    unit = scope(loaded[0].episodes).shared
    one, two = (set(decided(run.episodes)["cluster"]) for run in loaded)
    if unit in SHARED_BY and one and two and one.isdisjoint(two) and not _redrawn(first, second):
        raise NothingPairs(first, second, unit)


def _redrawn(first: Path, second: Path) -> bool:
    """Whether two seeds drew from one catalogue, and from one file of profiles."""
    made = [run_file(run) for run in (first, second)]
    known = [one.scenario for one in made if one is not None]
    if len(known) < 2:
        return False
    one, two = known
    sources = ((run.products.catalog, run.profiles.file) for run in known)
    return one.run.seed != two.run.seed and len(set(sources)) == 1


def run_names(first: Path, second: Path) -> tuple[str, str]:
    """Return what two runs are called: their folders, with those above that tell them apart."""
    one, two = (path.resolve().parts for path in (first, second))
    if one == two:
        return one[-1], f"{one[-1]} (again)"
    most = max(len(one), len(two))
    length = next(n for n in range(1, most + 1) if one[-n:] != two[-n:])
    return "/".join(one[-length:]), "/".join(two[-length:])


def _unfinished(
    runs: tuple[Path, Path],
    names: tuple[str, str],
    loaded: tuple[Projection, Projection],
    sealed: tuple[bool, bool],
) -> Iterator[str]:
    """Say loudly which run is not at its end."""
    from retailsim.analysis.projection.registered import planned_episodes
    from retailsim.analysis.replay.beginning import beginning

    for run, name, projection, whole in zip(runs, names, loaded, sealed, strict=True):
        episodes, markets = projection.episodes, projection.markets
        open_ = (episodes["status"] == "open").any() or (markets["status"] == "open").any()
        if open_ or not whole:
            ended = int((episodes["status"] != "open").sum())
            asked = planned_episodes(run)
            of = "" if asked is None else f" of {asked:,}"
            begun = beginning(run, episodes.lazy())
            yield (
                f"NOT FINISHED: {name} has {ended:,}{of} episodes so far."
                f"{f' {begun}' if begun else ''} What is said here may change; finish it first: "
                f"{program_name()} resume {run}"
            )


def streams_of(first: Path, second: Path) -> tuple[Streams, Streams]:
    """Return what the seats of both runs draw by, by role and id; by their ids where one is not
    known, as in an imported log."""
    made = [run_file(run) for run in (first, second)]
    if any(one is None or one.imported is not None for one in made):
        return {}, {}
    one, two = (
        {
            "seller": {seat.id: seat.stream or seat.id for seat in file.scenario.sellers},
            "buyer": {seat.id: seat.stream or seat.id for seat in file.scenario.buyers},
        }
        for file in made
        if file is not None
    )
    return one, two


def _anchored_apart(first: Path, second: Path) -> Iterator[str]:
    """Say so where the runs' anchors were solved to different shops, or only one has an anchor."""
    one, two = (_anchor(run_file(run)) for run in (first, second))
    if one is None and two is None:
        return
    if one is None or two is None:
        only = second if one is None else first
        yield f"Only {only} has an [anchor]: what changed includes what was solved for it."
    elif not one.same(two):
        yield (
            "The anchors of these runs were solved to different levels: what changed includes "
            "that. For one shop in both, set anchor.run of the second to the folder of the first."
        )


def _of_people(first: Path, second: Path) -> Iterator[str]:
    """Say what the intervals leave out where people sit in one of the runs only."""
    some = [run for run in (first, second) if _has_people(run)]
    if len(some) == 1:
        yield (
            f"People take seats in {some[0]}: the intervals are for other products with these very "
            f"people. For other people: {program_name()} compare {some[0]}"
        )


def _has_people(run: Path) -> bool:
    made = run_file(run)
    return made is not None and bool(person_seats(made.scenario))


def _anchor(made: RunFile | None) -> AnchorRecord | None:
    return made.behavioral.anchor if made is not None and made.behavioral is not None else None


def own_of(first: Path, second: Path) -> tuple[Measure, ...]:
    """Return the measures of the runs' protocol; only those that both runs have."""
    from retailsim.analysis.projection.registered import own_measures

    there = own_measures(second)
    return tuple(one for one in own_measures(first) if one in there)


def share_draws(first: Path, second: Path) -> bool:
    """Whether the runs have one seed; logs that nobody says it of may have."""
    one, two = run_file(first), run_file(second)
    if one is None or two is None:
        return True
    protocols = one.scenario.design.protocol, two.scenario.design.protocol
    if protocols[0] != protocols[1]:
        raise OtherProtocol(first, protocols[0], second, protocols[1])
    if one.imported is not None or two.imported is not None:
        return one.imported is not None and two.imported is not None
    return one.scenario.run.seed == two.scenario.run.seed


def run_file(run: Path) -> RunFile | None:
    """Return what a run says of how it was made; None of a bare log."""
    try:
        return RunFolder(run).read()
    except NotARunFolder:
        return None
