"""Profiles out of reviews: by the buyers' own sentences, or summed up by a model."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from retailsim.market.catalogue.product_files import Problems, builtin_catalogue, read_products
from retailsim.market.protocols.csales.profile_file import read_profiles
from tests.sim.modelserver import serving
from tests.sim.runs import launched, sim

COFFEE = [
    product
    for product in read_products(builtin_catalogue(), problems=Problems())
    if product.leaf == "Whole Bean Coffee"
]
SAID = {
    "kind": "profile",
    "general_preference": "I like strong coffee.",
    "target_needs": "I need beans for the office.",
    "purchase_reason": ["The old bag is empty."],
    "style": "Dependent",
    "openness": "Passive",
}


def review(user: str, number: int, **fields: Any) -> dict[str, Any]:
    return {
        "user_id": user,
        "parent_asin": COFFEE[number].id,
        "rating": 5.0,
        "timestamp": number,
        "title": "Fine",
        "text": "I needed beans for my desk. My friends recommend it.",
        **fields,
    }


@pytest.fixture
def reviews(tmp_path: Path) -> Path:
    rows: list[Any] = [review("ada", n) for n in range(4)]
    rows += [review("ben", n, rating=1.0, text="Too bitter.") for n in range(3)]
    rows += [review("cleo", 0), {"user_id": "dan"}, {**review("dan", 1), "parent_asin": "other"}]
    path = tmp_path / "reviews.jsonl"
    lines = [*map(json.dumps, rows), "no JSON"]
    path.write_bytes("\n".join(lines).encode())
    return path


def test_profiles_are_made_of_what_buyers_wrote_and_bought(reviews: Path, tmp_path: Path) -> None:
    out = tmp_path / "profiles.jsonl"
    result = sim("profiles", "build", reviews, "--out", out)
    assert result.exit_code == 0, result.stderr
    assert "2 buyers with 3 reviews or more" in result.stderr
    assert "3 rows left out" in result.stderr
    ada, ben = read_profiles(out)
    assert (ada.id, ada.target_needs) == ("ada", "I needed beans for my desk.")
    assert ada.decision_making_style == "Dependent"
    prices = [product.price_cents for product in COFFEE[:4]]
    assert ada.budget_cents == (min(prices), max(prices))
    assert ada.target_category == COFFEE[3].path
    assert ben.general_preference.startswith("I dislike: Too bitter.")
    assert ben.dialogue_openness == "Passive"


@pytest.mark.parametrize("row", [b'{"user_id": "a\xff"}', b'{"more": ' + b"[" * 5_000])
def test_bytes_that_are_no_row_are_left_out(row: bytes, reviews: Path, tmp_path: Path) -> None:
    with reviews.open("ab") as file:
        file.write(b"\n" + row)
    result = sim("profiles", "build", reviews, "--out", tmp_path / "profiles.jsonl")
    assert result.exit_code == 0, result.stderr
    assert "4 rows left out" in result.stderr


def test_the_profiles_can_be_conversed_with(reviews: Path, tmp_path: Path) -> None:
    out = tmp_path / "profiles.jsonl"
    sim("profiles", "build", reviews, "--out", out)
    said = launched(tmp_path / "run", "csales", "--profiles", out)
    assert said["episodes"]["closed"] == 6


def test_packed_reviews_are_read_too(reviews: Path, tmp_path: Path) -> None:
    packed = tmp_path / "reviews.jsonl.gz"
    packed.write_bytes(gzip.compress(reviews.read_bytes()))
    assert sim("profiles", "build", packed, "--out", tmp_path / "p.jsonl").exit_code == 0
    assert len(read_profiles(tmp_path / "p.jsonl")) == 2


def by_model(body: dict[str, Any]) -> tuple[int, Any]:
    return 200, json.dumps({"reply": SAID})


def asked(reviews: Path, out: Path, url: str, *more: object) -> Any:
    settings = ("--set", f"base_url={url}", "--set", "price={input=1.0,output=2.0}")
    model = ("--model", "openai-compatible/llama")
    attempts = ("--set", "max_attempts=1")
    return sim("profiles", "build", reviews, "--out", out, *model, *settings, *attempts, *more)


def test_a_model_sums_buyers_up_and_its_cost_is_shown(reviews: Path, tmp_path: Path) -> None:
    with serving(by_model) as server:
        result = asked(reviews, tmp_path / "p.jsonl", server.url)
        assert len(server.bodies) == 2
        told = json.dumps(server.bodies)
    assert result.exit_code == 0, result.stderr
    assert "<<<REVIEWS" in told
    assert "2 calls" in result.stderr
    assert "$" in result.stderr
    profiles = {profile.id: profile for profile in read_profiles(tmp_path / "p.jsonl")}
    assert set(profiles) == {"ada", "ben"}
    assert profiles["ben"].general_preference == "I like strong coffee."
    assert profiles["ben"].decision_making_style == "Dependent"


def test_what_is_there_is_not_asked_again(reviews: Path, tmp_path: Path) -> None:
    out = tmp_path / "p.jsonl"

    def once(body: dict[str, Any]) -> tuple[int, Any]:
        if len(server.bodies) > 1:
            return 401, {"error": {"code": "invalid_api_key", "message": "gone"}}
        return by_model(body)

    with serving(once) as server:
        stopped = asked(reviews, out, server.url, "--set", "max_in_flight=1")
        assert stopped.exit_code == 3, stopped.stderr
        assert "run it again" in stopped.stderr
        assert "1 calls" in stopped.stderr
        assert len(read_profiles(out)) == 1
        before = len(server.bodies)
        server.answering = by_model
        assert asked(reviews, out, server.url).exit_code == 0
        assert len(server.bodies) == before + 1
        assert asked(reviews, out, server.url).exit_code == 0
        assert len(server.bodies) == before + 1
    assert len(read_profiles(out)) == 2


def test_an_answer_that_stays_unusable_is_said_and_left_out(reviews: Path, tmp_path: Path) -> None:
    def broken(body: dict[str, Any]) -> tuple[int, Any]:
        return 200, json.dumps({"reply": {**SAID, "style": "Loud"}})

    with serving(broken) as server:
        result = asked(reviews, tmp_path / "p.jsonl", server.url)
    assert result.exit_code == 0
    assert "ada: no profile" in result.stderr
    assert "2 buyers without a usable answer" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--least", "9"), "nobody has 9 reviews"),
        (("--model", "llama"), "must be PROVIDER/MODEL"),
        (("--model", "openai-compatible/x", "--set", "colour=red"), "colour"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    reviews: Path, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    result = sim("profiles", "build", reviews, "--out", tmp_path / "p.jsonl", *arguments)
    assert result.exit_code == 2
    assert said in result.stderr


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    result = sim("profiles", "build", tmp_path / "none.jsonl", "--out", tmp_path / "p.jsonl")
    assert result.exit_code == 2
    assert "none.jsonl" in result.stderr


def test_what_no_profile_can_be_called_is_left_out(tmp_path: Path) -> None:
    rows = [review(user, n) for user in ("ada", "a/b", "", "x" * 90) for n in range(3)]
    path, out = tmp_path / "reviews.jsonl", tmp_path / "p.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    result = sim("profiles", "build", path, "--out", out)
    assert result.exit_code == 0, result.stderr
    assert "9 rows left out" in result.stderr
    assert [profile.id for profile in read_profiles(out)] == ["ada"]


def test_markup_of_reviews_is_nothing_that_a_buyer_says(tmp_path: Path) -> None:
    text = "I needed this.<br /><br />It's [[VIDEOID:abc]] great &amp; 3 < 4 hours."
    path, out = tmp_path / "reviews.jsonl", tmp_path / "p.jsonl"
    path.write_text("\n".join(json.dumps(review("ada", n, text=text)) for n in range(3)))
    assert sim("profiles", "build", path, "--out", out).exit_code == 0
    [ada] = read_profiles(out)
    assert ada.purchase_reason == ("I needed this. It's great & 3 < 4 hours.",)
    assert ada.general_preference == "I needed this."


def test_a_file_of_reviews_that_is_missing_is_named(tmp_path: Path) -> None:
    path = tmp_path / "none.jsonl"
    result = sim("profiles", "build", path, "--out", tmp_path / "p.jsonl")
    assert result.exit_code == 2
    assert result.stderr == f"error: {path}: cannot be read: No such file or directory\n"


def test_a_damaged_archive_of_reviews_is_named(reviews: Path, tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(reviews.read_bytes() * 50))
    packed[40:60] = b"\xff" * 20
    path = tmp_path / "reviews.jsonl.gz"
    path.write_bytes(packed)
    result = sim("profiles", "build", path, "--out", tmp_path / "p.jsonl")
    assert result.exit_code == 2
    assert "cannot be read" in result.stderr
