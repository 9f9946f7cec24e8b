"""What a market is made of: what is refused, and what names its random streams."""

from typing import Any

import pytest

from retailsim.market.core.participants import EpisodeSpec, Participant
from retailsim.market.core.return_policy import DEFAULT_POLICIES
from retailsim.market.protocols.retail.spec import RetailRules
from tests.market.players import market_spec


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"max_turns": 0}, "max_turns = 0: must be at least 1"),
        ({"max_quantity": 0}, "max_quantity = 0: must be at least 1"),
        ({"guidance": 1.1}, "guidance = 1.1: must be a share from 0 to 1"),
        ({"guidance": -0.1}, "guidance = -0.1: must be a share from 0 to 1"),
        ({"policies": {"Food": DEFAULT_POLICIES["Food"]}}, "policies: none for Fashion, Home, El"),
        ({"start": "2 March"}, "start = '2 March': must be a date such as 2026-03-02"),
    ],
)
def test_rules_that_no_market_can_follow_are_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError) as caught:
        RetailRules(**fields)
    assert message in str(caught.value)


def test_the_defaults_are_the_published_setting() -> None:
    rules = RetailRules()
    assert (rules.max_turns, rules.guidance, rules.issues.rate) == (5, 1.0, 1.0)
    assert (rules.shipping.rate, rules.shipping.cap_cents) == (0.05, 800)


def test_a_market_needs_episodes_of_distinct_names() -> None:
    twins = (
        EpisodeSpec(episode="e1", buyer=Participant(id="a")),
        EpisodeSpec(episode="e1", buyer=Participant(id="b")),
    )
    for episodes in ((), twins):
        with pytest.raises(ValueError, match="market m1: needs one or more episodes with distinct"):
            market_spec(episodes=episodes)


ANN = Participant(id="ann")


def test_units_name_product_seats_and_replication_and_nothing_of_the_arm() -> None:
    base = market_spec(replication=3)
    arm = market_spec(replication=3, discount=0.1, price_multiplier=1.1, condition="other", id="m9")
    assert base.unit == arm.unit == "LAMP/sam/3"
    assert base.seller_unit(ANN) == arm.seller_unit(ANN) == "LAMP/sam/ann/3"
    assert base.buyer_unit(ANN) == arm.buyer_unit(ANN) == "LAMP/ann/3"


def test_a_seat_with_a_stream_draws_by_it_and_not_by_its_name() -> None:
    twin = market_spec(replication=3, sellers=(Participant(id="shop", stream="sam"),))
    other = market_spec(replication=3, sellers=(Participant(id="shop"),))
    base = market_spec(replication=3)
    assert twin.unit == base.unit != other.unit
    ann = Participant(id="her", stream="ann")
    assert twin.seller_unit(ann) == base.seller_unit(ANN)
    assert other.buyer_unit(ann) == base.buyer_unit(ANN), "no seller in what a buyer draws by"
