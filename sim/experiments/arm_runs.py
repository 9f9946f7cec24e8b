"""Arms: runs of one folder that are played one after another, from one budget, and go on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import msgspec

from retailsim.sim.errors import CannotWrite, OtherArms, RunExists, SimError
from retailsim.sim.terminal.audience import Audience
from retailsim.sim.terminal.terminal import Quiet

if TYPE_CHECKING:
    from retailsim.analysis.replay.cost import Cost
    from retailsim.sim.run.launch_options import Options


class ArmPlayer(Protocol):
    """Plays runs; both return an exit status."""

    def launch(self, options: Options) -> int:
        """Play a run from its beginning."""
        ...

    def resume(self, run: Path, *, workers: int | None, budget: float | None) -> int:
        """Play what is missing of a run."""
        ...


class QuietArms:
    """Plays them as the commands do, without their results."""

    def launch(self, options: Options) -> int:
        """Play a run from its beginning."""
        from retailsim.sim.run.launch import launch

        return launch(options, Quiet())

    def resume(self, run: Path, *, workers: int | None, budget: float | None) -> int:
        """Play what is missing of a run."""
        from retailsim.sim.run.resume import resume

        return resume(run, Quiet(), workers=workers, retry_failed=False, budget=budget)


def begin(folder: Path, mark: str, told: bytes) -> None:
    """Make the folder of some arms, or see that it is the one of these.

    One in which nothing was ever run, for what was told made no sense, is as good as new.

    Parameters
    ----------
    mark : str
        The file in it that holds what was told: the same words go on with it.

    Raises
    ------
    OtherArms, RunExists
        If the folder holds runs of other words, or anything else.
    CannotWrite
    """
    file = folder / mark
    try:
        if file.is_file() and file.read_bytes() == told:
            return
        if folder.exists() and (not folder.is_dir() or {*folder.iterdir()} - {file}):
            raise OtherArms(folder, mark) if file.is_file() else RunExists(folder)
        folder.mkdir(parents=True, exist_ok=True)
        file.write_bytes(told)
    except OSError as error:
        raise CannotWrite(folder, error, "choose another --out") from None


def play_arm(
    options: Options, folder: Path, audience: Audience, player: ArmPlayer, whole: str
) -> int:
    """Play what is missing of one arm; returns the exit status.

    Where it stops early, it is said how to go on. The budget is for all arms of the folder.

    Parameters
    ----------
    options : Options
        Of the arm, with its place in the folder and the whole budget.
    whole : str
        What the arms are together, such as ``experiment``.
    """
    try:
        status = _what_is_left(options, folder, player)
    except SimError as error:
        if error.exit_status == _RESUMABLE:
            audience.say(goes_on(whole, folder))
        raise
    if status:
        audience.say(goes_on(whole, folder))
    return status


_RESUMABLE = 3


def goes_on(whole: str, folder: Path) -> str:
    """Say how what the arms are together is continued."""
    return f"to continue the {whole}, repeat the command with --out {folder}"


def _what_is_left(options: Options, folder: Path, player: ArmPlayer) -> int:
    out, budget = options.out, options.budget
    assert out is not None, "an arm has its place"
    if budget is not None:
        budget = max(0.0, budget - spent(folder, but=out))
    if (out / "run.toml").is_file():
        return player.resume(out, workers=options.workers, budget=budget)
    return player.launch(msgspec.structs.replace(options, budget=budget))


def spent(folder: Path, *, but: Path) -> float:
    """Return the dollars that the other arms have cost so far."""
    return sum((cost.cost_nanousd or 0) / 1e9 for cost in _costs(folder, but=but))


def say_cost(folder: Path, audience: Audience) -> None:
    """Say what the models of all arms cost together; nothing where none took part."""
    from retailsim.market.core.money import nanodollars

    costs = [cost.cost_nanousd for cost in _costs(folder)]
    if costs:
        known = [cost for cost in costs if cost is not None]
        audience.say(f"models cost {nanodollars(sum(known) if len(known) == len(costs) else None)}")


def _costs(folder: Path, *, but: Path | None = None) -> Iterator[Cost]:
    from retailsim.analysis.replay.replay import replay

    for run in folder.iterdir():
        if (run / "run.toml").is_file() and run != but and (cost := replay(run).cost) is not None:
            yield cost
