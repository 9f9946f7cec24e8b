"""A run's work divided among processes: every market once, and the budget once."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from retailsim.agents.llm.gateway.purse import shared_purse
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
    jobs = whole.shares(3)
    for share, job in enumerate(jobs):
        assert (job.share, job.of) == (share, 3)
        assert (job.run, job.skip, job.extra) == ("r", (1,), whole.extra)
        assert (job.budget, job.verbose) == (2.5, True)
    assert [job.spent_nanousd for job in jobs] == [3, 2, 2]


def test_without_a_budget_there_is_no_limit() -> None:
    assert budget_of(Job(run="r", spent_nanousd=5)).limit is None


def test_workers_have_one_purse_with_what_was_spent_before() -> None:
    """A dollar, 60 cents of it spent: any of four may take the 40 cents, one at a time."""
    jobs = Job(run="r", budget=1.0, spent_nanousd=600_000_000).shares(4)
    with shared_purse([job.spent_nanousd for job in jobs]) as purse:
        budgets = [budget_of(msgspec.structs.replace(job, purse=purse)) for job in jobs]
        assert not budgets[0].open("too dear", 400_000_001)
        assert budgets[0].open("fits", 400_000_000)
        assert not budgets[1].open("no more", 1)
        budgets[0].close("fits")
        assert budgets[1].open("fits", 400_000_000)


@given(budget=st.integers(0, 10**12), spent=st.integers(0, 10**12), workers=st.integers(2, 64))
def test_workers_without_a_purse_never_have_more_left_than_the_run(
    budget: int, spent: int, workers: int
) -> None:
    jobs = Job(run="r", budget=budget / 1e9, spent_nanousd=spent).shares(workers)
    parts = [budget_of(job) for job in jobs]
    left = sum((part.limit or 0) - part.spent for part in parts)
    assert budget - spent - workers - 1 < left <= budget - spent
