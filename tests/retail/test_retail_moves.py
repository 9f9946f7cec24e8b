"""Mining of retail runs: pitches that several buyers hear, answers before the purchase."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from retailsim.analysis.policy.mining import EVERYONE, mine
from retailsim.analysis.projection.loader import load
from retailsim.analysis.protocols.retail.moves import STATES, moves
from tests.retail.policies import PLAIN, liking
from tests.sim.runs import event_lines, launched, sim

Move = tuple[str, str, dict[str, int]]
"""State, option and how likely each option was."""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("retail")
    liking(*PLAIN).save(folder / "p.json")
    settings = ("sellers.p.options.explore=0.5", "products.per_category=10")
    flags = [word for setting in settings for word in ("--set", setting)]
    launched(folder / "run", "--sellers", f"policy:{folder / 'p.json'}", *flags)
    return folder / "run"


def told(run: Path) -> dict[str, tuple[list[Move], bool]]:
    """Each episode's moves before the purchase and whether it sold, by its lines alone."""
    heard: dict[str, list[Move]] = {}
    found: dict[str, list[Move]] = defaultdict(list)
    sold: dict[str, bool] = {}
    for line in event_lines(run):
        event = json.loads(line)
        episode, market = event["episode"], event["market"]
        match event["type"]:
            case "EpisodeOpened":
                sold[episode] = False
            case "OrderPlaced":
                sold[episode] = True
            case "SellerChose" if event["stage"] in ("pitch", "pre_inquiry"):
                chances = dict(zip(event["options"], event["probabilities"], strict=True))
                pitch = event["stage"] == "pitch"
                move = STATES[not pitch], event["option"], chances
                (heard.setdefault(market, []) if episode is None else found[episode]).append(move)
            case "EpisodeClosed":
                found[episode] = heard.get(market, []) + found[episode]
    return {episode: (found[episode], sold[episode]) for episode in sold}


def test_counted_a_second_way_from_the_lines_of_the_log(run: Path) -> None:
    episodes, mined = told(run), mine(moves({"run": load(run)}, {}), least=10)
    compared = 0
    for one in mined.patterns:
        if one.segment != EVERYONE or one.after:
            continue
        compared += 1
        sides: dict[bool, list[tuple[float, bool]]] = {True: [], False: []}
        for its, sold in episodes.values():
            if len(its) >= one.turn and its[one.turn - 1][0] == one.state:
                _, option, chances = its[one.turn - 1]
                likely, done = chances.get(one.move, 0) / 2**32, option == one.move
                if likely:
                    sides[done].append((1.0 / (likely if done else 1.0 - likely), sold))
        assert (one.association.done, one.association.not_done) == tuple(map(len, sides.values()))
        shares = [np.mean([sold for _, sold in side]) for side in sides.values()]
        assert one.association.bought_with == pytest.approx(shares[0])
        assert one.association.bought_without == pytest.approx(shares[1])
        if one.weighted.difference is not None:
            weights, bought = zip(*(np.array(side).T for side in sides.values()), strict=True)
            with_, without = (
                np.average(b, weights=w) for b, w in zip(bought, weights, strict=True)
            )
            assert one.weighted.difference == pytest.approx(with_ - without)
    assert compared >= 5
    assert {one.state for one in mined.patterns} == set(STATES)


def test_all_that_hear_a_pitch_have_it_and_share_the_product(run: Path) -> None:
    found = moves({"run": load(run)}, {})
    first = found.turn == 1
    assert first.sum() == len(found.sold) == len(told(run))
    assert (found.state[first] == 0).all()
    assert found.shared == "product"
    assert found.clusters == 40
    assert found.legal[np.arange(len(found.turn)), found.chosen].all()
    assert not any(name.startswith(("Settle", "Support")) for name in found.names)
    hidden = {one.title for one in found.segments if not one.told}
    assert hidden == {
        f"the buyer's {x}" for x in ("pickiness", "price consciousness", "rationality")
    }


def test_sellers_that_log_no_choice_leave_nothing_to_mine(tmp_path: Path) -> None:
    launched(tmp_path / "run", "--set", "products.per_category=1")
    shown = sim("policy", "mine", tmp_path / "run")
    assert shown.exit_code == 1
    assert shown.stderr == (
        "no conversation of these runs has ended and says what its seller chose: "
        "there is nothing to mine\n"
    )
