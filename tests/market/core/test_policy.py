"""Return policies: windows, conditions and who pays the way back."""

import pytest

from retailsim.market.catalogue.product import CATEGORIES, Category
from retailsim.market.core.issues import ISSUES
from retailsim.market.core.return_policy import DEFAULT_POLICIES, ReturnPolicy


def test_every_category_has_a_policy_with_its_window() -> None:
    windows = {category: policy.window_days for category, policy in DEFAULT_POLICIES.items()}
    assert windows == {"Food": 7, "Fashion": 30, "Home": 30, "Electronics": 30}
    assert set(windows) == set(CATEGORIES)


def test_goods_come_back_in_the_state_of_their_category() -> None:
    states = {"Food": "unopened", "Fashion": "unworn and unwashed"}
    for category, policy in DEFAULT_POLICIES.items():
        assert policy.condition.startswith(states.get(category, "unused and resellable"))
        assert policy.condition.endswith("in the original packaging with all accessories")


@pytest.mark.parametrize("category", CATEGORIES)
def test_the_buyer_pays_for_a_change_of_mind_and_the_seller_for_its_own_faults(
    category: Category,
) -> None:
    policy = DEFAULT_POLICIES[category]
    payers = {issue: policy.return_payer(issue) for issue in ISSUES}
    assert payers == {**dict.fromkeys(ISSUES, "seller"), "change of mind": "buyer"}


@pytest.mark.parametrize("category", CATEGORIES)
def test_only_in_fashion_the_buyer_pays_for_size_or_fit(category: Category) -> None:
    payer = "buyer" if category == "Fashion" else "seller"
    assert DEFAULT_POLICIES[category].return_payer("size or fit") == payer


@pytest.mark.parametrize(
    ("day", "in_time"), [(0, True), (9, True), (10, True), (17, True), (18, False), (99, False)]
)
def test_the_window_counts_from_delivery_and_includes_its_last_day(day: int, in_time: bool) -> None:
    assert DEFAULT_POLICIES["Food"].in_window(10, day) is in_time


def test_a_window_of_no_days_ends_on_the_day_of_delivery() -> None:
    policy = ReturnPolicy(window_days=0, condition="none")
    assert policy.in_window(3, 3)
    assert not policy.in_window(3, 4)


def test_a_negative_window_is_refused() -> None:
    with pytest.raises(ValueError, match="window_days = -1: must not be negative"):
        ReturnPolicy(window_days=-1, condition="none")
