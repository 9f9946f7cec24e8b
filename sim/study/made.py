"""The run of a study: made with its seats, or gone on with."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from retailsim.agents.person.desk import Desk
from retailsim.agents.protocol import PERSON
from retailsim.events.messages import Role
from retailsim.sim.execution.job import run_design
from retailsim.sim.execution.runner import RunControl, RunOutcome
from retailsim.sim.folder.currency import currency_of
from retailsim.sim.folder.run_folder import RunFolder
from retailsim.sim.play.survey import survey
from retailsim.sim.run.launch import asked_scenario, make, own_tables, play_prepared, prepare
from retailsim.sim.run.launch_options import Options
from retailsim.sim.run.resume import go_on
from retailsim.sim.scenario.protocol import run_of, scenario_protocol
from retailsim.sim.scenario.scenario import Scenario
from retailsim.sim.scenario.study_design import StudyDesign
from retailsim.sim.scenario.study_table import StudyTable
from retailsim.sim.seats.cast import ROLES
from retailsim.sim.study.errors import BadRegister, BadStudy
from retailsim.sim.study.materials import read_materials
from retailsim.sim.study.register import Register, sole_use
from retailsim.sim.study.session import StudySession
from retailsim.sim.terminal.audience import Audience
from retailsim.sim.terminal.program_name import program_name

OF_RUNS = ("budget", "settings")
"""Options that may be given with a run that goes on, as for `resume`."""
_ALONE = "design.broadcast"

Playing = Callable[[Audience, RunControl], RunOutcome | None]


@dataclass(frozen=True, kw_only=True)
class Study:
    """A study's session, what plays its run, and the run's seed.

    Playing returns None if nothing is left to play.
    """

    session: StudySession
    play: Playing
    seed: int


@contextmanager
def sole_study(scenario: str, *how: Any, **more: Any) -> Iterator[Study]:
    """Yield the study that a command asks for, as `study_for`; nobody else goes on with it.

    What is known of it is read once nobody else can change that any more.
    """
    path, instead = Path(scenario), "stop the other program first"
    if (path / "run.toml").is_file():
        with sole_use(path, instead):
            yield study_for(scenario, *how, **more)
        return
    study = study_for(scenario, *how, **more)
    study.session.register.key()  # so that there is a register to hold
    with sole_use(study.session.run, instead):
        yield study


def study_for(
    scenario: str,
    seats: int | None,
    flags: Mapping[str, Any],
    desk: Desk,
    audience: Audience,
    *,
    rehearsal: bool = False,
) -> Study:
    """Return the study that a command asks for: a new one, or one that goes on.

    Parameters
    ----------
    rehearsal : bool
        Whether it is for bots.

    Raises
    ------
    BadStudy
        If a run that goes on is to have other seats or agents, or bots where people sit.
    SimError, CatalogError, BadProfiles
        As `new_study` and `study_again`.
    """
    if not (Path(scenario) / "run.toml").is_file():
        options = Options(scenario=scenario, **flags)
        return new_study(options, seats, desk, audience, rehearsal=rehearsal)
    goes_on = {name: flags[name] for name in OF_RUNS if name in flags}
    refuse_changes(scenario, {"seats": seats, **flags, **dict.fromkeys(goes_on)})
    study = study_again(Path(scenario), desk, **goes_on)
    if study.session.table.rehearsal and not rehearsal:
        problem = "it is a rehearsal by bots; go on with --bots, or make a new run for people"
        raise BadStudy(scenario, problem)
    if rehearsal and not study.session.table.rehearsal:
        raise BadStudy(scenario, "it is a study with people, in which bots have no place")
    return study


def refuse_changes(run: str | Path, flags: Mapping[str, Any]) -> None:
    """Refuse options that say how a run is made, where it is made; raises `BadStudy`."""
    told = {**flags, "verbose": None}
    given = [f"--{name}" for name, value in told.items() if value not in (None, ())]
    if given:
        raise BadStudy(run, f"it goes on as it was made; leave out {', '.join(given)}")


def new_study(
    options: Options,
    seats: int | None,
    desk: Desk,
    audience: Audience,
    *,
    rehearsal: bool = False,
) -> Study:
    """Make the run of a study; nothing is played yet.

    Parameters
    ----------
    options : Options
        As for a launch.
    seats : int or None
        How many people take part at most; None: as the scenario says.
    rehearsal : bool
        Whether it is for bots: then the run, and its name, say so.

    Raises
    ------
    BadStudy
        If it does not say how many seats there are, or names agents for them; if people sit on the
        other side, too; if what participants shall read or fill in cannot be used.
    SimError, CatalogError, BadProfiles
        As `prepare`.
    """
    scenario, folder = asked_scenario(_with_somebody(options))
    table = scenario.study or StudyTable()
    count = seats or table.seats
    if count is None:
        raise BadStudy(options.scenario, "how many take part? Name it with --seats N")
    role = table.role
    if getattr(options, f"{role}s") is not None:
        raise BadStudy(f"--{role}s", f"people are the {role}s of this study; leave it out")
    settings = [f"study.seats={count}", *options.settings]
    settings += [f"study.rehearsal={json.dumps(rehearsal)}"]
    if rehearsal:
        settings.insert(0, f"run.name={json.dumps(f'{scenario.run.name}-rehearsal')}")
    if _ALONE in run_of(scenario_protocol(scenario, folder, options.scenario)).own_keys:
        settings.insert(0, f'{_ALONE}="episode"')
    seated = msgspec.structs.replace(
        options,
        workers=1,
        desk=desk,
        settings=tuple(settings),
        **{f"{role}s": _seats(scenario, role, count)},
    )
    prepared = prepare(seated, audience)
    if others := [name for name in prepared.cast.people() if not name.startswith(f"{role}:")]:
        problem = f"people are the {role}s of this study, and nobody has a link to {others[0]}"
        raise BadStudy(options.scenario, f"{problem}; let another agent take it")
    read_materials(prepared.scenario.study or table, Path())  # before a folder is made for them
    run = make(prepared)

    def play(audience: Audience, control: RunControl) -> RunOutcome:
        return play_prepared(prepared, run, audience, control)

    seed = prepared.scenario.run.seed
    return Study(session=session_of(run.path, desk), play=play, seed=seed)


def study_again(
    path: Path, desk: Desk, *, budget: float | None = None, settings: Sequence[str] = ()
) -> Study:
    """Return a study that goes on, whatever stopped it.

    Parameters
    ----------
    budget, settings
        What is to be another from now on, as `go_on` takes it.

    Raises
    ------
    BadStudy
        If it is the run of none.
    SimError
        As `go_on`.
    """

    def play(audience: Audience, control: RunControl) -> RunOutcome | None:
        return go_on(path, audience, budget=budget, settings=settings, desk=desk, control=control)

    seed = RunFolder(path).read().scenario.run.seed
    return Study(session=session_of(path, desk), play=play, seed=seed)


def session_of(path: Path, desk: Desk) -> StudySession:
    """Return the session of a study's run, with what the log says of it; reads the whole log.

    Raises
    ------
    BadStudy, BadRegister, NotARunFolder, LogDamaged
    """
    run = RunFolder(path)
    file = run.read()
    table, design = file.scenario.study, run_design(run, file)
    if table is None or not isinstance(design, StudyDesign):
        raise BadStudy(path, "this run is no study; make one with: study SCENARIO --seats N")
    before, broken = _played(run, design, table.role)
    register = Register(path)
    for one in register.participants:
        if one.conversation > len(design.plan.get(one.seat, ())) or one.seat not in design.plan:
            place = register.folder / f"{one.seat}.json"
            raise BadRegister(place, "this study has no such seat or conversation")
    return StudySession(
        run=path,
        table=table,
        materials=read_materials(table, run.inputs),
        plan=design.plan,
        markets=_markets(design, table.role),
        before=before,
        broken=broken,
        register=register,
        desk=desk,
        currency=currency_of(path),
        program=program_name(),
    )


def _markets(design: StudyDesign, role: Role) -> Mapping[str, tuple[str, ...]]:
    """Return the names of the markets that each seat plays, in their order."""
    found: dict[str, list[str]] = {seat: [] for seat in design.plan}
    for spec in design.markets():
        for other, name in spec.seats:
            if other == role:
                found[name].append(spec.id)
    return {seat: tuple(own) for seat, own in found.items()}


def _played(
    run: RunFolder, design: StudyDesign, role: Role
) -> tuple[Mapping[str, int], frozenset[str]]:
    """Return how many markets of each seat are over, and the seats that have a failed one."""
    found = survey(run.events)
    failed = found.failed.markets | frozenset(found.failed.episodes)
    before, broken = Counter[str](), set[str]()
    for spec in design.markets():
        if spec.id in found.closed:
            own = {name for other, name in spec.seats if other == role}
            before.update(own)
            if spec.id in failed:
                broken |= own
    return before, frozenset(broken)


def _with_somebody(options: Options) -> Options:
    """Return options to read a scenario by that leaves the seats of people empty."""
    tree, _ = own_tables(options)
    empty = [role for role in ROLES if not (getattr(options, f"{role}s") or tree.get(f"{role}s"))]
    somebody = [{"id": "somebody", "agent": PERSON}]
    return msgspec.structs.replace(options, **{f"{role}s": somebody for role in empty})


def _seats(scenario: Scenario, role: Role, count: int) -> list[dict[str, Any]]:
    """Return the people's seats as tables, with the options of the scenario's own, if it has one.

    Without, who leaves ends the dialogue by the protocol's own ways, where the role has some.
    """
    own = [seat for seat in scenario.seats(role) if seat.agent == PERSON]
    options = dict(own[0].options) if own else {"when_gone": "leave" if role == "buyer" else "fail"}
    width = max(3, len(str(count)))
    return [
        {"id": f"p{number:0{width}}", "agent": PERSON, "options": options}
        for number in range(1, count + 1)
    ]
