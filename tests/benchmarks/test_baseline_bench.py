"""The comparison with a frozen commit: what it calls the same, and what it does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import bench_baseline
from benchmarks.bench_baseline import Sizes, digest, unpacked


def log(folder: Path, *segments: str) -> Path:
    events = folder / "events"
    events.mkdir(parents=True)
    for number, text in enumerate(segments):
        (events / f"0000-{number:08}.jsonl").write_text(text)
    return folder


FIRST = '{"market":"a","seq":0,"text":"x"}\n'
SECOND = '{"market":"a","seq":1,"text":"y"}\n'


def test_neither_segments_nor_commit_lines_are_compared(tmp_path: Path) -> None:
    one = log(tmp_path / "one", FIRST + SECOND + '{"commit":2}\n')
    two = log(tmp_path / "two", '{"header":1}\n' + SECOND, FIRST)
    assert digest(one) == digest(two)
    assert digest(one)[0] == 2


def test_a_byte_that_differs_is_seen(tmp_path: Path) -> None:
    one = log(tmp_path / "one", FIRST + SECOND)
    two = log(tmp_path / "two", FIRST + SECOND.replace("y", "z"))
    assert digest(one) != digest(two)


def test_other_bytes_miss_the_target(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(bench_baseline, "logged", lambda tree: (2, str(tree)))
    row = bench_baseline._events(tmp_path, "abc")
    assert row["met"] is False
    assert "OTHER BYTES" in row["reference"]


def test_startup_cancels(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(bench_baseline, "_launched", lambda tree, size, what: 7.0 + 6.0 * size)
    assert bench_baseline.each(tmp_path, Sizes(1, 4, 1), "cpu") == pytest.approx(6.0 / 3_000)


def test_the_ratio_is_the_median_of_the_pairs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pairs = iter([(0.4, 1.0), (3.0, 2.0), (0.6, 1.0)])
    monkeypatch.setattr(bench_baseline, "_pair", lambda *_, swapped: next(pairs))
    row = bench_baseline._cpu(tmp_path, "abc", Sizes(1, 4, 3), judged=True)
    assert row["ratio"] == 0.6
    assert "0.40 to 1.50" in row["figure"]
    assert row["met"] is False


def test_an_unknown_commit_is_one_line() -> None:
    with pytest.raises(SystemExit) as refused, unpacked("feedfacefeed"):
        pass
    said = str(refused.value)
    assert "no commit feedfacefeed here" in said
    assert "git fetch --unshallow" in said
    assert "\n" not in said


@pytest.mark.slow
def test_a_tree_beside_itself_is_the_same() -> None:
    with unpacked("HEAD") as tree:
        assert (tree / "events" / "kernel.py").is_file()
        assert bench_baseline.logged(tree) == bench_baseline.logged(tree)
