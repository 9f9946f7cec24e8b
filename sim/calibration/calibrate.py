"""`calibrate`: fits the behavioral agents to a file of targets, and writes the parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import tomli_w

from retailsim.sim.budget.estimate import counted
from retailsim.sim.calibration.fitted_file import FITTED, SPREAD, check_fitted
from retailsim.sim.calibration.seed_spread import OURS
from retailsim.sim.calibration.targets import read_targets
from retailsim.sim.errors import CannotWrite, packages_for
from retailsim.sim.terminal.terminal import Terminal

if TYPE_CHECKING:
    from rich.table import Table

    from retailsim.sim.calibration.fit import Fit
    from retailsim.sim.calibration.unseen_seeds import UnseenCell, UnseenSeeds


def calibrate(
    targets: Path, out: Path | None, rounds: int | None, terminal: Terminal, cells: Path | None
) -> int:
    """Fit and tell; returns 0 if every target is met on unseen seeds, else 1.

    Parameters
    ----------
    targets : Path
        A file, or one of ours: ``published`` (Tables 2, 3 and 8), ``stand-ins`` (Tables 4 and 10).
    out : Path or None
        Where the parameters are written, to be used as ``[behavioral] parameters``.
    rounds : int or None
        At most so many; None: `fit.ROUNDS`.
    cells : Path or None
        Where it is written how the targets vary over the unseen seeds.

    Raises
    ------
    BadScenario, MissingExtra
        If the targets make no sense, or a package is not installed.
    CannotWrite
        If `out` or `cells` cannot be written; what was fitted is told before.
    InsideRun, InTheWay
        If one of them is among what a run is made of, or holds something else.
    """
    check_fitted(out, "--out")
    check_fitted(cells, "--cells")
    with packages_for("calibrate"):
        from retailsim.sim.calibration.fit import ROUNDS, fit
    from retailsim.sim.calibration.moments import Moments, as_tree
    from retailsim.sim.calibration.unseen_seeds import unseen

    path = targets_file(targets)
    read = read_targets(path)
    moments = Moments(read, path.parent)
    terminal.say(
        f"{counted(len(read.targets), 'target')}, {moments.episodes():,} episodes of "
        f"{counted(read.seeds, 'seed')} an evaluation"
    )
    found = fit(read, moments, terminal.say, ROUNDS if rounds is None else rounds)
    values = {parameter.key: parameter.value for parameter in found.parameters}
    others = Moments(read, path.parent, read.unseen_seeds, cut=False, chances=False)
    terminal.say(f"{others.episodes():,} episodes of {read.unseen} seeds that the fit has not used")
    seen = unseen(read.targets, others, values, read.unseen_seeds)
    if terminal.json:
        terminal.out_json({**msgspec.to_builtins(found), "unseen": msgspec.to_builtins(seen)})
    else:
        _show(found, seen, terminal, moved=rounds != 0)
    # Last: what took minutes is told before a place can turn out to be none.
    if out is not None:
        _write(out, f"{FITTED}{path.name}.", as_tree(values), "--out")
    if cells is not None:
        about = f"{SPREAD}{path.name} vary over seeds that no fit has used."
        _write(cells, about, msgspec.to_builtins(seen), "--cells")
    return 1 if seen.missed else 0


def calibrate_run(run: Path, out: Path | None, without: Sequence[str], terminal: Terminal) -> int:
    """Fit to a run's people, as `people.calibrate_people`."""
    with packages_for("calibrate"):
        from retailsim.sim.calibration.people import calibrate_people
    return calibrate_people(run, out, without, terminal)


def targets_file(targets: Path) -> Path:
    """Return the file that is meant: one of ours by its name, else the user's own."""
    if str(targets) in OURS:
        return Path(str(files("retailsim.sim.calibration").joinpath(f"{targets}.toml")))
    return targets


def _write(place: Path, about: str, tree: Mapping[str, Any], flag: str) -> None:
    try:
        place.write_text(f"{about}\n{tomli_w.dumps(tree)}", encoding="utf-8")
    except OSError as error:
        raise CannotWrite(place, error, f"name another file with {flag}") from None


def _show(found: Fit, seen: UnseenSeeds, terminal: Terminal, *, moved: bool) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    from retailsim.analysis.replay.terminal_tables import Name

    headings = ("Target", "wanted", "mean", "off by", "allowed", "single seeds", "")
    table = Table(*headings, box=SIMPLE_HEAD, pad_edge=False)
    for cell in seen.cells:
        table.add_row(
            Name(cell.name),
            f"{cell.target:.3f}",
            f"{cell.mean:.3f}",
            f"{cell.mean - cell.target:+.3f}",
            f"{cell.allowed:.3f}",
            f"{cell.low:.3f} to {cell.high:.3f}",
            _remark(cell),
        )
    terminal.show(table)
    if moved:
        terminal.show(_moved(found))
    fitted = sum(cell.fitted for cell in seen.cells)
    terminal.out(
        f"{fitted - len(seen.missed)} of {fitted} targets met by the mean over {seen.words}, "
        f"which the fit has not used; single seeds vary as shown and are not judged"
    )
    terminal.out(
        f"weighted loss over the seeds of the fit {found.start_loss:.1f} -> {found.loss:.1f} in "
        f"{found.evaluations} evaluations"
    )


def _remark(cell: UnseenCell) -> str:
    if not cell.fitted:
        return "not fitted"
    return "" if cell.within else "too far"


def _moved(found: Fit) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    from retailsim.analysis.replay.terminal_tables import Name

    table = Table("Parameter", "was", "is", "standard error", box=SIMPLE_HEAD, pad_edge=False)
    for parameter in found.parameters:
        error = "not identified" if parameter.error is None else f"{parameter.error:.3f}"
        table.add_row(
            Name(parameter.key), f"{parameter.start:.3f}", f"{parameter.value:.3f}", error
        )
    return table
