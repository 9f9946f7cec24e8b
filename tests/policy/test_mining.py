"""What is mined from logs whose truth is known: what was put in, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binomtest

from retailsim.analysis.policy import contrast
from retailsim.analysis.policy.mining import EVERYONE, Mined, holds, mine
from retailsim.analysis.policy.mining_words import looked_at
from retailsim.analysis.policy.moves import Moves
from tests.policy.planted import NAMES, each_its_own, log, swayed, the

PLANTED = 0.25
SEEDS = 20
NULLS = 120
NAIVE = 20


@pytest.fixture(scope="module")
def planted() -> list[Mined]:
    return [mine(log(seed, effect=PLANTED)) for seed in range(SEEDS)]


@pytest.mark.slow
def test_a_planted_move_is_found_with_its_sign_and_size(planted: list[Mined]) -> None:
    found = []
    for mined in planted:
        one = the(mined, "Argue", turn=2, state="warm")
        found.append(holds(one, 0.05) and abs(one.association.difference - PLANTED) < 0.12)
        assert one.weighted.difference == pytest.approx(PLANTED, abs=0.25)
    assert np.mean(found) >= 0.8


def test_nothing_is_found_where_nothing_was_planted(planted: list[Mined]) -> None:
    told = [one for mined in planted for one in mined.told() if one.segment == EVERYONE]
    wrong = [one for one in told if (one.turn, one.state) != (2, "warm")]
    assert len(told) > SEEDS
    assert len(wrong) <= 0.05 * len(told) + 1


@pytest.mark.slow
def test_moves_without_effect_are_told_no_more_often_than_said() -> None:
    logs = [log(seed, habit=2.0, profiles=40, each=30) for seed in range(NULLS)]
    told = [_told(one) for one in logs]
    naive = [_told(each_its_own(one)) for one in logs[:NAIVE]]
    for name in (EVERYONE, "a"):
        wrong = sum(name in one for one in told)
        test = binomtest(wrong, NULLS, 0.05, alternative="greater")
        upper = binomtest(wrong, NULLS).proportion_ci().high
        print(f"{name}: {wrong} of {NULLS} logs, upper limit {upper:.1%}")
        assert test.pvalue > 0.05
    # Without the profiles the same logs are full of findings: this is what clustering is for.
    assert sum(EVERYONE in one for one in naive) > 0.3 * NAIVE


def _told(moves: Moves) -> set[str]:
    """The parts of segments for which anything is told, however small."""
    return {one.value for one in mine(moves, effect=0.0).told()}


def test_a_move_made_in_good_moments_goes_with_buying_and_is_worth_nothing() -> None:
    covered = []
    for seed in range(SEEDS):
        one = the(mine(swayed(seed, (0.15, 0.85))), "Argue")
        assert holds(one, 0.05) and one.association.difference > 0.2
        assert one.weighted.interval is not None
        covered.append(one.weighted.interval.low <= 0.0 <= one.weighted.interval.high)
    assert np.mean(covered) >= 0.85


def test_a_move_that_is_hardly_ever_made_is_refused_for_its_huge_weights() -> None:
    # In bad mood nearly always, in good mood once in 2,000: so a real log misled both ways.
    wrong = []
    for seed in range(SEEDS):
        moves = swayed(seed, (0.9, 0.0005), count=4_000)
        one = the(mine(moves), "Argue")
        assert holds(one, 0.05) and one.association.difference < -0.3
        assert (one.weighted.difference, one.weighted.interval) == (None, None)
        assert one.weighted.refused
        done, weights = moves.chosen == 1, 1.0 / moves.propensities[:, 1]
        wrong.append(abs(np.average(moves.sold[done], weights=weights[done]) - 0.5))
    assert np.median(wrong) > 0.1, "what is refused would not have been wrong"
    fair = the(mine(swayed(4, (0.5, 0.5), count=4_000)), "Argue").weighted
    assert fair.difference == pytest.approx(0.0, abs=0.05)


def test_without_propensities_the_association_stays_and_the_weighted_column_says_why() -> None:
    moves = swayed(1, (0.15, 0.85))
    unknown = replace(moves, propensities=np.full_like(moves.propensities, np.nan))
    one, same = the(mine(unknown), "Argue"), the(mine(moves), "Argue")
    assert one.association == same.association
    assert one.weighted == contrast.Weighted(refused=contrast.NO_PROPENSITIES)


def test_where_a_seller_learnt_on_the_way_nothing_is_weighted_and_the_table_says_so() -> None:
    moves = swayed(1, (0.15, 0.85))
    some = np.arange(len(moves.sold)) % 10 == 0
    mined = mine(replace(moves, learning=some))
    assert the(mined, "Argue").weighted == contrast.Weighted(refused=contrast.LEARNING)
    assert "In 200 conversations the seller may have learnt" in looked_at(mined)
    assert "learnt" not in looked_at(mine(moves))


def test_longer_patterns_are_compared_where_the_conversation_went_on() -> None:
    moves = log(3, profiles=60, each=5)
    mined = mine(moves, least=8)
    longest = [one for one in mined.patterns if len(one.after) == 2 and one.segment == EVERYONE]
    assert longest
    for one in longest:
        done, not_done = _counted(moves, one.turn, one.state, (*one.after, one.move))
        assert (done, not_done) == (one.association.done, one.association.not_done)


def _counted(moves: Moves, turn: int, state: str, acts: tuple[str, ...]) -> tuple[int, int]:
    """Count by hand who made these moves up to a turn, and who made the last one otherwise."""
    counts = [0, 0]
    for told in _conversations(moves):
        if len(told) >= turn and told[turn - 1][1] == state:
            names = tuple(name for name, _ in told[turn - len(acts) : turn])
            if names[:-1] == acts[:-1]:
                counts[names[-1] != acts[-1]] += 1
    return counts[0], counts[1]


def _conversations(moves: Moves) -> Iterator[list[tuple[str, str]]]:
    for conversation in range(len(moves.sold)):
        rows = np.flatnonzero(moves.conversation == conversation)
        yield [(NAMES[moves.chosen[row]], moves.states[moves.state[row]]) for row in rows]


def test_a_pattern_that_says_the_same_again_is_left_out() -> None:
    moves = log(5)
    always = replace(moves, chosen=np.where(moves.turn == 1, 0, moves.chosen))
    after = {one.after for one in mine(always).patterns if one.turn == 2}
    assert after == {()}  # all did the same before it


def test_what_was_not_legal_is_not_at_risk() -> None:
    moves = log(6)
    legal = moves.legal.copy()
    shut = (moves.turn == 1) & (moves.chosen != 2) & (moves.conversation % 2 == 0)
    legal[shut, 2] = False
    one = the(mine(replace(moves, legal=legal)), "Argue")
    first = (moves.turn == 1) & (moves.state == 0)
    assert one.association.not_done == int((first & (moves.chosen != 2) & ~shut).sum())


def test_intervals_are_as_wide_as_what_was_looked_at_asks_for() -> None:
    """One leaves out 0 where the adjusted p is at most 5 %, not where the plain one is."""
    taken_back = 0
    for one in (one for seed in range(6) for one in mine(log(seed, effect=0.1)).patterns):
        plain, interval, adjusted = one.association.p, one.association.interval, one.adjusted_p
        if interval is None:
            continue
        assert plain is not None
        assert adjusted is not None
        assert (not interval.low <= 0.0 <= interval.high) is (adjusted <= 0.05), one
        taken_back += plain <= 0.05 < adjusted
    assert taken_back


def test_among_how_much_was_looked_is_said_of_one_seller_in_one_run_unless_there_are_more() -> None:
    moves = log(5, profiles=60, each=5)
    assert looked_at(mine(moves)).startswith("300 conversations with 60 profiles, by 1 seller: ")
    more = looked_at(mine(replace(moves, runs=3, sellers=2)))
    assert more.startswith("3 runs, 300 conversations with 60 profiles, by 2 sellers: ")


def test_support_and_effect_are_as_asked_for() -> None:
    moves = log(7, effect=PLANTED)
    for least in (20, 80):
        sides = [
            (p.association.done, p.association.not_done) for p in mine(moves, least=least).patterns
        ]
        assert min(map(min, sides)) >= least
    assert all(abs(p.association.difference) >= 0.2 for p in mine(moves, effect=0.2).told())
    assert not mine(moves, least=10_000).patterns
