"""The means of a run's shares as they are when a loop begins, and what to do when none are left."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from retailsim.events.object_store import Objects
from retailsim.events.whole_file import read_bounded
from retailsim.market.core.money import nanodollars
from retailsim.sim.budget.estimate import estimate
from retailsim.sim.execution.job import run_design
from retailsim.sim.execution.rest import in_cents, rest_of
from retailsim.sim.folder.run_folder import RunFile, RunFolder
from retailsim.sim.seats.cast import used_models
from retailsim.sim.shares.attempts import NAME, attempts
from retailsim.sim.shares.commits import Commit
from retailsim.sim.shares.errors import BookDamaged, BudgetGone
from retailsim.sim.shares.fitness import plan_of
from retailsim.sim.shares.leases import (
    BOOK,
    Book,
    FolderShelf,
    Leases,
    Shelf,
    StoreShelf,
    read_leases,
    taken_over,
)
from retailsim.sim.shares.means import Means
from retailsim.sim.shares.spending import SPENT


def means_of(
    run: RunFolder, file: RunFile, commits: Sequence[Commit], objects: Objects | None
) -> Means:
    """Return what a loop may give to the shares of a run that have no commit.

    Parameters
    ----------
    commits : sequence of Commit
        Of the shares that are played.
    objects : Objects or None
        The store that the run is in, if it is.

    Raises
    ------
    BookDamaged
        If it cannot be told what was given before.
    """
    models = used_models(file.scenario)
    if not models or file.budget is None:
        return Means(models)
    found = estimate(run_design(run, file))
    assert found is not None
    shelf: Shelf = FolderShelf(run) if objects is None else StoreShelf(objects)
    leases = read_leases(shelf, run.path, file.run.id)
    _check_held(run, leases, commits)
    undivided = leases is None
    book = Book(shelf, int(file.budget * 1e9), leases or _of_plan(run, file, commits, objects))
    book.write()  # from now on, no share is begun by hand
    if undivided:
        book.leases = _of_plan(run, file, commits, objects)  # with those begun until then
        book.write()
    means = Means(models, book, round((found.beginning_dollars or 0.0) * 1e9))
    for commit in commits:
        means.committed(commit)
    return means


def _check_held(run: RunFolder, leases: Leases | None, commits: Iterable[Commit]) -> None:
    """Refuse a book that lacks leases by which shares were played: it may lack any other, too."""
    for commit in commits:
        number = commit.lease
        if number is not None and (leases is None or not leases.holds(number, commit.share)):
            problem = f"the lease by which share {commit.share} was played is not there"
            raise BookDamaged(run.path, BOOK, problem)


def _of_plan(
    run: RunFolder, file: RunFile, commits: Iterable[Commit], objects: Objects | None
) -> Leases:
    """Return the leases of a run that no loop has looked after yet."""
    part = int((file.budget or 0.0) * 1e9) // plan_of(run.path, file).shares
    said = {(one.share, one.attempt): one.spent_nanousd for one in commits}
    found = _said_in_folder(run, file) if objects is None else _said_in_store(objects)
    paid = {**found, **{key: spent for key, spent in said.items() if spent is not None}}
    ended = [(share, spent) for (share, _), spent in paid.items() if spent is not None]
    begun = [share for (share, _), spent in paid.items() if spent is None]
    return taken_over(file.run.id, ended, begun, part)


_Said = dict[tuple[int, str], int | None]
"""What attempts said that they paid, by share and name."""


def _said_in_folder(run: RunFolder, file: RunFile) -> _Said:
    return {
        (share, one.path.name): _number(read_bounded(one.path / SPENT))
        if (one.path / SPENT).is_file()
        else None
        for share in range(plan_of(run.path, file).shares)
        for one in attempts(run, share)
    }


def _said_in_store(objects: Objects) -> _Said:
    found: _Said = {}
    for name in objects.sizes("shares"):
        parts = name.split("/")
        if len(parts) > 3 and parts[1].isdecimal() and NAME.fullmatch(parts[2]):
            key = int(parts[1]), parts[2]
            found.setdefault(key, None)
            if parts[3] == SPENT:
                found[key] = _number(objects.read(name) or b"")
    return found


def _number(text: bytes) -> int | None:
    """Return an amount that is there to its last digit: of half of one, nobody knows the rest."""
    return int(text) if re.fullmatch(rb"\d{1,30}\n", text) else None


def budget_gone(
    run: RunFolder, file: RunFile, book: Book, ended: int, total: int, again: str
) -> BudgetGone:
    """Return the error of a run whose budget covers no share that is left, with what to do.

    Parameters
    ----------
    ended, total : int
        Episodes that have ended, and those of the run.
    again : str
        The command that goes on with it.
    """
    leases = book.leases
    lost = leases.charged - leases.spent
    rest = rest_of(run_design(run, file), left=total - ended, ended=ended, spent=leases.spent)
    held = f" and {nanodollars(lost)} in shares that were lost, which may have spent it"
    return BudgetGone(
        f"the budget of {nanodollars(book.limit)} is used up: {nanodollars(leases.spent)} spent"
        f"{held if lost else ''}; everything so far is kept; {rest.told}: "
        f"{again} --budget {in_cents(leases.charged + rest.nanousd)}"
    )
