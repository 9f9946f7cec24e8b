"""Events that carry a text can leave it out, and nothing else with it."""

from __future__ import annotations

import msgspec

from retailsim.events.messages import ReviewPosted


def test_a_review_without_its_text_keeps_the_stars() -> None:
    review = ReviewPosted(
        market="m0",
        episode="e0",
        seq=3,
        t=5,
        source="buyer",
        aspect="product",
        rating=2,
        text="It broke.",
        would_recommend=False,
    )
    bare = msgspec.to_builtins(review.without_texts())
    assert bare == msgspec.to_builtins(review) | {"text": ""}
