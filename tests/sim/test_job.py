"""A run's work divided among processes: every market once, and the budget once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from retailsim.market.protocols.retail.spec import RetailSpec
from retailsim.sim.execution.job import Job, budget_of, raw_specs
from tests.market.players import market_spec

DESIGN = tuple(market_spec(id=f"m{number}") for number in range(10))
RETRIES = tuple(market_spec(id=f"m{number}~1") for number in (0, 4))


def names(job: Job) -> list[str]:
    return [spec.id for spec in job.markets(iter(DESIGN), RetailSpec)]


def test_one_process_plays_what_is_not_done_and_then_the_retries() -> None:
    job = Job(run="r", skip=(0, 4, 9), extra=raw_specs(RETRIES))
    assert names(job) == ["m1", "m2", "m3", "m5", "m6", "m7", "m8", "m0~1", "m4~1"]


@given(workers=st.integers(1, 12), skip=st.sets(st.integers(0, 9)))
def test_workers_play_every_market_once_and_no_one_more_than_its_part(
    workers: int, skip: set[int]
) -> None:
    whole = Job(run="r", skip=tuple(skip), extra=raw_specs(RETRIES))
    parts = [names(job) for job in whole.shares(workers)]
    assert sorted(name for part in parts for name in part) == sorted(names(whole))
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


def test_each_worker_is_told_the_whole_job_and_its_place_in_it() -> None:
    whole = Job(
        run="r", skip=(1,), extra=raw_specs(RETRIES), budget=2.5, spent_nanousd=7, verbose=True
    )
    for share, job in enumerate(whole.shares(3)):
        assert (job.share, job.of) == (share, 3)
        assert (job.run, job.skip, job.extra) == ("r", (1,), whole.extra)
        assert (job.budget, job.spent_nanousd, job.verbose) == (2.5, 7, True)


def test_without_a_budget_there_is_no_limit() -> None:
    assert budget_of(Job(run="r", spent_nanousd=5)).limit is None


def test_workers_divide_the_budget_and_what_was_spent_of_it() -> None:
    """A dollar, 60 cents of it spent: 10 cents are left for each of four."""
    for job in Job(run="r", budget=1.0, spent_nanousd=600_000_000).shares(4):
        part = budget_of(job)
        assert part.open("fits", 100_000_000)
        assert not part.open("does not", 1)


@given(budget=st.integers(0, 10**12), spent=st.integers(0, 10**12), workers=st.integers(1, 64))
def test_workers_together_never_have_more_left_than_the_run(
    budget: int, spent: int, workers: int
) -> None:
    jobs = Job(run="r", budget=budget / 1e9, spent_nanousd=spent).shares(workers)
    parts = [budget_of(job) for job in jobs]
    left = sum((part.limit or 0) - part.spent for part in parts)
    assert left <= budget - spent
    assert left > budget - spent - 2 * workers - 2, "and no more is lost than by rounding"
