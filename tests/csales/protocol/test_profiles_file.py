"""Reading profiles: all real ones load, and every dirty row is named."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest

from retailsim.market.catalogue.product_files import Problems, builtin_catalogue, read_products
from retailsim.market.protocols.csales.profile_file import (
    BadProfiles,
    builtin_profiles,
    read_profiles,
)
from retailsim.market.protocols.csales.shop import Shop
from tests.published import published

ROW: dict[str, Any] = {
    "general_preference": "Plain things.",
    "target_needs": "A lamp.",
    "purchase_reason": ["The old one broke."],
    "budget": [10.0, 29.99],
    "target_category": ["Home", "Lighting"],
    "decision_making_style": "Rational",
    "dialogue_openness": "Less Active",
}


def written(folder: Path, *rows: Any) -> Path:
    path = folder / "profiles.jsonl"
    path.write_bytes(b"\n".join(msgspec.json.encode(row) for row in rows))
    return path


def test_money_is_read_into_cents_and_a_row_is_called_by_its_number(tmp_path: Path) -> None:
    first, second = read_profiles(written(tmp_path, ROW, {**ROW, "id": "ada"}))
    assert (first.id, first.budget_cents) == ("p0001", (1_000, 2_999))
    assert second.id == "ada"


def test_an_array_is_read_like_lines(tmp_path: Path) -> None:
    path = tmp_path / "profiles.json"
    path.write_bytes(b"\xef\xbb\xbf" + msgspec.json.encode([ROW, ROW]))
    assert [profile.id for profile in read_profiles(path)] == ["p0001", "p0002"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"decision_making_style": "Impulsive"}, "decision_making_style"),
        ({"dialogue_openness": "active"}, "dialogue_openness"),
        ({"budget": [30.0, 10.0]}, "budget"),
        ({"budget": [0, 0]}, "budget"),
        ({"budget": [-1, 10.0]}, "budget"),
        ({"budget": "10-20"}, "budget"),
        ({"target_category": []}, "target_category"),
        ({"target_category": ["a"] * 6}, "target_category"),
        ({"target_needs": ""}, "target_needs"),
        ({"mood": "good"}, "mood"),
    ],
)
def test_a_dirty_row_is_named_with_what_is_wrong(
    tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    with pytest.raises(BadProfiles) as caught:
        read_profiles(written(tmp_path, ROW, {**ROW, **change}))
    assert "row 2: " in str(caught.value)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_lines_end_as_editors_end_them_and_none_is_endless(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    row = msgspec.json.encode({**ROW, "target_needs": "Caf\u00e9\u2028lamp \x85."})
    for end in (b"\n", b"\r\n", b"\r"):
        path.write_bytes(b"\xef\xbb\xbf" + end.join([row, b"", row]))
        found = read_profiles(path)
        assert [(one.id, one.target_needs) for one in found] == [
            (name, "Caf\u00e9\u2028lamp \x85.") for name in ("p0001", "p0003")
        ]
    with pytest.raises(BadProfiles, match=r"row 1: longer than 4,194,304 bytes"):
        read_profiles(Path("/dev/zero"))


def test_many_dirty_rows_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    path.write_text("{}\n" * 9)
    with pytest.raises(BadProfiles, match=r"row 5: .* and 4 more"):
        read_profiles(path)


def test_rows_are_numbered_as_an_editor_shows_them(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    path.write_text(f"\n{json.dumps(ROW)}\n\n{{}}\n")
    with pytest.raises(BadProfiles, match=r"row 4: [^;]*$"):
        read_profiles(path)


@pytest.mark.parametrize("text", ["", "[]", "[1", "\xff", "[" * 200_000, '{"id":' * 200_000])
def test_a_file_without_profiles_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "p.json"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(BadProfiles):
        read_profiles(path)


def test_a_missing_file_and_an_id_twice_are_named(tmp_path: Path) -> None:
    with pytest.raises(BadProfiles, match="No such file"):
        read_profiles(tmp_path / "nowhere.jsonl")
    with pytest.raises(BadProfiles, match="'ada' appears more than once"):
        read_profiles(written(tmp_path, {**ROW, "id": "ada"}, {**ROW, "id": "ada"}))


def test_all_365_real_profiles_load() -> None:
    profiles = read_profiles(published("csuser_profiles.jsonl"))
    assert len(profiles) == 365
    assert sum(profile.decision_making_style == "Rational" for profile in profiles) == 292


def test_the_built_in_profiles_hold_every_style_with_every_openness() -> None:
    profiles = read_profiles(builtin_profiles())
    cells = Counter((p.decision_making_style, p.dialogue_openness) for p in profiles)
    assert len(profiles) >= 60
    assert len(cells) == 9
    assert min(cells.values()) >= 5


def test_every_built_in_profile_finds_something_within_its_budget() -> None:
    shop = Shop(list(read_products(builtin_catalogue(), problems=Problems())))
    for profile in read_profiles(builtin_profiles()):
        assert shop.cut(profile.target_category) == profile.target_category
        found = shop.suggest("", profile.target_category, profile.budget_cents[1], 100)
        assert found, profile.id
