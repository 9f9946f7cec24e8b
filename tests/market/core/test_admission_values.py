"""What may stand in an answer: what a log can hold, within the limits of its field."""

from datetime import datetime
from typing import Any

import msgspec
import pytest

from retailsim.events.messages import (
    ReviewPosted,
)
from retailsim.market.core.admission import (
    MAX_REPLY,
    MAX_TEXT,
)
from retailsim.market.protocols.retail.requests import (
    AnswerBuyer,
    AskSeller,
    ChooseTopics,
    Complain,
    Decide,
    FormStrategy,
    GiveSupport,
    PresentPitch,
    Request,
    SettleIssue,
    WriteReview,
)
from retailsim.market.protocols.retail.values import (
    Strategy,
    Support,
    Topic,
    Topics,
)
from tests.market.asked import admit, pitch, refused, review
from tests.market.players import KEEP, decided

HUGE = "x" * 10_000_000


def with_text(text: Any) -> list[tuple[type[Any], Any]]:
    return [
        (AskSeller, text),
        (AnswerBuyer, text),
        (Complain, text),
        (GiveSupport, Support(text=text)),
        (WriteReview, review(text=text)),
        (PresentPitch, pitch(sections={"opening_hook": text})),
    ]


@pytest.mark.parametrize(("kind", "value"), [*with_text(""), *with_text(" \n\t")])
def test_an_empty_text_is_refused(kind: type[Request], value: Any) -> None:
    assert refused(kind, value) == "an empty text"


def test_a_pitch_without_sections_is_refused() -> None:
    assert refused(PresentPitch, pitch(sections={})) == "an empty text"


@pytest.mark.parametrize(("kind", "value"), with_text("x" * (MAX_TEXT + 1)))
def test_a_text_that_is_too_long_is_refused(kind: type[Request], value: Any) -> None:
    reason = f"a text of {MAX_TEXT + 1} characters; at most {MAX_TEXT} are allowed"
    assert refused(kind, value) == reason


@pytest.mark.parametrize(("kind", "value"), with_text("x" * MAX_TEXT))
def test_the_longest_text_is_admitted(kind: type[Request], value: Any) -> None:
    [event] = admit(kind, value)
    said = msgspec.structs.asdict(event)
    text = "".join(said["sections"].values()) if kind is PresentPitch else said["text"]
    assert text == "x" * MAX_TEXT


def huge() -> list[tuple[type[Any], Any]]:
    settlement = msgspec.structs.replace(KEEP, resolution=HUGE)
    return [
        *with_text(HUGE),
        (Decide, msgspec.structs.replace(decided(True, 1), reason=HUGE)),
        (ChooseTopics, Topics(topics=(), reason=HUGE)),
        (FormStrategy, Strategy(value_proposition=HUGE)),
        (PresentPitch, pitch(sections={HUGE: "x"})),
        (PresentPitch, pitch(claims=("",) * 100_000)),
        (SettleIssue, settlement),
        (GiveSupport, Support(text="Sorry.", proposal=settlement)),
    ]


@pytest.mark.parametrize(("kind", "value"), huge())
def test_ten_megabytes_are_refused_wherever_they_stand(kind: type[Request], value: Any) -> None:
    assert f"characters; at most {MAX_REPLY} are allowed" in refused(kind, value)


LOST = msgspec.structs.replace(KEEP, outcome="lost")
MALFORMED: list[tuple[type[Any], Any, str]] = [
    (WriteReview, review(rating=True), "Expected `int`, got `bool` - at `$.rating`"),
    (WriteReview, review(rating=4.0), "Expected `int`, got `float`"),
    (WriteReview, review(rating="4"), "Expected `int`, got `str`"),
    (WriteReview, review(rating=None), "Expected `int`, got `null`"),
    (WriteReview, review(rating=10**5000), "a number beyond 4294967296"),
    (WriteReview, review(text=b"good"), "got `bytes`"),
    (WriteReview, review(text=datetime(2026, 1, 1)), "got `datetime`"),
    (WriteReview, review(text=object()), "a object cannot be logged"),
    (WriteReview, review(text="\ud83d"), "surrogates not allowed"),
    (WriteReview, review(would_recommend=1), "Expected `bool | null`, got `int`"),
    (WriteReview, "Good.", "Invalid enum value 'Good.'; allowed: no review"),
    (AskSeller, "\ud83d", "surrogates not allowed"),
    (Decide, decided(1, 1), "Expected `bool`, got `int` - at `$.will_purchase`"),  # type: ignore[arg-type]
    (Decide, decided(True, 10**30), "a number beyond 4294967296"),
    (Decide, decided(True, True), "Expected `int`, got `bool` - at `$.quantity`"),
    (
        Decide,
        msgspec.structs.replace(decided(True, 1), sentiment="Glad"),
        "Invalid enum value 'Glad' - at `$.sentiment`; allowed: Positive, Neutral, Negative",
    ),
    (ChooseTopics, Topics(topics="shipping", reason=""), "Expected `array`"),  # type: ignore[arg-type]
    (ChooseTopics, Topics(topics=("weather",), reason=""), "; allowed: product specificat"),  # type: ignore[arg-type]
    (FormStrategy, Strategy(value_proposition=5), "Expected `str | null`, got `int`"),  # type: ignore[arg-type]
    (PresentPitch, pitch(sections=[("opening_hook", "Hi")]), "Expected `object`"),
    (PresentPitch, pitch(sections={"opening_hook": 5}), "Expected `str`, got `int`"),
    (GiveSupport, Support(text="x", proposal="refund"), "Expected `object | null`, got `str`"),  # type: ignore[arg-type]
    (GiveSupport, Support(text="x", proposal=LOST), "$.proposal.outcome`; allowed: delivered"),
    (SettleIssue, LOST, "Invalid enum value 'lost' - at `$.outcome`; allowed: delivered, exch"),
]


@pytest.mark.parametrize(("kind", "value", "what"), MALFORMED)
def test_a_field_of_the_wrong_type_is_refused(kind: type[Request], value: Any, what: str) -> None:
    reason = refused(kind, value)
    named = "text" if isinstance(value, str) else type(value).__name__
    assert reason.startswith(f"a malformed {named}: ")
    assert what in reason


def test_a_field_that_contains_itself_is_refused() -> None:
    text: list[Any] = []
    text.append(text)
    assert refused(WriteReview, review(text=text)).startswith("a malformed Review: ")


@pytest.mark.parametrize("rating", [-1, 0, 6, 9])
def test_a_rating_beyond_the_scale_is_refused(rating: int) -> None:
    reason = f"a rating of {rating}; 1 to 5 are allowed"
    assert refused(WriteReview, review(rating=rating)) == reason


@pytest.mark.parametrize("rating", range(1, 6))
def test_each_rating_of_the_scale_is_admitted(rating: int) -> None:
    [event] = admit(WriteReview, review(rating=rating))
    assert type(event) is ReviewPosted
    assert event.rating == rating


@pytest.mark.parametrize(
    "topics",
    [("shipping", "shipping"), ("shipping", "price/discount", "product comparison")],
)
def test_a_topic_twice_or_more_than_two_are_refused(topics: tuple[Topic, ...]) -> None:
    reason = refused(ChooseTopics, Topics(topics=topics, reason="r"))
    assert reason.startswith(f"topics {list(topics)}; up to two of product specifications, ")
