"""Byte identity: the same event lines whatever the workers, concurrency, or hash seed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.sim.runs import (
    SMALL,
    event_lines,
    launched,
    outside_lines,
    process,
    replayed,
    scenario,
)

PLUGINS = Path(__file__).parents[1] / "plugins"

MIXED = """
[run]
name = "mixed"
[products]
per_category = 1
[[sellers]]
id = "bold-showman"
agent = "bold-showman"
[[sellers]]
id = "plain-dealer"
agent = "plain-dealer"
[[buyers]]
id = "asking"
agent = "asking:Asking"
[[buyers]]
id = "easy-shopper"
agent = "easy-shopper"
[[buyers]]
id = "second"
agent = "asking:Asking"
"""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of 100 episodes by the built-in agents, in one process."""
    out = tmp_path_factory.mktemp("small") / "run"
    launched(out, *SMALL)
    return out


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """A scenario with plug-ins that wait beside built-in agents that do not."""
    shutil.copy(PLUGINS / "asking.py", tmp_path)
    return scenario(tmp_path, MIXED)


@pytest.mark.slow
def test_two_runs_of_one_seed_are_equal_byte_for_byte(small: Path, tmp_path: Path) -> None:
    launched(tmp_path / "again", *SMALL)
    assert event_lines(tmp_path / "again") == event_lines(small)
    assert replayed(tmp_path / "again") == replayed(small)


def test_another_seed_differs(small: Path, tmp_path: Path) -> None:
    launched(tmp_path / "other", *SMALL, "--seed", 2)
    assert event_lines(tmp_path / "other") != event_lines(small)


@pytest.mark.slow
@pytest.mark.parametrize("workers", [2, 4])
def test_the_number_of_workers_changes_no_event(small: Path, tmp_path: Path, workers: int) -> None:
    launched(tmp_path / "run", *SMALL, "--workers", workers)
    assert event_lines(tmp_path / "run") == event_lines(small)
    shards = {path.name[:4] for path in (tmp_path / "run" / "events").glob("*.jsonl")}
    assert len(shards) == workers


@pytest.mark.slow
def test_the_hash_seed_of_python_changes_no_event(small: Path, tmp_path: Path) -> None:
    for seed in ("0", "12345"):
        out = tmp_path / seed
        done = process("launch", *SMALL, "--out", out, PYTHONHASHSEED=seed)
        assert done.returncode == 0, done.stderr
        assert event_lines(out) == event_lines(small)


@pytest.mark.slow
def test_concurrency_and_latency_change_no_event_of_agents_that_wait(
    mixed: Path, tmp_path: Path
) -> None:
    launched(tmp_path / "one", mixed, "--set", "run.concurrency=1")
    launched(tmp_path / "many", mixed, "--set", "run.concurrency=50")
    assert event_lines(tmp_path / "many") == event_lines(tmp_path / "one")
    assert outside_lines(tmp_path / "many") == outside_lines(tmp_path / "one")
    assert outside_lines(tmp_path / "one")


@pytest.mark.slow
def test_workers_change_no_event_of_agents_that_wait(mixed: Path, tmp_path: Path) -> None:
    launched(tmp_path / "one", mixed)
    launched(tmp_path / "three", mixed, "--workers", 3)
    assert event_lines(tmp_path / "three") == event_lines(tmp_path / "one")
    assert outside_lines(tmp_path / "three") == outside_lines(tmp_path / "one")


@pytest.mark.slow
def test_recorded_answers_hold_no_wall_clock_and_no_seq(mixed: Path, tmp_path: Path) -> None:
    launched(tmp_path / "run", mixed)
    for line in outside_lines(tmp_path / "run"):
        assert b'"seq"' not in line
        assert b"latency" not in line


def test_compression_changes_no_event(small: Path, tmp_path: Path) -> None:
    pytest.importorskip("zstandard", reason="the extra 'zstd' is not installed")
    launched(tmp_path / "run", *SMALL, "--set", "log.compress=true")
    assert list((tmp_path / "run" / "events").glob("*.jsonl.zst"))
    assert event_lines(tmp_path / "run") == event_lines(small)


def test_a_subset_of_products_plays_the_same_episodes(small: Path, tmp_path: Path) -> None:
    """Draws depend on product and seats, never on what else is in the run."""
    whole = event_lines(small)
    product = b'"market":"' + sorted(whole)[0].split(b'"market":"')[1].split(b"/")[0] + b"/"
    identifier = product.removeprefix(b'"market":"').rstrip(b"/").decode()
    launched(tmp_path / "run", "--set", f'products.ids=["{identifier}"]')
    assert event_lines(tmp_path / "run") == [line for line in whole if product in line]
