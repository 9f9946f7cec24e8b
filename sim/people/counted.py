"""Which episodes of a run's people count beside simulated agents, and why the others do not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec
import polars as pl

from retailsim.agents.person.options import Absence
from retailsim.agents.person.recorded import read_recorded
from retailsim.analysis.projection.loader import load
from retailsim.analysis.projection.pieces import extract
from retailsim.analysis.projection.projection import merge
from retailsim.analysis.projection.protocol_tables import table_set
from retailsim.analysis.projection.registered import registered
from retailsim.events.log.reader import read_lines
from retailsim.events.messages import Event, Role
from retailsim.market.core.spec import MarketSpec
from retailsim.sim.execution.job import cast_of, run_design
from retailsim.sim.folder.participants import WithdrawalUnknown, rehearsal, unread, withdrawn
from retailsim.sim.folder.run_folder import RunFile, RunFolder
from retailsim.sim.people.errors import NoPeople, NoSuchPeople, PeopleOnBothSides
from retailsim.sim.people.twin_events import (
    person_seats,
    simulated,
    twin_events,
    waits_in,
)
from retailsim.sim.play.retries import attempt
from retailsim.sim.run.trust import brought, check_trust

Why = Literal[
    "withdrawn", "unopened", "open", "failed", "left", "handed over", "partner waits", "changed"
]

WORDS: Mapping[Why, str] = {
    "withdrawn": "of people who withdrew, or named by --without",
    "unopened": "never opened: nobody got that far",
    "open": "not at their end yet",
    "failed": "failed before the decision",
    "left": "left by the person before the decision",
    "handed over": "finished by a behavioral agent, for the person had left",
    "partner waits": "with a partner that waits, such as a model: it would have to be asked anew",
    "changed": "whose market the design does not have any more",
}


class PeopleEpisodes(msgspec.Struct, frozen=True, kw_only=True):
    """A run's people, and the episodes of theirs that count.

    Parameters
    ----------
    role : {"seller", "buyer"}
        Where they sit.
    episodes : polars.DataFrame
        As a projection has them, with ``person`` (the seat's id) and ``pair`` (the episode's name
        in the design), sorted by it.
    markets : tuple of str
        The names in the design of the markets of these episodes and of `lost`, in its order.
    left_out : mapping of reason to episodes
        How many episodes do not count, by why.
    lost : polars.DataFrame
        Those of them that were begun, could have a twin, and have no decision of the person's.
    unfinished : bool
        Whether the run has episodes that are open or were never opened.
    """

    run: Path
    folder: RunFolder
    file: RunFile
    role: Role
    episodes: pl.DataFrame
    markets: tuple[str, ...]
    left_out: Mapping[Why, int]
    lost: pl.DataFrame
    unfinished: bool

    @property
    def people(self) -> int:
        """How many people they are of."""
        return self.episodes["person"].n_unique()

    def cautions(self) -> tuple[str, ...]:
        """Return what has to be known before anybody takes them for data."""
        return tuple(rehearsal(self.run))

    def left_out_told(self) -> Iterator[str]:
        """Yield a line for each reason why episodes do not count."""
        for why, count in self.left_out.items():
            yield f"  - {count:,} {WORDS[why]}"


def people_episodes(
    run: Path, without: Sequence[str] = (), *, trust: bool = False
) -> PeopleEpisodes:
    """Return the episodes of a run's people that count beside simulated agents.

    Parameters
    ----------
    without : sequence of str
        Seats that are left out, beside those of people who withdrew from a study.
    trust : bool
        Whether the run's code may be run, if it was not launched here.

    Raises
    ------
    NoPeople, PeopleOnBothSides, NoSuchPeople
        If there is nobody to look at, or nobody of such a name.
    WithdrawalUnknown
        If it cannot be read whether somebody withdrew who is not left out.
    Untrusted, RunChanged, LogDamaged
        If the run cannot be played again.
    """
    folder = RunFolder(run)
    file = folder.read()
    check_trust(folder, file, brought(folder, file), trust=trust, what="played again")
    seats = person_seats(file.scenario)
    if not seats:
        raise NoPeople(run)
    if len(seats) > 1:
        raise PeopleOnBothSides(run)
    [(role, ids)] = seats.items()
    taken = set(without) | withdrawn(run)
    for unsure in unread(run):
        if unsure.stem not in taken:
            raise WithdrawalUnknown(unsure)
    if unknown := [name for name in without if name not in ids]:
        raise NoSuchPeople(run, unknown, ids)
    specs = {spec.episodes[0].episode: spec for spec in _of_people(folder, file, role, ids)}
    frame = _known(load(run).episodes, role, ids)
    reasons = _reasons(frame, specs, taken, folder, file)
    begun = set(frame["pair"])
    never = [spec for name, spec in specs.items() if name not in begun]
    gone = sum(1 for spec in never if any((role, name) in spec.seats for name in taken))
    count = Counter(reason for reason in reasons if reason is not None)
    count += Counter({"withdrawn": gone, "unopened": len(never) - gone})
    marked = frame.with_columns(why=pl.Series(reasons, dtype=pl.String))
    counted = marked.filter(pl.col("why").is_null()).drop("why").sort("pair")
    lost = marked.filter(pl.col("why").is_in(["failed", "left"]))
    wanted = {attempt(name)[0] for name in (*counted["market"], *lost["market"])}
    return PeopleEpisodes(
        run=run,
        folder=folder,
        file=file,
        role=role,
        episodes=counted,
        markets=tuple(spec.id for spec in specs.values() if spec.id in wanted),
        left_out={why: count[why] for why in WORDS if count[why]},
        lost=lost,
        unfinished=bool(count["open"] or count["unopened"]),
    )


def twins_of(found: PeopleEpisodes, file: RunFile | None = None) -> pl.DataFrame:
    """Play the twins of episodes that count, and return theirs as a projection has them.

    Parameters
    ----------
    file : RunFile or None
        The run with simulated agents in people's seats; None: by the seats' own options.
    """
    events = twin_events(found.folder, file or simulated(found.file), found.markets)
    frame = episodes_in(found.run, events)
    return _known(frame, found.role, None).sort("pair")


def episodes_in(run: Path, events: Iterable[Event]) -> pl.DataFrame:
    """Return the episodes of some events, as the projection of a run's log would have them."""
    protocol = registered(run)
    tables = table_set(protocol.name, protocol.tables)
    lines = b"".join(msgspec.json.encode(event) + b"\n" for event in events)
    return merge([extract(lines, tables)], tables).episodes


def _of_people(
    folder: RunFolder, file: RunFile, role: Role, ids: Sequence[str]
) -> Iterator[MarketSpec]:
    people = {(role, name) for name in ids}
    return (s for s in run_design(folder, file).markets() if not people.isdisjoint(s.seats))


def _known(episodes: pl.DataFrame, role: Role, ids: Sequence[str] | None) -> pl.DataFrame:
    """Episodes of these seats that count at all, with what pairs them."""
    some = episodes.filter(~pl.col("superseded") & (pl.col("status") != "unopened"))
    if ids is not None:
        some = some.filter(pl.col(role).is_in(list(ids)))
    names = [attempt(name)[0] for name in some["episode"]]
    return some.with_columns(person=pl.col(role), pair=pl.Series(names, dtype=pl.String))


def _reasons(
    frame: pl.DataFrame,
    specs: Mapping[str, MarketSpec],
    without: set[str],
    folder: RunFolder,
    file: RunFile,
) -> list[Why | None]:
    """Say of each episode why it does not count, or None."""
    seats = person_seats(file.scenario).items()
    gone = _gone(folder.events, {f"{role}:{name}" for role, ids in seats for name in ids})
    cast = cast_of(folder, simulated(file))

    def why(row: Mapping[str, Any]) -> Why | None:
        if row["person"] in without:
            return "withdrawn"
        if row["status"] == "open":
            return "open"
        spec = specs.get(row["pair"])
        if spec is None:
            return "changed"
        if waits_in(cast, file.scenario, spec):
            return "partner waits"
        absence, had_decided = gone.get(row["episode"], (None, True))
        if absence == "hand over":
            return "handed over"
        if not had_decided:
            return "left"
        return None if row["decided"] else "failed"

    return [why(row) for row in frame.iter_rows(named=True)]


class _Line(msgspec.Struct, frozen=True):
    """What is read of a line: a decision's episode, or also who answered what."""

    episode: str | None
    source: str = ""
    answer: str | None = None


_BEGINS = tuple(
    b'{"type":"%s"' % name.encode() for name in ("OutsideAnswered", "DecisionMade", "OrderPlaced")
)


def _gone(events: Path, people: Collection[str]) -> dict[str | None, tuple[Absence, bool]]:
    """Return by episode what came of it that its person was gone, and whether it had decided.

    An answer stands in the log before what follows from it.
    """
    decode = msgspec.json.Decoder(_Line).decode
    decided: set[str | None] = set()
    found: dict[str | None, tuple[Absence, bool]] = {}
    for line in read_lines(events):
        if not line.startswith(_BEGINS):
            continue
        one = decode(line)
        if not line.startswith(_BEGINS[0]):
            decided.add(one.episode)
        elif one.source in people and one.answer is not None:
            gone = read_recorded(one.answer).gone
            if gone is not None:
                found.setdefault(one.episode, (gone, one.episode in decided))
    return found
