"""Sweeps and experiments: what came of all their runs together, and each run of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec
from aiohttp import web
from markupsafe import Markup

from retailsim.analysis.exhibits.parts import Figure, Report
from retailsim.analysis.projection.registered import protocol_name
from retailsim.analysis.report.page import drawn
from retailsim.events.errors import RetailSimError
from retailsim.events.whole_file import read_bounded
from retailsim.sim.error_line import line_and_status
from retailsim.sim.experiments.experiment import MARK as EXPERIMENT
from retailsim.sim.experiments.outcome_page import outcome_page
from retailsim.sim.experiments.played_outcome import played_outcome
from retailsim.sim.experiments.presets import arms_of
from retailsim.sim.folder.currency import in_currency_of
from retailsim.sim.folder.run_keys import key_of
from retailsim.sim.studio.compare.page import mark
from retailsim.sim.studio.site.errors import UnclearStudy
from retailsim.sim.studio.site.pages import rendered
from retailsim.sim.studio.site.runs import run_folders
from retailsim.sim.studio.site.studio import STUDIO, NotThere, Studio
from retailsim.sim.studio.state import State, state_of
from retailsim.sim.sweep.kept_sweep import kept_sweep
from retailsim.sim.sweep.sweep import MARK as SWEEP
from retailsim.sim.sweep.sweep import measured
from retailsim.sim.sweep.sweep_page import report as sweep_page

Kind = Literal["sweep", "experiment"]
_MARKS: Mapping[str, Kind] = {SWEEP: "sweep", EXPERIMENT: "experiment"}
_MOST_BYTES = 1 << 20


class Study(NamedTuple):
    """A folder whose runs belong together; `runs` has their folders by their keys."""

    kind: Kind
    folder: Path
    runs: Mapping[str, Path]


class NoSuchStudy(NotThere):
    """No sweep or experiment has the key that an address names."""

    def __init__(self) -> None:
        super().__init__(text="There is no such sweep or experiment here; it may have been moved.")


class Arm(NamedTuple):
    """A run of a study; without a key it is not there yet."""

    label: str
    key: str | None
    state: str


class Told(NamedTuple):
    """What came of a study, drawn."""

    report: Report
    figures: Mapping[str, Markup]

    def draw(self, figure: Figure) -> Markup:
        """Return a figure of the page."""
        return self.figures[figure.name]


def studies_of(root: Path, found: Mapping[str, Path]) -> dict[str, Study]:
    """Return the sweeps and experiments among the runs of a folder, by their keys.

    Parameters
    ----------
    found : mapping of str to Path
        The runs, as `run_folders` returns them.
    """
    studies: dict[str, Study] = {}
    for key, run in found.items():
        if run == root:
            continue  # what is beside the one run that is shown is not
        place = run.parent.relative_to(root)
        above = key_of(place if place.parts else Path(root.resolve().name))
        if above in studies:
            if studies[above].folder == run.parent:
                studies[above] = studies[above]._replace(runs={**studies[above].runs, key: run})
        elif kind := _kind(run.parent):
            studies[above] = Study(kind, run.parent, {key: run})
    return studies


def _kind(folder: Path) -> Kind | None:
    return next((kind for name, kind in _MARKS.items() if (folder / name).is_file()), None)


async def study(request: web.Request) -> web.Response:
    """Show a sweep or an experiment."""
    studio, key = request.app[STUDIO], request.match_info["study"]
    html = await studio.work(_html, request, studio, key)
    return web.Response(text=html, content_type="text/html")


def _html(request: web.Request, studio: Studio, key: str) -> str:
    found = studies_of(studio.root, run_folders(studio.root)).get(key)
    if found is None:
        raise NoSuchStudy
    told, arms, why = None, tuple(_as_they_lie(found)), ""
    try:
        places = _places(found)
        arms = tuple(_arms(found, places))
        if all(arm.state == State.COMPLETE for arm in arms):
            with in_currency_of(*places.values()):
                told = _told(found.kind, found.folder, tuple(map(mark, places.values())))
    except RetailSimError as error:
        why = line_and_status(error)[0]
    return rendered(request, "study.html", key=key, kind=found.kind, arms=arms, told=told, why=why)


def _as_they_lie(found: Study) -> Iterator[Arm]:
    """The runs by the names of their folders, where nobody says what they are."""
    for key, run in found.runs.items():
        yield Arm(run.name, key, state_of(run))


def _places(found: Study) -> dict[str, Path]:
    """Return the folders of a study's arms, played or not, by the arms' labels."""
    if found.kind == "experiment":
        arms = arms_of(_experiment(found.folder))
        return {arm.label: found.folder / arm.label for arm in arms}
    runs = kept_sweep(found.folder).runs
    return {label: options.out for label, options in runs.items() if options.out}


def _arms(found: Study, places: Mapping[str, Path]) -> Iterator[Arm]:
    keys = {run: key for key, run in found.runs.items()}
    for label, run in places.items():
        yield Arm(label, keys.get(run), state_of(run) if run in keys else "not begun")


@lru_cache(maxsize=4)
def _told(kind: Kind, folder: Path, marks: tuple[object, ...]) -> Told:
    """Measure a study, or return what is kept of that as long as none of its runs changes."""
    made: Mapping[Kind, Callable[[Path], Report]] = {"sweep": _sweep, "experiment": _experiments}
    report = made[kind](folder)
    figures = (figure for section in report.sections for figure in section.figures)
    return Told(report, {one.name: drawn(one) for one in figures})


def _sweep(folder: Path) -> Report:
    found = kept_sweep(folder)
    return sweep_page(found, *measured(found, None))


def _experiments(folder: Path) -> Report:
    name = _experiment(folder)
    runs = {arm.label: folder / arm.label for arm in arms_of(name)}
    for run in runs.values():
        if ":" in protocol_name(run):  # its code stands in the folder, and is not run for a look
            raise UnclearStudy(folder, "its runs are of a protocol whose code they bring")
    return outcome_page(name, played_outcome(name, runs))


def _experiment(folder: Path) -> str:
    """Return which experiment a folder is of."""
    try:
        words = read_bounded(folder / EXPERIMENT, _MOST_BYTES)
        told = msgspec.json.decode(words, type=list[object])
    except (OSError, msgspec.MsgspecError) as error:
        raise UnclearStudy(folder, f"{EXPERIMENT} cannot be read: {error}") from None
    if not (told and isinstance(told[0], str)):
        raise UnclearStudy(folder, f"{EXPERIMENT} does not say which experiment it is")
    return told[0]


ROUTES = (web.get("/studies/{study}/", study),)
