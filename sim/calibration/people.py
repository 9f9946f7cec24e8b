"""`calibrate RUN`: the behavioral buyers fitted to what people did in a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import tomli_w

from retailsim.agents.footing import Footing
from retailsim.agents.parameter_files import laid_over
from retailsim.agents.protocol import agents_of
from retailsim.events.toml_text import parse_toml
from retailsim.market.protocols.registry import imported
from retailsim.sim.calibration.fitted_file import FITTED, check_fitted
from retailsim.sim.calibration.people_calibration import PeopleCalibration, calibrated
from retailsim.sim.calibration.people_fit import EXCHANGES, FEWEST_PEOPLE
from retailsim.sim.calibration.people_seen import seen_of
from retailsim.sim.calibration.people_text import as_json, show
from retailsim.sim.errors import CannotWrite
from retailsim.sim.execution.job import protocol_of
from retailsim.sim.folder.inputs import with_inputs
from retailsim.sim.folder.run_folder import RunFolder
from retailsim.sim.people.counted import PeopleEpisodes, people_episodes
from retailsim.sim.people.errors import NothingToFit
from retailsim.sim.people.twin_events import simulated, twin_events
from retailsim.sim.scenario.scenario import PARAMETER_SETS
from retailsim.sim.terminal.terminal import Terminal

_FOOTED = "simulated buyers that tell their footing"


def calibrate_people(
    run: Path, out: Path | None, without: Sequence[str], terminal: Terminal
) -> int:
    """Fit and tell; returns 0 if a part is better than the parameters as they are, else 1.

    Parameters
    ----------
    out : Path or None
        Where the parameters of the parts that are better are written, for ``[behavioral]
        parameters``; where none is, nothing is written.
    without : sequence of str
        Seats of people that are left out.

    Raises
    ------
    NothingToFit
        If people sell, the protocol has no such buyers, or too few people decided.
    CannotWrite
        If `out` cannot be written; what was fitted is told before.
    InsideRun, InTheWay
        If it is among what a run is made of, or holds something else.
    """
    check_fitted(out, "--out")
    found = people_episodes(run, without)
    fitted = fitted_to(found)
    if terminal.json:
        terminal.out_json(as_json(found, fitted))
    else:
        show(found, fitted, terminal)
    if out is not None and fitted.better:
        _write(out, found, fitted)
    if out is not None:
        terminal.say(f"parameters: {out}" if fitted.better else f"{out} is not written")
    return 0 if fitted.better else 1


def fitted_to(found: PeopleEpisodes) -> PeopleCalibration:
    """Fit the behavioral buyers to the episodes of people that count.

    Raises
    ------
    NothingToFit
        As `calibrate_people`.
    """
    if found.role != "buyer":
        raise NothingToFit(found.run, "people sell in this run, and it is buyers that are fitted")
    seen = seen_of(found.episodes, footings_of(found))
    people = len(set(seen.person.tolist()))
    if people < FEWEST_PEOPLE:
        why = f"{people} people have decided beside a simulated buyer ({FEWEST_PEOPLE} needed)"
        raise NothingToFit(found.run, why)
    return calibrated(seen)


def footings_of(found: PeopleEpisodes) -> dict[str, Footing]:
    """Play the twins of a run's people, and return what each stands on, by episode."""
    make = agents_of(protocol_of(found.folder, found.file)).footing
    if make is None:
        why = "the simulated buyers of its protocol have no parameters that are fitted to people"
        raise NothingToFit(found.run, why)
    told: dict[str, Footing] = {}

    def tell(one: Footing) -> None:
        told[one.episode] = one

    [kind] = imported(make)(tell).values()
    folder = RunFolder(found.run.resolve())
    scenario = with_inputs(found.file.scenario, folder.inputs)
    file = simulated(msgspec.structs.replace(found.file, scenario=scenario), _FOOTED)
    twin_events(folder, file, found.markets, classes={_FOOTED: kind})
    return told


def tables_of(found: PeopleEpisodes, fitted: PeopleCalibration) -> dict[str, Any]:
    """Return the parameters as a file has them: those of the run below what is better."""
    better = {key for part in fitted.better for key in part.keys}
    values: dict[str, Any] = {
        one.key: round(one.value, 4) for one in fitted.fit.parameters if one.key in better
    }
    if fitted.fit.questions is not None and EXCHANGES in better:
        values[EXCHANGES] = list(fitted.fit.questions.weights)
    return laid_over(_below(found), _nested(values))


def _below(found: PeopleEpisodes) -> dict[str, Any]:
    """What the run's own parameters are, as tables of a file."""
    named = found.file.scenario.behavioral.parameters
    if named is None:
        return {}
    if named in PARAMETER_SETS:
        return {"base": named}
    return parse_toml((found.folder.inputs / named).read_text(encoding="utf-8"))


def _nested(values: Mapping[str, Any]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for key, value in values.items():
        *parts, last = key.split(".")
        place = tree
        for part in parts:
            place = place.setdefault(part, {})
        place[last] = value
    return tree


def _write(out: Path, found: PeopleEpisodes, fitted: PeopleCalibration) -> None:
    parts = ", ".join(one.part for one in fitted.better)
    lines = [
        f"{FITTED}{fitted.people} people, {fitted.episodes} episodes of {found.run.name}: {parts}.",
        *(f"# Fits poorly: {line}." for _, line in fitted.misfits),
    ]
    text = "\n".join(lines) + "\n" + tomli_w.dumps(tables_of(found, fitted))
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CannotWrite(out, error, "name another file with --out") from None
