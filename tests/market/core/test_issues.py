"""Issues: assigned to products by the market, arising in orders by chance."""

import math
from collections import Counter
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retailsim.events.streams import Seed
from retailsim.market.core.issues import ISSUES, Issue, IssueRules

ORDERS = 4_000


def arising(rules: IssueRules, unsupported: int, order: int) -> Issue | None:
    draws = Seed(1).stream("market/fulfilment", f"{order}")
    return rules.arising("wrong item received", unsupported, draws)


def share(rules: IssueRules, unsupported: int, issue: Issue | None) -> float:
    return sum(arising(rules, unsupported, order) == issue for order in range(ORDERS)) / ORDERS


def near(found: float, expected: float, count: int = ORDERS) -> bool:
    return abs(found - expected) <= 4 * math.sqrt(expected * (1 - expected) / count)


def test_the_labels_are_those_of_the_published_data() -> None:
    assert get_args(Issue) == ISSUES
    assert ISSUES == (
        "shipping delay",
        "wrong item received",
        "change of mind",
        "damaged on arrival",
        "not as described",
    )


def test_a_product_keeps_its_issue_and_products_share_them_out_alike() -> None:
    rules = IssueRules()
    counts = Counter(rules.assigned(Seed(3), f"P{n}") for n in range(ORDERS))
    assert set(counts) == set(ISSUES)
    assert all(near(count / ORDERS, 0.2) for count in counts.values())
    assert rules.assigned(Seed(3), "P7") == rules.assigned(Seed(3), "P7")


def test_a_product_keeps_its_issue_from_version_to_version() -> None:
    """Or a run that is gone on with, or compared with one of before, has other issues."""
    assert [IssueRules().assigned(Seed(7), f"p{n}") for n in range(5)] == [
        "shipping delay",
        "change of mind",
        "damaged on arrival",
        "shipping delay",
        "wrong item received",
    ]


def test_issues_without_weight_are_never_assigned() -> None:
    rules = IssueRules(weights={"change of mind": 1.0, "shipping delay": 3.0})
    counts = Counter(rules.assigned(Seed(3), f"P{n}") for n in range(ORDERS))
    assert set(counts) == {"change of mind", "shipping delay"}
    assert near(counts["shipping delay"] / ORDERS, 0.75)


@pytest.mark.parametrize("rate", [0.0, 0.3, 1.0])
def test_orders_have_their_products_issue_as_often_as_the_rate_says(rate: float) -> None:
    rules = IssueRules(rate=rate)
    assert near(share(rules, 0, "wrong item received"), rate)
    assert share(rules, 0, "not as described") == 0.0


@pytest.mark.parametrize("claims", [0, 1, 3])
def test_each_unsupported_claim_may_be_noticed_on_its_own(claims: int) -> None:
    rules = IssueRules(rate=0.0, overclaim_rate=0.3)
    assert near(share(rules, claims, "not as described"), 1 - 0.7**claims)


def test_an_overclaim_that_is_always_noticed() -> None:
    assert share(IssueRules(rate=0.0, overclaim_rate=1.0), 1, "not as described") == 1.0
    assert share(IssueRules(rate=0.0, overclaim_rate=0.0), 9, "not as described") == 0.0


@given(st.floats(0, 1), st.floats(0, 1), st.integers(0, 9), st.text(max_size=5))
def test_what_follows_in_the_stream_depends_on_no_rate_and_no_claim(
    rate: float, overclaim: float, claims: int, unit: str
) -> None:
    one, two = (Seed(1).stream("p", unit) for _ in range(2))
    IssueRules(rate=rate, overclaim_rate=overclaim).arising("change of mind", claims, one)
    IssueRules().arising("shipping delay", 0, two)
    assert one.word() == two.word()


def test_a_higher_rate_only_adds_issues() -> None:
    few, many = IssueRules(rate=0.2), IssueRules(rate=0.6)
    for order in range(500):
        assert arising(few, 0, order) in (None, arising(many, 0, order))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"rate": 1.5}, "rate = 1.5: must be a share from 0 to 1"),
        ({"rate": math.nan}, "rate = nan: must be a share"),
        ({"overclaim_rate": -0.1}, "overclaim_rate = -0.1: must be a share"),
        ({"weights": {"lost": 1.0}}, "weights: no issue is called 'lost'; known: shipping delay,"),
        ({"weights": {}}, "weights: none may be negative or infinite, and one must be above 0"),
        ({"weights": {"change of mind": 0.0}}, "one must be above 0"),
        ({"weights": {"change of mind": 1.0, "shipping delay": -1.0}}, "none may be negative"),
        ({"weights": {"change of mind": math.inf}}, "none may be negative or infinite"),
    ],
)
def test_rules_that_no_market_can_follow_are_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError) as caught:
        IssueRules(**fields)
    assert message in str(caught.value)


class Drawn:
    """A stream that gives these numbers."""

    def __init__(self, *numbers: float) -> None:
        self.numbers = list(numbers)

    def uniform(self) -> float:
        return self.numbers.pop(0)


@pytest.mark.parametrize(
    ("occurs", "notices", "unsupported", "issue"),
    [
        (0.39, 0.0, 0, "wrong item received"),
        (0.40, 0.0, 0, None),
        (0.39, 0.75, 1, "wrong item received"),
        (0.39, 0.76, 1, "not as described"),
        (0.40, 0.76, 1, "not as described"),
        (0.40, 0.5626, 2, "not as described"),
        (0.40, 0.5625, 2, None),
        (0.40, 1.0, 0, None),
    ],
)
def test_an_issue_follows_from_two_draws(
    occurs: float, notices: float, unsupported: int, issue: Issue | None
) -> None:
    """The rate is 0.4; each claim too many is noticed with 0.25, so none of two with 0.5625."""
    rules = IssueRules(rate=0.4, overclaim_rate=0.25)
    draws = Drawn(occurs, notices)
    assert rules.arising("wrong item received", unsupported, draws) == issue  # type: ignore[arg-type]
    assert not draws.numbers, "both are taken, whatever the first one was"


def test_a_category_may_have_a_rate_of_its_own() -> None:
    rules = IssueRules(rate=0.0, rates={"Food": 1.0})

    def occurs(category: Any) -> bool:
        draws = Seed(1).stream("market/fulfilment", "1")
        return rules.arising("wrong item received", 0, draws, category) is not None

    assert occurs("Food")
    assert not occurs("Home")
    assert not occurs(None)
    with pytest.raises(ValueError, match=r"rates.Home = 2.0: must be a share"):
        IssueRules(rates={"Home": 2.0})
