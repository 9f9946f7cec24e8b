"""Replay reads what is good in a log, however it was written, and refuses what is not."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from retailsim.analysis.projection import loader, log_pieces, pieces
from retailsim.analysis.projection.errors import LogUnreadable
from retailsim.analysis.projection.loader import load
from retailsim.analysis.replay.replay import replay
from retailsim.events import messages as m
from retailsim.events.errors import LogDamaged
from retailsim.events.log.reader import check
from retailsim.events.log.segment import Segment, segments
from retailsim.events.log.zstd_frames import check_frames
from tests.analysis.fakelog import (
    Line,
    closed,
    encode,
    market,
    opened,
    order,
    review,
    stamp,
    write_run,
)


def two_markets() -> list[m.Event]:
    one = market("m1", closed("m1/e", opened(), order(2), review("product", 4)))
    return one + market("m2", closed("m2/e", opened(buyer="c")))


def as_dicts(events: list[m.Event]) -> list[dict[str, Any]]:
    return [msgspec.to_builtins(event) for event in events]


def only_segment(run: Path) -> Path:
    (segment,) = segments(run / "events")
    return segment.path


def reopened(run: Path, tail: bytes) -> Path:
    """The run as a kill left it: its segment still open, ending in `tail`."""
    path = only_segment(run)
    path.write_bytes(path.read_bytes() + tail)
    return path.rename(path.with_name(path.name + ".open"))


@pytest.mark.parametrize(
    "tail",
    [b"", b'{"type":"Epi', encode(closed("m3/e", opened())[0]), b"\xff\x00\n" * 3],
    ids=["none", "half a line", "a whole line without its commit", "garbage"],
)
def test_a_torn_tail_is_cut_at_the_last_commit(tmp_path: Path, tail: bytes) -> None:
    """What no commit line covers was never written."""
    run = write_run(tmp_path / "run", two_markets(), seal=False)
    reopened(run, tail)
    found = replay(run)
    assert (found.episodes.closed, found.overall.units, found.partial) == (2, 2, True)


def test_an_open_segment_gives_what_is_committed(tmp_path: Path) -> None:
    """A run that is going on can be replayed: its last batch is missing whole."""
    run = write_run(tmp_path / "run", two_markets(), seal=False, batch=1)
    path = reopened(run, b"")
    path.write_bytes(path.read_bytes()[:-1])
    found = replay(run)
    assert (found.episodes.closed, found.partial) == (2, True)
    assert load(run).markets["status"].to_list() == ["closed", "open"]


def test_a_flipped_bit_is_damage(tmp_path: Path) -> None:
    """The first replay hashes everything and names the file."""
    run = write_run(tmp_path / "run", two_markets())
    path = only_segment(run)
    path.write_bytes(path.read_bytes().replace(b'"quantity":2', b'"quantity":9'))
    with pytest.raises(LogDamaged, match=path.name):
        replay(run)
    assert not (run / "derived").exists()


def test_a_missing_segment_is_damage(tmp_path: Path) -> None:
    """Whatever the segments that are left say."""
    run = write_run(tmp_path / "run", two_markets(), segment_bytes=300, batch=1)
    segments(run / "events")[-1].path.unlink()
    with pytest.raises(LogDamaged, match="missing"):
        replay(run)


def test_unknown_events_and_fields_are_passed_over(tmp_path: Path) -> None:
    """Even when they use the names of known fields for something else."""
    events = as_dicts(two_markets())
    expected = replay(write_run(tmp_path / "known", events))
    for event in events:
        event["mood"] = {"type": "OrderPlaced", "quantity": 5}
    strange = {
        "type": "ItemsShown", "market": "m1", "episode": "m1/e", "seq": "first", "t": None,
        "quantity": "many", "rating": [1, 2], "role": {"a": 1}, "seller_persona": "none",
    }  # fmt: skip
    run = write_run(tmp_path / "strange", [strange, *events, {"type": "Order", "quantity": 7}])
    assert msgspec.structs.replace(replay(run), run=expected.run) == expected


def test_missing_fields_take_defaults(tmp_path: Path) -> None:
    """An old log knew less and still replays."""
    opening = {"type": "EpisodeOpened", "market": "m", "episode": "e", "seller": "s", "buyer": "b"}
    bought = {"type": "OrderPlaced", "market": "m", "episode": "e", "quantity": 2}
    lines: list[Line] = [opening, bought | {"unit_price_cents": 300}]
    lines.append({"type": "EpisodeClosed", "market": "m", "episode": "e"})
    run = write_run(tmp_path / "run", lines)
    row = replay(run).overall
    assert (row.episodes, row.gross_revenue_cents, row.shipping_cents) == (1, 600, 0)
    (episode,) = load(run).episodes.iter_rows(named=True)
    known = {name: episode[name] for name in ("price_multiplier", "discount", "replication")}
    assert known == {"price_multiplier": 1.0, "discount": 0.0, "replication": 0}
    assert (episode["condition"], episode["audience"], episode["opened_t"]) == ("", None, None)


def test_a_field_first_seen_late_is_read(tmp_path: Path) -> None:
    """An inferred schema would drop it: 300 lines before it do not have it."""
    talk = [m.MessageSent(stage="sales", role="seller", turn=n, text="") for n in range(300)]
    events = market(
        "m", closed("e", opened(unit_cost_cents=10), *talk, order(), review("pitch", 3))
    )
    run = write_run(tmp_path / "run", events, batch=500)
    row = replay(run).overall
    assert (row.units, row.average_rating, row.profit_cents) == (1, 3.0, 990)


def test_what_is_said_is_not_what_happened(tmp_path: Path) -> None:
    """A text that quotes an event, or holds line separators, is a text."""
    text = '\n{"type":"OrderPlaced","episode":"e","quantity":9}\n\u2028\r\x85'
    says = m.MessageSent(stage="sales", role="buyer", turn=1, text=text)
    run = write_run(tmp_path / "run", market("m", closed("e", opened(title=text), says)))
    assert replay(run).overall.orders == 0
    assert load(run).episodes.select("title", "sales_exchanges").row(0) == (text, 1)


def test_a_known_field_of_another_type_is_named(tmp_path: Path) -> None:
    """It is no damage, so the message is another: the segment and what to do."""
    events = as_dicts(two_markets())
    next(event for event in events if event["type"] == "OrderPlaced")["quantity"] = "two"
    run = write_run(tmp_path / "run", events)
    with pytest.raises(LogUnreadable, match=r"0000-00000000\.jsonl") as error:
        replay(run)
    assert "restore the segment" in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("size", [64, 1_000])
@pytest.mark.parametrize("events", [1, 1_000])
def test_chunks_leave_no_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int, events: int
) -> None:
    """Lines longer than a chunk stay whole, however many events are folded at once."""
    run = write_run(tmp_path / "run", two_markets())
    whole = loader.project(run / "events")
    monkeypatch.setattr(log_pieces, "_CHUNK_BYTES", size)
    monkeypatch.setattr(pieces, "_EVENTS_AT_ONCE", events)
    parted = loader.project(run / "events")
    for name in ("episodes", "markets", "calls"):
        assert getattr(whole, name).equals(getattr(parted, name))


@pytest.mark.parametrize("decoded", [1, 1_000])
def test_lines_are_decoded_in_their_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, decoded: int
) -> None:
    """However many of a type are decoded at once: what was said last is what counts."""
    run = write_run(tmp_path / "run", two_markets())
    whole = loader.project(run / "events")
    monkeypatch.setattr(log_pieces, "_CHUNK_BYTES", 700)
    monkeypatch.setattr(pieces, "_DECODED_AT_ONCE", decoded)
    assert loader.project(run / "events").episodes.equals(whole.episodes)


@pytest.mark.parametrize("good", [None, 0, 1, 999, 1_000, 4_321, 20_000])
def test_chunks_are_whole_lines_of_all_that_is_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, good: int | None
) -> None:
    """Wherever the ends of lines are looked for: lines may be longer, and the last be cut."""
    path = tmp_path / "0000-00000000.jsonl"
    lines = [b"x" * (number * 37 % 400) + b"\n" for number in range(50)]
    path.write_bytes(b"".join((*lines, b"cut")))
    monkeypatch.setattr(log_pieces, "_CHUNK_BYTES", 1_000)
    monkeypatch.setattr(log_pieces, "_LOOKED_AT", 100)
    found = list(log_pieces.chunks(Segment(path, 0, 0, ""), good))
    assert b"".join(found) == path.read_bytes()[:good]
    assert all(chunk.endswith(b"\n") for chunk in found[:-1])


def test_compressed_segments_are_read(tmp_path: Path) -> None:
    """They say the same as plain ones."""
    pytest.importorskip("zstandard")
    plain = replay(write_run(tmp_path / "plain", two_markets(), segment_bytes=300))
    run = write_run(tmp_path / "packed", two_markets(), segment_bytes=300, compress=True)
    assert list(run.glob("events/*.zst"))
    assert msgspec.structs.replace(replay(run), run=plain.run) == plain


def one_stream(plain: bytes, codec: Any) -> bytes:
    """As the command-line tool does from a pipe: no length stated, no checksum."""
    packer = codec.ZstdCompressor(level=1, write_checksum=False).compressobj()
    return bytes(packer.compress(plain) + packer.flush())


def line_by_line(plain: bytes, codec: Any) -> bytes:
    packer = codec.ZstdCompressor(level=1)
    return b"".join(packer.compress(line + b"\n") for line in plain.splitlines())


def with_skippable(plain: bytes, codec: Any) -> bytes:
    note = b"\x53\x2a\x4d\x18" + (5).to_bytes(4, "little") + b"hello"
    whole: bytes = codec.ZstdCompressor().compress(plain)
    return note + whole + note


def of_run_lengths(plain: bytes, codec: Any) -> bytes:
    """A line of blanks packs into blocks of the kind that repeats one byte."""
    packer = codec.ZstdCompressor(level=19, write_checksum=True)
    head, _, rest = plain.partition(b"\n")
    return bytes(packer.compress(head + b" " * 400_000 + b"\n") + packer.compress(rest))


LAYOUTS = [one_stream, line_by_line, with_skippable]


@pytest.mark.parametrize("packed", LAYOUTS)
def test_segments_that_another_tool_compressed_are_read_to_their_end(
    packed: Callable[[bytes, Any], bytes], tmp_path: Path
) -> None:
    codec = pytest.importorskip("zstandard")
    run = write_run(tmp_path / "run", two_markets(), segment_bytes=300)
    plain = replay(run)
    for path in run.glob("events/*.jsonl"):
        Path(f"{path}.zst").write_bytes(packed(path.read_bytes(), codec))
        path.unlink()
    shutil.rmtree(run / "derived")
    assert replay(run) == plain


@pytest.mark.parametrize("packed", LAYOUTS)
@pytest.mark.parametrize("behind", [b"\0\0\0\0", b"\x28", b"\x28\xb5\x2f\xfd", b"\n", b"x" * 99])
def test_bytes_behind_the_last_frame_are_damage_for_every_reader(
    behind: bytes, packed: Callable[[bytes, Any], bytes], tmp_path: Path
) -> None:
    codec = pytest.importorskip("zstandard")
    run = write_run(tmp_path / "run", two_markets(), segment_bytes=300)
    path = max(run.glob("events/*.jsonl"))
    Path(f"{path}.zst").write_bytes(packed(path.read_bytes(), codec) + behind)
    path.unlink()
    for read in (replay, lambda run: check(run / "events")):
        with pytest.raises(LogDamaged) as caught:
            read(run)
        assert caught.value.path.name == f"{path.name}.zst"


@pytest.mark.parametrize(
    ("packed", "frames"),
    [(one_stream, 1), (line_by_line, 31), (with_skippable, 3), (of_run_lengths, 2)],
)
def test_the_frames_of_a_file_end_where_its_bytes_do_and_at_no_other_place(
    packed: Callable[[bytes, Any], bytes], frames: int, tmp_path: Path
) -> None:
    codec = pytest.importorskip("zstandard")
    data = packed(b"a line\n" * 30 + b"the last one", codec)
    ends = set()
    for size in range(1, len(data) + 1):
        path = tmp_path / "cut"
        path.write_bytes(data[:size])
        with path.open("rb") as file:
            if check_frames(file) is None:
                ends.add(size)
            assert file.tell() == 0
    whole = codec.ZstdDecompressor()
    text = [whole.decompressobj(read_across_frames=True).decompress(data[:end]) for end in ends]
    assert max(ends) == len(data)
    assert all(max(text, key=len).startswith(one) for one in text)  # cut between two frames
    assert len(ends) == frames


def test_a_log_of_which_not_all_is_parsed_is_no_small_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = write_run(tmp_path / "run", two_markets())
    monkeypatch.setattr(log_pieces, "chunks", lambda segment, good=None: [b""])
    with pytest.raises(LogUnreadable, match=r"0 events were read of \d+"):
        replay(run)


def test_a_market_continued_in_another_shard_is_one(tmp_path: Path) -> None:
    """Resuming may hand it to another worker; the later decision counts."""

    def decision(buys: bool) -> m.DecisionMade:
        return m.DecisionMade(
            will_purchase=buys, quantity=1, quantity_reason="", sentiment="Neutral", reason=""
        )

    events = market("m", closed("e", opened(), decision(False), decision(True), order()))
    run = write_run(tmp_path / "run", events[3:], events[:3])
    found = replay(run)
    assert (found.episodes.opened, found.episodes.closed, found.overall.orders) == (1, 1, 1)
    assert load(run).episodes["will_purchase"].to_list() == [True]


def test_a_segment_closed_meanwhile_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that is going on renames its segments under the reader's hands."""
    run = write_run(tmp_path / "run", stamp("m", [m.MarketOpened()]), seal=False)
    path = reopened(run, b"")
    opening = Segment.open

    def rename_first(segment: Segment, at: int = 0) -> Any:
        with contextlib.suppress(FileNotFoundError):
            path.rename(path.with_name(path.name.removesuffix(".open")))
        return opening(segment, at)

    monkeypatch.setattr(Segment, "open", rename_first)
    assert replay(run).partial
