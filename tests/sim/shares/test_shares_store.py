"""Runs in shares in an object store: the same run, whatever the store does."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from retailsim.events import object_store
from retailsim.events.errors import StoreFailed
from retailsim.events.object_store import Objects
from retailsim.sim.shares import shard
from retailsim.sim.shares.commits import Commit, StoreCommits, put_commit
from retailsim.sim.shares.view import view_of, view_place
from tests.sim.runs import event_lines, launched, replayed, sim
from tests.sim.shares.objectstore import BUCKET, Door, Fault, serving_store
from tests.sim.shares.test_shares import FEW, SHARES, refused

pytestmark = pytest.mark.slow
ADDRESS = f"s3://{BUCKET}/runs/few"
SEGMENT = r"/events/\d{4}-\d{8}\.jsonl"


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("whole") / "run"
    launched(out, *FEW)
    return out


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Door]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(object_store, "PATIENCE_S", 20.0)
    monkeypatch.setattr(object_store, "ANSWER_S", 1.0)
    with serving_store(monkeypatch) as found:
        yield found


def planned(tmp_path: Path) -> Objects:
    out = tmp_path / "planned"
    result = sim("launch", *FEW, "--out", out, "--shares", SHARES, "--store", ADDRESS)
    assert result.exit_code == 0, result.stderr
    assert f"in the store: {ADDRESS}\n" in result.stdout
    assert f"shard {ADDRESS} --share I" in result.stdout
    return Objects(ADDRESS)


def play(share: int, *more: object, run: object = ADDRESS) -> str:
    result = sim("shard", run, "--share", share, *more)
    assert result.exit_code == 0, result.stderr
    return result.stderr + result.stdout


def gathered(tmp_path: Path) -> Objects:
    objects = planned(tmp_path)
    for share in range(SHARES):
        play(share)
    result = sim("gather", ADDRESS)
    assert result.exit_code == 0, result.stderr
    return objects


def contents(objects: Objects, *leave: str) -> dict[str, bytes | None]:
    return {name: objects.read(name) for name in objects.sizes() if name not in leave}


def same(reference: Path) -> None:
    view = view_of(ADDRESS)
    assert event_lines(view) == event_lines(reference)
    verified = sim("verify", ADDRESS)
    assert verified.exit_code == 0, verified.stderr
    assert "every event is the same" in verified.stdout


def test_a_run_in_a_store_is_the_same_run(door: Door, tmp_path: Path, reference: Path) -> None:
    objects = planned(tmp_path)
    play(0)
    play(1, "--store", ADDRESS, run=tmp_path / "planned")
    assert "1 of 3 shares is missing (2)" in refused("gather", ADDRESS, status=3)
    assert "is played in shares: play" in refused("replay", ADDRESS)
    play(2)
    assert "nothing to do, it was played by attempt a1-" in play(2, "--attempt", 2)
    assert sim("gather", tmp_path / "planned", "--store", ADDRESS).exit_code == 0
    first = contents(objects)
    assert sorted(name for name in first if name.startswith("shares/")) == [
        *(f"shares/{share:04d}/COMMIT" for share in range(SHARES)),
        "shares/GATHERED",
    ]
    shutil.rmtree(view_place(ADDRESS))
    door.asked.clear()
    assert replayed_there() == replayed(reference)
    assert not door.fetched(SEGMENT)  # the projection says it all
    report = sim("report", ADDRESS, "-o", tmp_path / "there.html")
    assert report.exit_code == 0, report.stderr
    assert door.fetched(SEGMENT)  # what was said is looked up
    same(reference)
    assert "nothing to do, its shares are together" in sim("gather", ADDRESS).stderr
    assert contents(objects) == first
    assert "a view of a run in a store" in refused("resume", ADDRESS)


def replayed_there() -> dict[str, Any]:
    """What replaying the run in the store gives."""
    return replayed(view_of(ADDRESS))


@pytest.mark.parametrize("kind", ["busy", "lost", "late", "conflict"])
def test_what_a_store_is_too_busy_for_is_asked_again(
    door: Door, tmp_path: Path, reference: Path, kind: Any
) -> None:
    planned(tmp_path)
    door.faults = [Fault(kind, r"PUT .*/COMMIT", 1), Fault(kind, r"PUT .*/COMMIT", 1)]
    if kind != "conflict":
        door.faults += [Fault(kind, r"PUT .*\.jsonl"), Fault(kind, "GET .*run.toml"),
                        Fault(kind, "GET .*list-type"), Fault(kind, "PUT .*/SEAL")]  # fmt: skip
    for share in range(SHARES):
        assert "played by attempt a1-" in play(share)
    assert sim("gather", ADDRESS).exit_code == 0
    assert [fault for fault in door.faults if fault.times] == []
    same(reference)


def test_of_many_commits_at_once_the_first_one_stays(door: Door) -> None:
    objects = Objects(ADDRESS)
    door.faults = [Fault("lost", "PUT", 3), Fault("busy", "PUT", 3)]

    def commit(number: int) -> str:
        own = Commit(run="r", share=7, attempt=f"a{number}", episodes=number, segments=())
        return put_commit(StoreCommits(objects), own, ADDRESS).attempt

    with ThreadPoolExecutor(8) as pool:
        told = set(pool.map(commit, range(8)))
    assert len(told) == 1
    assert list(objects.sizes()) == ["shares/0007/COMMIT"]


def test_who_was_thought_dead_and_comes_late_changes_nothing(
    door: Door, tmp_path: Path, reference: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    objects, real = planned(tmp_path), shard._play
    play(0), play(2)

    def slowly(*arguments: Any) -> Any:
        monkeypatch.setattr(shard, "_play", real)
        play(1, "--attempt", 3)
        assert sim("gather", ADDRESS).exit_code == 0
        return real(*arguments)

    monkeypatch.setattr(shard, "_play", slowly)
    assert "came too late, it was played by attempt a3-" in play(1, "--attempt", 2)
    assert not [name for name in objects.sizes("shares") if "/a" in name]
    same(reference)


def test_what_a_lost_node_put_is_gone_on_with(door: Door, tmp_path: Path, reference: Path) -> None:
    objects = planned(tmp_path)
    for share in range(SHARES):
        play(share)
    [segment] = [name for name in objects.sizes("shares/0001") if re.search(SEGMENT, name)]
    text = objects.read(segment)
    assert text is not None
    objects.put(f"{segment}.open", text[: len(text) // 2])
    objects.remove([segment, "shares/0001/COMMIT"])
    assert "goes on from attempt a1-" in play(1, "--attempt", 2)
    assert sim("gather", ADDRESS).exit_code == 0
    same(reference)


def test_a_compressed_log_is_the_same_run(door: Door, tmp_path: Path, reference: Path) -> None:
    pytest.importorskip("zstandard")
    out = tmp_path / "planned"
    compressed = ("--set", "log.compress=true", "--shares", SHARES, "--store", ADDRESS)
    assert sim("launch", *FEW, *compressed, "--out", out).exit_code == 0
    for share in range(SHARES):
        play(share)
    objects = Objects(ADDRESS)
    own = next(name for name in objects.sizes("shares/0001") if name.endswith(".jsonl.zst"))
    text = objects.read(own)
    assert text is not None
    for damaged in (text[:-1], text[:40], b"", b"x" * 40):
        objects.put(own, damaged)
        assert f"share 1: {own} " in refused("gather", ADDRESS)
    objects.put(own, text)
    assert sim("gather", ADDRESS).exit_code == 0
    names = [f"events/{share:04d}-00000000.jsonl.zst" for share in range(SHARES)]
    assert list(objects.sizes("events")) == [*names, "events/SEAL"]
    assert sum(objects.sizes("events").values()) < log_bytes(reference) / 3
    same(reference)
    assert sim("report", ADDRESS, "-o", tmp_path / "there.html").exit_code == 0
    objects.put(names[1], text[:-1])
    assert f"of {len(text) - 1:,} bytes, not {len(text):,}" in refused("replay", ADDRESS)
    objects.put(names[1], text[:-9] + b"x" + text[-8:])
    assert refused("verify", ADDRESS)


def log_bytes(run: Path) -> int:
    return sum(path.stat().st_size for path in (run / "events").iterdir())


def test_what_is_not_as_it_was_is_named(door: Door, tmp_path: Path) -> None:
    objects = planned(tmp_path)
    for share in range(SHARES):
        play(share)
    [segment] = [name for name in objects.sizes("shares/0001") if re.search(SEGMENT, name)]
    text = objects.read(segment)
    assert text is not None
    objects.put(segment, text[:-1])
    line = refused("gather", ADDRESS)
    assert f"share 1: {segment} has {len(text) - 1:,} bytes, and its commit says" in line
    assert f"Remove {ADDRESS}/shares/0001/COMMIT and play it again: " in line
    objects.put(segment, text)
    assert sim("gather", ADDRESS).exit_code == 0
    name = "events/0001-00000000.jsonl"
    objects.put(name, text.replace(b'"quantity":1', b'"quantity":2', 1))
    assert "the sha256 of a batch" in refused("verify", ADDRESS)
    objects.put(name, text[:-1])
    assert f"of {len(text) - 1:,} bytes, not {len(text):,}" in refused("replay", ADDRESS)
    objects.remove([name])
    assert "it is missing" in refused("replay", ADDRESS)


def test_a_store_that_cannot_be_used_is_one_line(
    door: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("launch", *FEW, "--out", tmp_path / "run", "--shares", 2, "--store")
    assert "--store ftp://x/y: write an address such as" in refused(*words, "ftp://x/y")
    assert "it names no bucket" in refused(*words, "s3://")
    assert "add --shares N" in sim("launch", "--store", ADDRESS).stderr
    assert "holds no run.toml" in refused("replay", ADDRESS)
    planned(tmp_path)
    assert "there is something already" in refused(*words, ADDRESS)
    monkeypatch.setattr(object_store, "PATIENCE_S", 1.0)
    line = refused("shard", "s3://elsewhere/run", "--share", 0)
    assert re.search(r"s3://elsewhere/run(: the store says: .*NoSuchBucket|.*holds no run)", line)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    line = refused("shard", ADDRESS, "--share", 0, status=3)
    assert f"{ADDRESS}: the store says: " in line
    assert len(line) < 400


def test_what_is_missing_is_none(door: Door) -> None:
    objects = Objects(ADDRESS)
    assert objects.read("nothing") is None
    objects.remove(["nothing"])
    with pytest.raises(FileNotFoundError):
        objects.read_range("nothing", 0, 1)
    with pytest.raises(StoreFailed, match=r"NoSuchBucket|not found|does not exist"):
        Objects("s3://elsewhere/x").put("a", b"1")
