"""`policy mine`: which moves of sellers go with buying, on the terminal or as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retailsim.sim.errors import SimError
from retailsim.sim.folder.run_folder import RunFile
from retailsim.sim.look.side_by_side import OtherProtocol, run_file
from retailsim.sim.terminal.terminal import Terminal, printable

if TYPE_CHECKING:
    from retailsim.analysis.policy.mining import Mined, Pattern


class NoMoves(SimError):
    """The protocol of a run does not say what moves its sellers make."""

    def __init__(self, run: Path, protocol: str, missing: str) -> None:
        why = missing or f"the protocol {protocol} does not tell the moves of its sellers"
        super().__init__(f"{run} cannot be mined: {why}")


class TwiceNamed(SimError):
    """A run, or a copy of it, was named twice: its conversations would count double."""

    def __init__(self, run: Path) -> None:
        super().__init__(f"{run} is named twice, or a copy: each conversation counts once")


class UnknownBuyers(SimError):
    """No buyers are called so."""

    def __init__(self, words: str, known: Sequence[str]) -> None:
        super().__init__(
            f"--for {words}: no buyers with enough conversations are called so; there are "
            f"{'; '.join(known) or 'none'}"
        )


def mine_runs(
    runs: Sequence[Path],
    terminal: Terminal,
    *,
    least: int,
    effect: float,
    top: int,
    buyers: str | None = None,
) -> int:
    """Mine runs together and show what was found; returns the exit status.

    Parameters
    ----------
    least : int
        Conversations needed with and without a move.
    effect : float
        The least difference to tell, in percentage points.
    top : int
        How many moves to show that go with more buying, and as many with less.
    buyers : str, optional
        Words that name those whose patterns are shown, as ``everyone`` or ``Rational``.

    Returns
    -------
    int
        1 where no conversation has ended, or none says what its seller chose.

    Raises
    ------
    NoMoves, OtherProtocol, TwiceNamed, UnknownBuyers
    NotARun, LogDamaged, LogUnreadable
        As `analysis.projection.loader.load`.
    """
    mined = mined_of(runs, least=least, effect=effect / 100.0)
    if terminal.json:
        terminal.out_json({"runs": [str(run) for run in runs], "mined": mined})
    elif not mined.conversations:
        terminal.say(
            "no conversation of these runs has ended and says what its seller chose: "
            "there is nothing to mine"
        )
    else:
        _show(mined if buyers is None else _of(mined, buyers), top, terminal)
    return 0 if mined.conversations else 1


def _of(mined: Mined, words: str) -> Mined:
    from retailsim.analysis.policy.mining_words import of_buyers, whom

    found = of_buyers(mined, words)
    if mined.patterns and not found.patterns:
        raise UnknownBuyers(words, sorted({whom(one) for one in mined.patterns}))
    return found


def mined_of(runs: Sequence[Path], *, least: int, effect: float) -> Mined:
    """Return what is mined from runs of one protocol; raises what `mine_runs` raises."""
    from retailsim.analysis.policy.mining import mine
    from retailsim.analysis.projection.loader import load
    from retailsim.analysis.projection.registered import registered
    from retailsim.analysis.protocol import analysis_of
    from retailsim.sim.environments.episodes import adaptive_sellers

    first, found = runs[0], {run: registered(run) for run in runs}
    files = {run: run_file(run) for run in runs}
    for place, run in enumerate(runs):
        if any(_same(run, other, files) for other in runs[:place]):
            raise TwiceNamed(run)
        if found[run].name != found[first].name:
            raise OtherProtocol(first, found[first].name, run, found[run].name)
    projections = {str(run): load(run) for run in runs}
    moves = analysis_of(first).moves
    if moves is None:
        raise NoMoves(first, found[first].name, found[first].missing)
    learning = {str(run): adaptive_sellers(file.scenario) for run, file in files.items() if file}
    return mine(moves(projections, learning), least=least, effect=effect)


def _same(run: Path, other: Path, files: Mapping[Path, RunFile | None]) -> bool:
    """Whether two folders hold one run: the same folder, or a copy of it."""
    one, two = files[run], files[other]
    if run.resolve() == other.resolve():
        return True
    return one is not None and two is not None and one.run.id == two.run.id


def _show(mined: Mined, top: int, terminal: Terminal) -> None:
    from retailsim.analysis.policy.mining_words import how, looked_at, sides

    terminal.out(looked_at(mined))
    for title, some in sides(mined):
        if some:
            left = f" (the first {top} of {len(some)})" if len(some) > top else ""
            terminal.out("")
            terminal.show(_table(f"{title}{left}", some[:top]))
    if mined.told():
        terminal.out("")
        terminal.out(how(mined))


def _table(title: str, patterns: Sequence[Pattern]) -> Any:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    from retailsim.analysis.policy.mining_words import COLUMNS

    table = Table(title=title, box=SIMPLE_HEAD, pad_edge=False, title_justify="left")
    for name in ("Move", *COLUMNS[:2]):
        table.add_column(name)
    for name in COLUMNS[2:]:
        table.add_column(name, justify="right", min_width=6)
    for one in patterns:
        table.add_row(*_cells(one))
    return table


def _cells(one: Pattern) -> list[Any]:
    from rich.text import Text

    from retailsim.analysis.policy.mining_words import by_propensity, p_written, points, when, whom

    found = one.association
    lines = (
        (one.move,),
        (when(one),),
        (whom(one),),
        (f"{found.bought_with:.0%}", f"of {found.done:,}"),
        (f"{found.bought_without:.0%}", f"of {found.not_done:,}"),
        points(found.difference, found.interval),
        (p_written(one.adjusted_p),),
        by_propensity(one.weighted),
    )
    return [Text("\n".join(map(printable, filter(None, parts)))) for parts in lines]
