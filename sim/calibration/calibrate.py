"""`calibrate`: fits the behavioral agents to a file of targets, and writes the parameters."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import tomli_w

from retailsim.sim.budget.estimate import counted
from retailsim.sim.calibration.targets import read_targets
from retailsim.sim.errors import CannotWrite, MissingExtra
from retailsim.sim.terminal.terminal import Terminal

if TYPE_CHECKING:
    from retailsim.sim.calibration.fit import Fit

OURS = ("published", "stand-ins")
"""Targets that come with the package."""


def calibrate(targets: Path, out: Path | None, rounds: int | None, terminal: Terminal) -> int:
    """Fit and tell; returns 0 if every target is met as near as it asks for, else 1.

    Parameters
    ----------
    targets : Path
        A file, or one of ours: ``published`` (Tables 2, 3 and 8), ``stand-ins`` (Tables 4 and 10).
    out : Path or None
        Where the parameters are written, to be used as ``[behavioral] parameters``.
    rounds : int or None
        At most so many; None: `fit.ROUNDS`.

    Raises
    ------
    BadScenario, MissingExtra
        If the targets make no sense, or a package is not installed.
    CannotWrite
        If `out` cannot be written; what was fitted is told before.
    """
    try:
        from retailsim.sim.calibration.fit import ROUNDS, fit
    except ModuleNotFoundError as error:
        raise MissingExtra("calibrate", error.name or "a package") from None
    from retailsim.sim.calibration.moments import Moments, as_tree

    path = targets
    if str(targets) in OURS:
        path = Path(str(files("retailsim.sim.calibration").joinpath(f"{targets}.toml")))
    read = read_targets(path)
    moments = Moments(read, path.parent)
    terminal.say(
        f"{counted(len(read.targets), 'target')}, {moments.episodes():,} episodes an evaluation"
    )
    found = fit(read, moments, terminal.say, ROUNDS if rounds is None else rounds)
    if terminal.json:
        terminal.out_json(found)
    else:
        _show(found, terminal)
    if out is not None:  # last: what took minutes is told before a place can turn out to be none
        values = {parameter.key: parameter.value for parameter in found.parameters}
        try:
            out.write_text(tomli_w.dumps(as_tree(values)), encoding="utf-8")
        except OSError as error:
            raise CannotWrite(out, error, "name another file with --out") from None
    return 0 if all(residual.within for residual in found.residuals) else 1


def _show(found: Fit, terminal: Terminal) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    from retailsim.analysis.replay.terminal_tables import Name

    table = Table("Target", "wanted", "fitted", "off by", "", box=SIMPLE_HEAD, pad_edge=False)
    for one in found.residuals:
        table.add_row(
            Name(one.name),
            f"{one.target:.3f}",
            f"{one.fitted:.3f}",
            f"{one.residual:+.3f}",
            "" if one.within else "too far",
        )
    moved = Table("Parameter", "was", "is", "standard error", box=SIMPLE_HEAD, pad_edge=False)
    for parameter in found.parameters:
        error = "not identified" if parameter.error is None else f"{parameter.error:.3f}"
        moved.add_row(
            Name(parameter.key), f"{parameter.start:.3f}", f"{parameter.value:.3f}", error
        )
    terminal.show(table, moved)
    met = sum(one.within for one in found.residuals)
    terminal.out(
        f"{met} of {len(found.residuals)} targets met; weighted loss {found.start_loss:.1f} -> "
        f"{found.loss:.1f} in {found.evaluations} evaluations"
    )
