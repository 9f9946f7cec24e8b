"""What a seller knows in its seat is what the log says that it knew."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
import pytest

from retailsim.agents.retail.behavioral.buyer import BehavioralBuyer
from retailsim.agents.retail.policy.actions import Decision
from retailsim.agents.retail.policy.features import NAMES, features
from retailsim.agents.retail.policy.seller import LearntSeller
from retailsim.agents.retail.policy.view import SellerView, stage_of
from retailsim.events.messages import EpisodeOpened, Event
from retailsim.market.protocols.retail.events import SellerChose
from retailsim.market.protocols.retail.protocol import offer_of
from retailsim.market.protocols.retail.requests import Complain
from retailsim.market.protocols.retail.spec import RetailRules, RetailSpec
from retailsim.market.protocols.retail.values import Choice
from tests.retail.policies import liking, offered, played, prepared, seat

Seen = Mapping[tuple[str | None, str, int], list[float]]
"""(episode, stage, turn) -> features."""


def folded(spec: RetailSpec, rules: RetailRules, events: Sequence[Event]) -> Seen:
    """Return the features of a market's log, wherever its seller chose."""
    found: dict[tuple[str | None, str, int], list[float]] = {}
    offer = offer_of(spec, rules)
    for episode in (None, *(one.episode for one in spec.episodes)):
        view = SellerView(offer)
        for event in events:
            if event.episode not in (None, episode):
                continue
            if isinstance(event, SellerChose) and event.episode == episode:
                found[episode, event.stage, event.turn] = features(view, event.stage)
            view.tell([event])
    return found


@pytest.fixture
def seated(monkeypatch: pytest.MonkeyPatch) -> dict[tuple[str | None, str, int], list[float]]:
    """What sellers see whenever they choose."""
    found: dict[tuple[str | None, str, int], list[float]] = {}
    choose = LearntSeller.choose

    async def watched(seller: LearntSeller, request: Decision, view: SellerView) -> Choice:
        stage = stage_of(request)
        turn = getattr(request, "turn", 0)
        found[request.episode, stage, turn] = features(view, stage)
        return await choose(seller, request, view)

    monkeypatch.setattr(LearntSeller, "choose", watched)
    return found


@pytest.mark.parametrize("broadcast", ["shared", "episode"])
def test_the_seat_sees_what_the_log_holds(
    broadcast: str,
    tmp_path: Path,
    seated: dict[tuple[str | None, str, int], list[float]],
) -> None:
    """Also where buyers that share a pitch are served in between one another."""
    run = prepared(
        seat(tmp_path, liking(), explore=1.0),
        "products.per_category=2",
        f'design.broadcast="{broadcast}"',
        "design.discount=0.1",
    )
    moved, stages, differ = set(), Counter[str](), 0
    for spec, events in played(run):
        logged = folded(spec, offered(run).rules, events)
        assert seated == logged
        silent = [e for e in events if not (isinstance(e, SellerChose) and e.stage == "pitch")]
        missed = folded(spec, offered(run).rules, silent)
        differ += sum(missed[key] != row for key, row in logged.items() if key in missed)
        for (_, stage, _), row in logged.items():
            stages[stage] += 1
            moved |= {name for name, one in zip(NAMES, row, strict=True) if one}
            assert all(0.0 <= one <= 1.0 for one in row)
        seated.clear()
    assert differ > 20  # a log without the choice of the pitch is told apart
    assert set(stages) == {"pitch", "pre_inquiry", "post_inquiry"}
    assert stages["post_inquiry"] > 20
    asked = {"insisted", "proposed delivered", "evaded", "bold", "reduction", "topic shipping"}
    assert asked <= moved


def test_a_settlement_after_the_dialogue_is_seen_alike(
    tmp_path: Path,
    seated: dict[tuple[str | None, str, int], list[float]],
) -> None:
    """One exchange at most and a seller that asks first: nothing was proposed when it ends."""
    run = prepared(
        seat(tmp_path, liking("Support: ask first"), explore=0.0),
        "products.per_category=2",
        "design.max_turns=2",
    )
    # A buyer that is content with a question: it ends the dialogue at once.
    complain = BehavioralBuyer.complain

    async def brief(buyer: BehavioralBuyer, request: Complain) -> str | None:
        return None if request.turn > 1 else await complain(buyer, request)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BehavioralBuyer, "complain", brief)
        stages = Counter[str]()
        for spec, events in played(run):
            logged = folded(spec, offered(run).rules, events)
            assert seated == logged
            stages.update(stage for _, stage, _ in logged)
            seated.clear()
    assert stages["settlement"] > 5
    assert stages["settlement"] == stages["post_inquiry"]


def test_nothing_that_is_hidden_from_the_seller_moves_a_feature(tmp_path: Path) -> None:
    """Whoever the buyer is said to be, the features of the same words are the same."""
    run = prepared(seat(tmp_path, liking(), explore=1.0), "products.per_category=1")
    for spec, events in played(run):
        told = folded(spec, offered(run).rules, events)
        others = [
            msgspec.structs.replace(
                event, buyer="nobody", buyer_persona={"pickiness": "picky"}, buyer_gender="male"
            )
            if isinstance(event, EpisodeOpened)
            else event
            for event in events
        ]
        assert others != list(events)
        assert folded(spec, offered(run).rules, others) == told


def test_every_feature_is_named_once() -> None:
    assert len(set(NAMES)) == len(NAMES)
