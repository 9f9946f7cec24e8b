"""What a seller knows in its seat is what the log says that it knew."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from retailsim.agents.csales.behavioral.action_policy import ActionChoice, Situation
from retailsim.agents.csales.behavioral.seller import PolicySeller
from retailsim.agents.csales.policy.features import NAMES, features
from retailsim.agents.csales.policy.view import SellerView, seen
from retailsim.events.messages import Event
from retailsim.market.protocols.csales.action_table import DEFAULT_TABLE
from retailsim.market.protocols.csales.events import ProfileInferred
from retailsim.market.protocols.csales.profile_file import builtin_profiles, read_profiles
from retailsim.market.protocols.csales.requests import PlanTurn
from retailsim.market.protocols.csales.spec import SalesRules
from tests.csales.behavioral.test_explore import SELLERS
from tests.csales.behavioral.test_sales_policy import FULL
from tests.csales.talks import builtin_shop, converse


@pytest.fixture(scope="module", params=[DEFAULT_TABLE, FULL], ids=["default", "full"])
def rules(request: pytest.FixtureRequest) -> SalesRules:
    return SalesRules(catalogue=builtin_shop(), actions=request.param)


@pytest.fixture
def views(monkeypatch: pytest.MonkeyPatch) -> list[list[float]]:
    """What sellers see whenever they choose, one after the other."""
    found: list[list[float]] = []
    choose = PolicySeller._choice

    async def watched(seller: PolicySeller, request: PlanTurn, now: Situation) -> ActionChoice:
        view = seen(request, seller.memory(request)["known"], now.past, now.tactics, now.items)
        found.append(features(view))
        assert view.legal_actions() == request.actions
        return await choose(seller, request, now)

    monkeypatch.setattr(PolicySeller, "_choice", watched)
    return found


def folded(events: Sequence[Event], rules: SalesRules) -> list[list[float]]:
    """Return the features of the log's events, cut wherever the seller planned."""
    view, found = SellerView(rules.catalogue.below(())), []
    for event in events:
        if isinstance(event, ProfileInferred):
            found.append(features(view))
        view.tell([event])
    return found


@pytest.mark.parametrize("seller", SELLERS)
def test_the_seat_sees_what_the_log_holds(
    seller: type[PolicySeller], rules: SalesRules, views: list[list[float]]
) -> None:
    moved = set()
    for profile in read_profiles(builtin_profiles())[:24]:
        views.clear()
        logged = folded(converse(profile, seller, rules, selling={"explore": 0.3}), rules)
        assert views == logged
        moved |= {name for view in views for name, one in zip(NAMES, view, strict=True) if one}
    assert {"selected", "candidate_shown", "new_category", "gap", "depth"} <= moved


def test_every_feature_is_named_once_and_lies_between_0_and_1(rules: SalesRules) -> None:
    assert len(set(NAMES)) == len(NAMES)
    empty = features(SellerView(rules.catalogue.below(())))
    assert len(empty) == len(NAMES)
    assert all(0.0 <= one <= 1.0 for one in empty)
