"""The index of a log gives what a scan of the whole log gives, however the log came about."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from retailsim.analysis.lookup import kept, segment_lines
from retailsim.analysis.lookup.episode import episode_lines
from retailsim.analysis.lookup.index import LogIndex
from retailsim.analysis.projection.errors import NotARun
from retailsim.events.log.reader import read_lines
from retailsim.events.log.segment import by_shard, segments
from tests.analysis.fakelog import closed, encode, market, opened, order, write_run

NAMES = ("m", "m1", "m10", "M", 'say "m"', "back\\slash", "naïve ☂ 店", "tab\tand\nline", "", " m")
"""Beginnings of one another, and what JSON writes otherwise than it is."""


@pytest.fixture(autouse=True)
def keeps_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """What small segments say is kept, too, and no line is read in one piece."""
    monkeypatch.setattr(kept, "WORTH_BYTES", 1)
    monkeypatch.setattr(segment_lines, "BLOCK_BYTES", 50)


def scanned(run: Path) -> dict[str, list[bytes]]:
    """Each market's lines, by reading all of them."""
    found = defaultdict(list)
    for line in read_lines(run / "events"):
        name = json.loads(line).get("market")
        if name is not None:
            found[name].append(line)
    return found


def agrees(index: LogIndex, run: Path) -> bool:
    """Whether an index gives of every market what a scan does, and of no other one anything."""
    told = scanned(run)
    return bool(told) and all(index.lines(name) == told[name] for name in (*told, *NAMES, "no"))


def some_lines(draw: random.Random, seqs: dict[str, int], count: int) -> list[dict[str, Any]]:
    """Lines of markets that stand between one another, in stretches of any length."""
    lines: list[dict[str, Any]] = []
    while len(lines) < count:
        name = draw.choice(NAMES)
        for _ in range(draw.choice((1, 1, 2, 9))):
            lines.append(one_line(draw, name, seqs))
    return lines


def one_line(draw: random.Random, name: str, seqs: dict[str, int]) -> dict[str, Any]:
    episode = draw.choice((None, f"{name}/e"))
    match draw.randrange(12):
        case 0:
            return {"type": "OutsideAnswered", "market": name, "episode": episode, "call": 3}
        case 1:
            return {"type": "Noted", "text": f'{{"type":"Noted","market":"{NAMES[0]}"'}
    head = {"type": "Noted", "market": name, "episode": episode, "seq": seqs[name]}
    seqs[name] += 1
    line = {**head, "text": "☂" * draw.randrange(40)}
    return line if draw.randrange(5) else dict(reversed(line.items()))


def killed(run: Path, draw: random.Random) -> None:
    """Leave the first shard's last segment as a killed writer does: open, its end in pieces."""
    last = next(by_shard(segments(run / "events")))[-1]
    if last.suffix == "":
        content = last.path.read_bytes()
        torn = content + draw.randbytes(20).replace(b"\n", b"") * draw.randrange(2)
        last.path.with_name(f"{last.path.name}.open").write_bytes(torn[: -draw.randrange(1, 200)])
        last.path.unlink()


@pytest.mark.parametrize("seed", range(3))
def test_an_index_gives_what_a_scan_gives(seed: int, tmp_path: Path) -> None:
    """Made, read from what is kept, and brought up to date, of a run killed and resumed."""
    draw, run = random.Random(seed), tmp_path / "run"
    seqs: dict[str, int] = defaultdict(int)
    shards = [some_lines(draw, seqs, 60) for _ in range(1 + seed % 3)]
    how: dict[str, Any] = {"batch": draw.choice((3, 40)), "segment_bytes": 3_000}
    write_run(run, *shards, seal=False, compress=seed % 2 == 0, **how)
    killed(run, draw)
    index = LogIndex.open(run)
    assert agrees(index, run)
    assert agrees(LogIndex.open(run), run)
    write_run(run, some_lines(draw, seqs, 40), seal=False, **how)
    index.refresh()
    assert agrees(index, run)


def test_an_open_segment_is_followed_and_not_kept(tmp_path: Path) -> None:
    """Each refresh reads on behind the last good batch; a torn one is none until it is whole."""
    whole = write_run(tmp_path / "whole", market("m", closed("m/e", opened(), order(2))), batch=1)
    content = (whole / "events" / "0000-00000000.jsonl").read_bytes()
    log = tmp_path / "run" / "events" / "0000-00000000.jsonl.open"
    log.parent.mkdir(parents=True)
    log.touch()
    index, seen = LogIndex.open(tmp_path / "run"), []
    for size in range(0, len(content) + 1, 37):
        with log.open("r+b") as file:
            file.seek(log.stat().st_size)
            file.write(content[log.stat().st_size : size])
        index.refresh()
        assert index.lines("m") == list(read_lines(tmp_path / "run" / "events"))
        seen.append(len(index.lines("m")))
    assert sorted(set(seen)) == list(range(max(seen) + 1))
    assert max(seen) >= 4
    assert not (tmp_path / "run" / "derived").exists()
    log.write_bytes(content)
    log.rename(log.with_suffix(""))
    index.refresh()
    assert index.lines("m") == list(read_lines(whole / "events"))
    assert (tmp_path / "run" / "derived" / "lookup" / "0000-00000000.stretches").is_file()


def test_an_episode_has_its_own_lines_and_those_of_its_whole_market(tmp_path: Path) -> None:
    parts = [closed(f"m/{number}", opened(), order(number)) for number in (1, 2)]
    events = market("m", *parts)
    run = write_run(tmp_path / "run", events, market("n", closed("n/1", opened())))
    index = LogIndex.open(run)
    own = [event for event in events if event.episode in (None, "m/2")]
    assert episode_lines(index, "m", "m/2") == [encode(event)[:-1] for event in own]
    assert len(own) == 5
    assert episode_lines(index, "m", "n/1") == []
    assert episode_lines(index, "n", "m/1") == []


def test_a_folder_without_a_log_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotARun, match="no events/ folder here"):
        LogIndex.open(tmp_path)
