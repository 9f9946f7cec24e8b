"""Segments that lie in a store are read in pieces, as far as somebody reads."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import pytest

from retailsim.events.errors import LogDamaged
from retailsim.events.log import elsewhere
from retailsim.events.log.elsewhere import STORE, Stub
from retailsim.events.log.reader import check, read_lines
from retailsim.events.log.seal import fingerprint, matches_seal, write_seal
from retailsim.events.log.segment import segments
from tests.events.log_samples import write_log


class Folder:
    """Stands for the objects of a store; remembers what was fetched."""

    fetched: list[tuple[str, int, int]]

    def __init__(self, address: str) -> None:
        self._place = Path(address)

    def read_range(self, name: str, start: int, end: int) -> bytes:
        self.fetched.append((name, start, end))
        return (self._place / name).read_bytes()[start:end]


@pytest.fixture
def view(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which small files stand for the segments of a sealed log."""
    whole, view = tmp_path / "whole", tmp_path / "view"
    write_log(whole, [[3, 4], [5]])
    write_log(whole, [[7]], shard=1)
    seal = write_seal(whole)
    view.mkdir()
    for shard in seal.shards:
        total = 0
        for row in shard.segments:
            total += row.events
            name = f"{row.shard:04d}-{row.segment:08d}.jsonl"
            stub = Stub(bytes=row.bytes, total=total, digest=row.digest)
            (view / f"{name}.at").write_bytes(msgspec.json.encode(stub))
    shutil.copy(whole / "SEAL", view / "SEAL")
    (view / STORE).write_text(f"{whole}\n")
    monkeypatch.setattr(elsewhere, "Objects", Folder)
    monkeypatch.setattr(elsewhere, "_PIECE_BYTES", 300)
    monkeypatch.setattr(Folder, "fetched", [], raising=False)
    return view


def test_the_lines_are_the_same(view: Path, tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    assert [*read_lines(view)] == [*read_lines(whole)] != []
    assert [one.digest for one in check(view).segments] == [
        one.digest for one in check(whole).segments
    ]


def test_a_look_fetches_nothing_and_a_part_only_itself(view: Path, tmp_path: Path) -> None:
    assert matches_seal(view)
    assert fingerprint(view) == fingerprint(view)
    assert Folder.fetched == []
    first = segments(view)[0]
    text = (tmp_path / "whole" / first.path.name.removesuffix(".at")).read_bytes()
    assert first.size() == len(text)
    parts = [*first.pieces([(10, 20), (400, 405)])]
    assert parts == [text[10:20], text[400:405]]
    assert [(start, end) for _, start, end in Folder.fetched] == [
        (10, 310),
        (400, min(700, len(text))),
    ]


def test_what_is_not_as_it_was_is_damage(view: Path, tmp_path: Path) -> None:
    first = segments(view)[0]
    file = tmp_path / "whole" / first.path.name.removesuffix(".at")
    text = file.read_bytes()
    file.write_bytes(text.replace(b'"t":', b'"T":', 1))
    with pytest.raises(LogDamaged, match="sha256"):
        check(view)
    file.write_bytes(text[:-1])
    with pytest.raises(LogDamaged):
        check(view)
    first.path.write_bytes(b"{")
    with pytest.raises(LogDamaged, match="what stands for a segment cannot be read"):
        check(view)
