"""Exported tables say what the log says, computed here line by line without a frame."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from retailsim import analysis
from retailsim.analysis.export import measures
from tests.analysis.fakelog import closed, episode, market, opened, order, refund, review, write_run
from tests.sim.runs import event_lines, replayed, sim, small_run

READERS: dict[str, Callable[[Path], pl.DataFrame]] = {
    "parquet": pl.read_parquet,
    "csv": pl.read_csv,
    "jsonl": pl.read_ndjson,
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("tables") / "run"
    small_run(out)
    return out


def exported(run: Path, what: str, out: Path, *options: object) -> Path:
    result = sim("export", run, what, "--out", out, *options)
    assert result.exit_code == 0, result.stderr
    assert result.stdout == f"{what}: {out}\n"
    return out


def plain_episodes(run: Path) -> dict[str, dict[str, Any]]:
    """Each episode's numbers, added up in plain Python."""
    found: dict[str, dict[str, Any]] = defaultdict(
        lambda: {"orders": 0, "units": 0, "gross": 0, "refunded": 0, "stars": [], "asked": 0}
    )
    for line in event_lines(run):
        event = json.loads(line)
        if event["episode"] is None:
            continue
        one = found[event["episode"]]
        match event["type"]:
            case "EpisodeOpened":
                one |= {"seller": event["seller"], "buyer": event["buyer"]}
            case "OrderPlaced":
                one["orders"] += 1
                one["units"] += event["quantity"]
                one["gross"] += event["quantity"] * event["unit_price_cents"]
            case "RefundIssued":
                one["refunded"] += event["amount_cents"]
            case "ReviewPosted":
                one["stars"].append(event["rating"])
            case "MessageSent":
                one["asked"] += event["stage"] == "pre_inquiry" and event["role"] == "buyer"
    return dict(found)


def told(row: dict[str, Any]) -> dict[str, Any]:
    """An exported episode in the terms of `plain_episodes`, but for its stars."""
    return {
        "orders": row["orders"],
        "units": row["units"],
        "gross": row["gross_revenue_cents"],
        "refunded": row["refunded_cents"],
        "asked": row["pre_exchanges"],
        "seller": row["seller"],
        "buyer": row["buyer"],
    }


@pytest.mark.parametrize("ending", READERS)
def test_episodes_are_what_the_log_adds_up_to(run: Path, tmp_path: Path, ending: str) -> None:
    frame = READERS[ending](exported(run, "episodes", tmp_path / f"e.{ending}"))
    plain = plain_episodes(run)
    assert frame.height == len(plain) == 100
    for row in frame.iter_rows(named=True):
        expected = plain[row["episode"]]
        stars = expected.pop("stars")
        assert told(row) == expected
        rated = [row[name] for name in frame.columns if name.startswith("rating_")]
        assert sorted(one for one in rated if one is not None) == sorted(stars)
        assert row["net_revenue_cents"] == expected["gross"] - expected["refunded"]


@pytest.mark.parametrize("what", ["episodes", "markets", "calls"])
def test_parquet_is_the_frame_itself(run: Path, tmp_path: Path, what: str) -> None:
    frame = pl.read_parquet(exported(run, what, tmp_path / f"{what}.parquet"))
    assert_frame_equal(frame, getattr(analysis.load(str(run)), what))


@pytest.mark.parametrize("ending", READERS)
def test_measures_are_the_numbers_of_replay(run: Path, tmp_path: Path, ending: str) -> None:
    """Every number of ``replay --json`` stands in the table once, in the same order."""
    rows = READERS[ending](exported(run, "measures", tmp_path / f"m.{ending}")).to_dicts()
    said = replayed(run)
    expected = [
        ("overall", said["overall"]),
        *(
            (group, row)
            for group, many in (
                *(("seller", "sellers"), ("buyer", "buyers")),
                *(("category", "categories"), ("pair", "pairs")),
            )
            for row in said[many]
        ),
    ]
    assert len(rows) == len(expected) == 1 + 5 + 5 + 4 + 25
    for row, (group, numbers) in zip(rows, expected, strict=True):
        flat = {key: value for key, value in numbers.items() if not isinstance(value, dict)}
        flat |= {f"rating_{key}": value for key, value in numbers["ratings"].items()}
        flat |= {f"sentiment_{key.lower()}": n for key, n in numbers["sentiments"].items()}
        assert {key: value for key, value in row.items() if key in flat} == flat
        left = {key: value for key, value in row.items() if key not in flat}
        assert left.pop("group") == group
        assert left.pop("partial") is False
        assert set(left.values()) <= {None}


def test_a_hand_made_run_has_the_measures_worked_out_by_hand(tmp_path: Path) -> None:
    bought = [opened("s", "x"), order(3, 500), refund(1, 500), review("product", 4, True)]
    run = write_run(
        tmp_path / "run",
        market("m", closed("m/1", *bought), closed("m/2", opened("s", "y"))),
    )
    row = measures(run).row(0, named=True)
    assert (row["episodes"], row["orders"], row["units"]) == (2, 1, 3)
    assert (row["conversion_rate"], row["refund_rate"]) == (0.5, 1 / 3)
    assert (row["net_revenue_cents"], row["average_rating"]) == (1000, 4.0)
    assert (row["partial"], row["rating_pitch"]) == (False, None)


def test_columns_have_their_types_whatever_the_values(tmp_path: Path) -> None:
    """A run of nothing has the same columns and types as any other."""
    empty = write_run(tmp_path / "empty", [])
    full = write_run(tmp_path / "full", market("m", closed("m/1", opened(), order())))
    assert measures(empty).schema == measures(full).schema
    assert measures(empty)["conversion_rate"].to_list() == [None]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@now", "\tx", "\rx", "\nx"])
def test_csv_disarms_what_a_spreadsheet_would_run(tmp_path: Path, text: str) -> None:
    run = write_run(tmp_path / "run", market("m", closed("m/1", opened(title=text, seller="a=b"))))
    with exported(run, "episodes", tmp_path / "e.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["title"] == f"'{text}"
    assert row["seller"] == "a=b"
    (exact,) = pl.read_ndjson(exported(run, "episodes", tmp_path / "e.jsonl"))["title"]
    assert exact == text


def test_csv_leaves_negative_numbers_alone(tmp_path: Path) -> None:
    lost = [opened(), order(1, 100), refund(1, 300)]
    run = write_run(tmp_path / "run", market("m", closed("m/1", *lost)))
    frame = pl.read_csv(exported(run, "episodes", tmp_path / "e.csv"))
    assert frame["net_revenue_cents"].to_list() == [-200]


def test_an_unfinished_run_says_so(tmp_path: Path) -> None:
    events = market("m", episode("m/1", opened(), order()))[:-1]
    run = write_run(tmp_path / "run", events, seal=False)
    result = sim("export", run, "measures", "--out", tmp_path / "m.csv")
    assert result.exit_code == 0
    assert result.stderr.splitlines() == [
        "the run is not finished: the file holds what its log has so far",
    ]
    row = pl.read_csv(tmp_path / "m.csv").row(0, named=True)
    assert (row["partial"], row["episodes"], row["open"], row["conversion_rate"]) == (
        *(True, 0, 1, 1.0),
    )


def test_a_run_without_model_calls_says_so(run: Path, tmp_path: Path) -> None:
    result = sim("export", run, "calls", "--out", tmp_path / "calls.csv")
    assert result.stderr == "this run recorded no model calls: the file has no rows\n"
    assert (tmp_path / "calls.csv").read_text().startswith("model,role,stage,calls,")


def test_model_calls_are_a_row_a_model_role_and_stage(tmp_path: Path) -> None:
    call = {
        "type": "ModelCalled",
        "market": "m",
        "episode": "m/1",
        "t": 0,
        "source": "buyer:b",
        "stage": "decide",
        "role": "buyer",
        "model": "=m",
        "prompt_version": "1",
        "request_sha256": "",
        "answer": "yes",
        "finish": "stop",
        "reasoning_tokens": 1,
        "input_tokens": 10,
        "cached_tokens": 4,
        "output_tokens": 3,
    }
    calls = [
        call | {"call": 0, "cost_nanousd": 7},
        call | {"call": 1, "cost_nanousd": None},
        # The last one has keys that older logs lack.
        call | {"call": 2, "cost_nanousd": 5, "saved": True, "again": "thin"},
    ]
    run = write_run(tmp_path / "run", [*market("m", closed("m/1", opened())), *calls])
    (row,) = pl.read_csv(exported(run, "calls", tmp_path / "c.csv")).to_dicts()
    assert row == {
        "model": "'=m",
        "role": "buyer",
        "stage": "decide",
        "calls": 3,
        "input_tokens": 30,
        "cached_tokens": 12,
        "output_tokens": 9,
        "reasoning_tokens": 3,
        "cost_nanousd": 7,
        "unpriced_calls": 1,
        "saved_calls": 1,
        "saved_tokens": 13,
        "saved_nanousd": 5,
        "again_calls": 1,
        "thin_calls": 1,
    }


def test_a_path_may_be_text(run: Path) -> None:
    assert analysis.load(str(run)).episodes.equals(analysis.load(run).episodes)
