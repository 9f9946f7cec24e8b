"""Leases: what all attempts may spend is never more than the budget, whatever becomes of them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retailsim.agents.llm.types import ModelConfig
from retailsim.sim.folder.run_folder import RunFolder
from retailsim.sim.shares.commits import COMMIT, Commit, FolderCommits, read_commit
from retailsim.sim.shares.divided import _check_held
from retailsim.sim.shares.errors import BookDamaged, BookTaken, ShareDamaged
from retailsim.sim.shares.leases import (
    BOOK,
    Book,
    FolderShelf,
    Given,
    Lease,
    Leases,
    read_leases,
    taken_over,
)
from retailsim.sim.shares.loop import Loop
from retailsim.sim.shares.means import Means
from retailsim.sim.shares.outcome import Outcome, Task

MODELS = {"m": ModelConfig(provider="openai", model="m", max_in_flight=4)}
SHARES = 6


class Shelf:
    """A book in memory."""

    def __init__(self) -> None:
        self.text: bytes | None = None

    def read(self) -> bytes | None:
        return self.text

    def write(self, text: bytes) -> None:
        self.text = text


class Forgetful(Means):
    """Means that take a lost attempt for dead, as must not be."""

    def ended(self, task: Task, outcome: Outcome | None) -> None:
        super().ended(task, outcome or Outcome(status=3, spent_nanousd=0))


class World:
    """Shares that cost what they cost, attempts that get lost, and some that are not dead at all.

    Parameters
    ----------
    costs : list of int
        What each share costs to its end.
    fates : list of (kind, amount)
        What becomes of the attempts, in their order: "commit", "late" (it commits after it was
        given up), "stopped" or "lost", and of a lost one, how much it spends in secret, in
        thousandths of its lease.
    """

    def __init__(self, costs: list[int], fates: list[tuple[str, int]]) -> None:
        self.cores = 3
        self.costs = costs
        self.paid = 0
        self.parts: list[float] = []
        self.commits: dict[int, Commit] = {}
        self._done = dict.fromkeys(range(len(costs)), 0)
        self._fates = fates
        self._under_way: list[Task] = []

    @property
    def under_way(self) -> int:
        return len(self._under_way)

    def submit(self, task: Task) -> None:
        self._under_way.append(task)
        self.parts.append(sum(one.given.part or 0.0 for one in self._under_way))

    def ended(self, wait_s: float) -> Mapping[Task, Outcome | None]:
        if not self._under_way:
            return {}
        task = self._under_way.pop(0)
        return {task: self._outcome(task)}

    def stop(self, *, force: bool = False) -> None:
        return

    def die(self) -> None:
        """Whoever handed out shares is gone; what is under way spends all that it has."""
        self.paid += sum(task.given.nanousd or 0 for task in self._under_way)
        self._under_way.clear()

    def _outcome(self, task: Task) -> Outcome | None:
        share, lease = task.share, task.given.nanousd or 0
        if share in self.commits:
            return Outcome(status=0, spent_nanousd=0)
        kind, amount = self._fates.pop(0) if self._fates else ("commit", 0)
        if kind == "lost":
            self.paid += lease * amount // 1000  # which nobody hears of
            return None
        missing = self.costs[share] - self._done[share]
        spent = min(missing, lease)
        self.paid += spent
        self._done[share] += spent
        if kind == "stopped":
            return Outcome(status=3, spent_nanousd=spent)
        if spent < missing:
            return Outcome(status=3, spent_nanousd=spent, needs_nanousd=1 + amount)
        self.commits[share] = Commit(
            run="r",
            share=share,
            attempt=f"a{task.attempt}",
            episodes=1,
            segments=(),
            lease=task.given.lease,
            spent_nanousd=spent,
        )
        return None if kind == "late" else Outcome(status=0, spent_nanousd=spent)


def played(
    world: World, limit: int, shelf: Shelf, *, steps: int = 10_000, kind: type[Means] = Means
) -> Loop:
    """Have a loop play what is missing, for so many steps at most, with the leases of the shelf."""
    leases = read_leases(shelf, "r", "r") or Leases(run="r")
    means = kind(MODELS, Book(shelf, limit, leases), least=1)
    missing = [share for share in range(len(world.costs)) if share not in world.commits]
    loop = Loop("r", None, missing, world, lambda text: None, means)
    while loop.going and steps:
        for share in loop.step(stopping=False):
            means.committed(world.commits[share])
        steps -= 1
    return loop


FATES = st.lists(
    st.tuples(
        st.sampled_from(["commit", "commit", "late", "lost", "stopped"]), st.integers(0, 1000)
    ),
    max_size=8,
)
COSTS = st.lists(st.integers(0, 300), min_size=1, max_size=SHARES)


@settings(deadline=None)
@given(COSTS, FATES, st.integers(1, 1000), st.integers(0, 5))
def test_all_that_is_spent_is_never_more_than_the_budget(
    costs: list[int], fates: list[tuple[str, int]], limit: int, steps: int
) -> None:
    """Nor is what may be spent, with a loop that dies after some steps and another that goes on."""
    world, shelf = World(costs, fates), Shelf()
    played(world, limit, shelf, steps=steps)
    world.die()
    loop = played(world, limit, shelf)
    found = read_leases(shelf, "r", "r")
    assert world.paid <= limit
    assert found is None or world.paid <= found.charged <= limit
    assert max(world.parts, default=0.0) <= 1.0 + 1e-9
    assert loop.starved == bool(loop.left)


def test_the_check_finds_means_that_take_a_lost_attempt_for_dead() -> None:
    world = World([100], [("lost", 1000)])
    played(world, 150, Shelf(), kind=Forgetful)
    assert world.paid == 250
    world = World([100], [("lost", 1000)])
    assert played(world, 150, Shelf()).starved
    assert world.paid == 150


def test_what_shares_leave_is_there_for_those_that_need_more() -> None:
    world, shelf = World([10, 10, 10, 190], []), Shelf()
    assert not played(world, 220, shelf).left  # an even part is 55
    assert world.paid == 220
    found = read_leases(shelf, "r", "r")
    assert found is not None
    assert found.free(220) == 0
    assert {one.spent is not None for one in found.given} == {True}


def test_what_is_left_covers_a_share_or_the_loop_ends() -> None:
    world = World([10, 400], [])
    loop = played(world, 100, Shelf())
    assert (loop.left, loop.starved, world.paid) == ({1}, True, 100)


def test_a_lost_attempt_that_commits_gives_back_what_it_left() -> None:
    shelf = Shelf()
    means = Means(MODELS, Book(shelf, 100, Leases(run="r")), least=1)
    first = means.given(0, 1, 1)
    assert first == Given(lease=0, nanousd=100, part=1.0)
    means.ended(Task(run="r", share=0, attempt=1, given=first), None)
    assert means.given(0, 1, 1) is None
    late = Commit(run="r", share=0, attempt="a1", episodes=1, segments=())
    means.committed(late)  # one of a program that said nothing of leases
    assert means.given(0, 1, 1) is None
    means.committed(msgspec.structs.replace(late, lease=0, spent_nanousd=30))
    again = means.given(0, 1, 1)
    assert again is not None
    assert again.nanousd == 70


def test_rates_are_divided_among_those_under_way() -> None:
    means = Means(MODELS)
    assert (means.at_once(2), means.at_once(100), Means().at_once(3)) == (2, 4, 6)
    tasks = []
    for places in (2, 1):
        found = means.given(0, 9, places)
        assert found is not None
        assert found.part == 0.5
        tasks.append(Task(run="r", share=places, attempt=1, given=found))
        means.begun(tasks[-1])
    assert means.given(0, 9, 1) is None  # a core came, but others have all
    means.ended(tasks[0], None)
    last = means.given(0, 1, 2)
    assert last is not None
    assert last.part == 0.5  # of the last share, nobody else is to have any
    assert Means().given(0, 9, 1) == Given()


def test_no_more_than_there_is_can_be_given() -> None:
    leases = Leases(run="r")
    assert leases.grant(0, 7, 10) == 0
    with pytest.raises(ValueError, match="a lease of 4 of 3 that are left"):
        leases.grant(0, 4, 10)
    assert leases.settle(0, 2)
    assert not leases.settle(0, 5)  # said twice, it counts once
    assert (leases.charged, leases.spent, leases.free(10), leases.free(1)) == (2, 2, 8, 0)


def test_a_run_that_was_played_by_hand_is_taken_over() -> None:
    found = taken_over("r", [(0, 3)], [1, 1], 10)
    lost = Lease(share=1, nanousd=10)
    assert found.given == [Lease(share=0, nanousd=10, spent=3), lost, lost]
    assert found.charged == 23


def test_a_book_outlives_its_loop_and_says_whose_it_is(tmp_path: Path) -> None:
    shelf = FolderShelf(RunFolder(tmp_path))
    assert read_leases(shelf, tmp_path, "r") is None
    Book(shelf, 10, Leases(run="r")).grant(4, 10)
    found = read_leases(shelf, tmp_path, "r")
    assert found == Leases(run="r", given=[Lease(share=4, nanousd=10)])
    with pytest.raises(BookDamaged, match=f"{BOOK} cannot be read .it is another run's"):
        read_leases(shelf, tmp_path, "s")
    (tmp_path / "shares" / BOOK).write_text("{")
    with pytest.raises(BookDamaged, match="nobody knows what attempts may have spent: restore it"):
        read_leases(shelf, tmp_path, "r")


@pytest.mark.parametrize(
    "text",
    [
        b"",
        bytes(64),
        b'{"run":"r","given":[{"share":0,"nanousd":5,"spent":-1000}]}',
        b'{"run":"r","given":[{"share":0,"nanousd":-1000}]}',
        b'{"run":"r","given":[{"share":0,"nanousd":1e400}]}',
        b'{"run":"r","given":[{"share":0,"nanousd":%s}]}' % (b"9" * 5000),
        b'{"run":"r","x":%s}' % (b"[" * 100_000),
        b'{"run":"\xff","given":[]}',
    ],
    ids=["empty", "nul", "spent", "given", "float", "huge", "deep", "text"],
)
def test_a_book_by_a_stranger_gives_nobody_more_than_there_is(tmp_path: Path, text: bytes) -> None:
    shelf = Shelf()
    shelf.text = text
    with pytest.raises(BookDamaged):
        read_leases(shelf, tmp_path, "r")


def test_a_pipe_in_the_place_of_the_book_is_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "shares").mkdir()
    os.mkfifo(tmp_path / "shares" / BOOK)
    with pytest.raises(OSError, match="it is no file"):
        read_leases(FolderShelf(RunFolder(tmp_path)), tmp_path, "r")


def test_a_commit_gives_back_no_other_shares_lease(tmp_path: Path) -> None:
    """Nor more than it was given, whatever stands in it."""
    leases = Leases(run="r", given=[Lease(share=4, nanousd=60), Lease(share=5, nanousd=40)])
    means = Means(MODELS, Book(Shelf(), 100, leases), least=1)
    own = Commit(run="r", share=4, attempt="a", episodes=1, segments=(), spent_nanousd=0)
    for number in (1, 2, -1, -2, 10**30):
        odd = msgspec.structs.replace(own, lease=number)
        means.committed(odd)
        assert leases.charged == 100
        with pytest.raises(BookDamaged, match="the lease by which share 4 was played is not there"):
            _check_held(RunFolder(tmp_path), leases, [odd])
    right = msgspec.structs.replace(own, lease=0)
    _check_held(RunFolder(tmp_path), leases, [own, right])
    with pytest.raises(BookDamaged):
        _check_held(RunFolder(tmp_path), None, [right])  # the book was removed
    means.committed(right)
    assert leases.charged == 40


@pytest.mark.parametrize("text", [b'{"x":%s}' % (b"[" * 100_000), None], ids=["deep", "negative"])
def test_a_commit_that_cannot_be_is_named(tmp_path: Path, text: bytes | None) -> None:
    below = Commit(
        run="r", share=0, attempt="a", episodes=1, segments=(), lease=0, spent_nanousd=-5
    )
    place = tmp_path / "shares" / "0000" / COMMIT
    place.parent.mkdir(parents=True)
    place.write_bytes(msgspec.json.encode(below) if text is None else text)
    with pytest.raises(ShareDamaged, match="its commit cannot be read"):
        read_commit(FolderCommits(RunFolder(tmp_path)), 0, tmp_path)


def test_of_two_that_divide_one_budget_the_first_ends() -> None:
    """With the control that both together would have given more than there is."""
    shelf = Shelf()
    first = Book(shelf, 100, Leases(run="r"))
    first.grant(0, 60)
    found = read_leases(shelf, "r", "r")
    assert found is not None
    second = Book(shelf, 100, found)
    second.grant(1, 40)
    with pytest.raises(BookTaken, match="another `--executor ray` plays this run"):
        first.grant(2, 40)
    assert first.leases.charged + 40 > 100
    with pytest.raises(BookTaken):
        first.settle(0, 0)
    second.settle(1, 10)
    assert read_leases(shelf, "r", "r") == second.leases
    assert second.leases.charged == 70


def test_a_book_that_is_taken_away_is_not_written_anew() -> None:
    shelf = Shelf()
    book = Book(shelf, 100, Leases(run="r"))
    book.grant(0, 60)
    shelf.text = None
    with pytest.raises(BookTaken):
        book.grant(1, 10)
