"""A run's inputs: copies of every file that its scenario names, so that the run stands alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from retailsim.agents.protocol import PERSON, POLICY
from retailsim.sim.errors import BadScenario
from retailsim.sim.folder.run_folder import NewRun
from retailsim.sim.scenario.scenario import PARAMETER_SETS, AgentTable, Scenario
from retailsim.sim.scenario.study_table import FILES as STUDY_FILES
from retailsim.sim.scenario.study_table import StudyTable
from retailsim.sim.seats.cast import Cast

PLUGINS = "plugins"
PARAMETERS = "behavioral.toml"


def _is_file(parameters: str | None) -> bool:
    """Whether the parameters are a file's, not those of a named set."""
    return parameters is not None and parameters not in PARAMETER_SETS


def located(scenario: Scenario, folder: Path, source: str) -> Scenario:
    """Return the scenario with the paths of its agents' files made absolute.

    Raises
    ------
    BadScenario
        If one of them does not exist, or is a folder; names `source`, the scenario's file.
    """

    def place(path: str, where: str) -> str:
        found = (folder / path).resolve()
        if found.is_dir():
            raise BadScenario(source, f"{where}: {found} is a folder: name a file")
        if not found.is_file():
            raise BadScenario(source, f"{where}: there is no file {found}")
        return str(found)

    def move(seat: AgentTable) -> AgentTable:
        if seat.agent == POLICY and isinstance(seat.options.get("file"), str):
            return _filed(seat, place(seat.options["file"], f"{seat.id}.options.file"))
        path = seat.pitch_file or seat.options.get("pitch_file")
        if seat.agent != "script" or not isinstance(path, str):
            return seat
        pitch_file = place(path, f"sellers.{seat.id}.pitch_file")
        options = {k: v for k, v in seat.options.items() if k != "pitch_file"}
        return msgspec.structs.replace(seat, pitch_file=pitch_file, options=options)

    behavioral = scenario.behavioral
    if behavioral.parameters is not None and _is_file(behavioral.parameters):
        found = place(behavioral.parameters, "behavioral.parameters")
        behavioral = msgspec.structs.replace(behavioral, parameters=found)
    study = scenario.study
    if study is not None:
        named = {key: path for key in STUDY_FILES if (path := getattr(study, key)) is not None}
        found_at = {key: place(path, f"study.{key}") for key, path in named.items()}
        scenario = msgspec.structs.replace(
            scenario, study=msgspec.structs.replace(study, **found_at)
        )
    cache = scenario.cache
    if cache.file is not None:
        cache = msgspec.structs.replace(cache, file=str((folder / cache.file).resolve()))
    scenario = msgspec.structs.replace(scenario, cache=cache)
    return _changed(scenario, move, behavioral.parameters)


def copied(scenario: Scenario, cast: Cast, folder: Path, new: NewRun) -> Scenario:
    """Copy the agents' files into the new run and return the scenario that names the copies."""

    def copy(seat: AgentTable) -> AgentTable:
        if seat.agent == POLICY:
            name = f"policies/{[*scenario.sellers, *scenario.buyers].index(seat)}.json"
            new.add(name, Path(seat.options["file"]).read_bytes())
            return _filed(seat, name)
        if seat.pitch_file is None:
            return seat
        name = f"pitches/{scenario.sellers.index(seat)}.txt"
        new.add(name, Path(seat.pitch_file).read_bytes())
        return msgspec.structs.replace(seat, pitch_file=name)

    for module in cast.modules_in(folder):
        name = module.relative_to(folder.resolve()).as_posix()
        new.add(f"{PLUGINS}/{name}", module.read_bytes())
    parameters = scenario.behavioral.parameters
    if parameters is not None and _is_file(parameters):
        new.add(PARAMETERS, Path(parameters).read_bytes())
        parameters = PARAMETERS
    scenario = msgspec.structs.replace(scenario, study=_study_copied(scenario.study, new))
    return _changed(scenario, copy, parameters)


def _study_copied(study: StudyTable | None, new: NewRun) -> StudyTable | None:
    """Copy what participants read into the run."""
    if study is None:
        return None
    copies = {}
    for key in STUDY_FILES:
        path = getattr(study, key)
        if path is not None:
            copies[key] = f"study/{key}{Path(path).suffix}"
            new.add(copies[key], Path(path).read_bytes())
    return msgspec.structs.replace(study, **copies)


def with_inputs(scenario: Scenario, inputs: Path) -> Scenario:
    """Return the scenario with every agent told where its files are, below `inputs`.

    `inputs` is joined to the paths, so absolute ones stay as they are.
    """
    parameters = scenario.behavioral.parameters

    def tell(seat: AgentTable) -> AgentTable:
        options = dict(seat.options)
        if seat.agent == POLICY and isinstance(options.get("file"), str):
            options["file"] = str(inputs / options["file"])
        if seat.agent == "script" and seat.pitch_file is not None:
            options["pitch_file"] = str(inputs / seat.pitch_file)
        if seat.agent == "behavioral" and parameters is not None:
            place = str(inputs / parameters) if _is_file(parameters) else parameters
            options.setdefault("parameters", place)
        if seat.agent == PERSON and parameters is not None:
            place = str(inputs / parameters) if _is_file(parameters) else parameters
            own = options.get("stand_in", {})
            if isinstance(own, dict):  # what else it may be, the seat says
                options["stand_in"] = {"parameters": place, **own}
        return msgspec.structs.replace(seat, options=options)

    return _changed(scenario, tell, parameters)


def _filed(seat: AgentTable, file: str) -> AgentTable:
    """Return a seat with another place of its policy."""
    return msgspec.structs.replace(seat, options={**seat.options, "file": file})


def _changed(
    scenario: Scenario, change: Callable[[AgentTable], AgentTable], parameters: str | None
) -> Scenario:
    return msgspec.structs.replace(
        scenario,
        sellers=tuple(map(change, scenario.sellers)),
        buyers=tuple(map(change, scenario.buyers)),
        behavioral=msgspec.structs.replace(scenario.behavioral, parameters=parameters),
    )
