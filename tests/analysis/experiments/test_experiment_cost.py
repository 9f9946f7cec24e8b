"""Table 7 from a log: tokens and dollars of an episode, by model and purchase."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from retailsim.analysis.experiments.episode_cost import simulation_cost
from retailsim.analysis.experiments.outcomes import published
from retailsim.analysis.projection.pieces import extract
from retailsim.analysis.projection.projection import Projection, merge

OPENED = {
    "type": "EpisodeOpened",
    "seller": "s",
    "buyer": "b",
    "category": "Home",
    "list_price_cents": 100,
    "price_cents": 100,
}


def projected(*events: dict[str, object]) -> Projection:
    lines = b"".join(
        msgspec.json.encode({"type": event["type"], "seq": n, "t": n, **event}) + b"\n"
        for n, event in enumerate(events)
    )
    return merge([extract(lines)])


def called(
    episode: str | None, market: str, model: str, tokens: int, cost: int | None
) -> dict[str, object]:
    return {
        "type": "ModelCalled",
        "market": market,
        "episode": episode,
        "model": model,
        "role": "seller",
        "stage": "pitch",
        "input_tokens": tokens,
        "cached_tokens": 0,
        "output_tokens": 10,
        "reasoning_tokens": 0,
        "cost_nanousd": cost,
    }


def two_products(model: str, other: str, cost: int | None = 1_000_000) -> Projection:
    events: list[dict[str, object]] = []
    for n in (1, 2):
        market, episode = f"m{n}", f"m{n}/b"
        events += [
            {**OPENED, "market": market, "episode": episode, "product": f"p{n}"},
            called(None, market, model, 1_000 * n, cost),
            called(episode, market, other, 500, cost),
            {
                "type": "OrderPlaced",
                "market": market,
                "episode": episode,
                "quantity": 1,
                "unit_price_cents": 100,
                "shipping_cents": 0,
            },
            {"type": "EpisodeClosed", "market": market, "episode": episode},
        ]
    return projected(*events)


def cells(projection: Projection, label: str) -> dict[str, tuple[Any, Any]]:
    [row] = [row for row in simulation_cost({"all": projection}).rows if row.label == label]
    return {value.name: (value.measured.value, value.published) for value in row.values}


def test_a_broadcast_is_charged_in_full_and_the_published_row_stands_beside() -> None:
    found = cells(two_products("openai/gpt-5.4", "openai/gpt-5.4"), "openai/gpt-5.4, a purchase")
    figures = published()["cost"]["GPT-5.4"]
    assert found["tokens in"] == (pytest.approx(2_000), figures[3])
    assert found["tokens out"] == (pytest.approx(20), figures[4])
    assert found["cost"] == (pytest.approx(0.002), figures[5])


def test_episodes_of_several_models_stand_apart() -> None:
    found = cells(two_products("openai/a", "openai/b"), "several models, a purchase")
    assert found["tokens in"] == (pytest.approx(2_000), None)


def test_an_unknown_price_is_unknown() -> None:
    found = cells(two_products("x/a", "x/a", cost=None), "x/a, a purchase")
    assert found["cost"] == (None, None)


def test_without_a_model_only_the_published_rows_stand_and_the_note_says_why() -> None:
    outcome = simulation_cost(
        {"all": projected({**OPENED, "market": "m", "episode": "e", "product": "p"})}
    )
    assert len(outcome.rows) == 2 * len(published()["cost"])
    assert "nothing was spent" in outcome.notes[0]
