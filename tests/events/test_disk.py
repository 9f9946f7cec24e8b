"""Files that are replaced are whole, and stay so after a power cut."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from retailsim.events.log.disk import replace_file


def test_a_file_is_on_the_disk_before_its_name_and_its_name_before_all_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, synced, real = tmp_path / "seal", [], os.fsync
    file.write_bytes(b"before")

    def fsync(fd: int) -> None:
        kind = "folder" if stat.S_ISDIR(os.fstat(fd).st_mode) else "file"
        synced.append((kind, file.read_bytes()))
        real(fd)

    monkeypatch.setattr(os, "fsync", fsync)
    replace_file(file, b"after")
    assert synced == [("file", b"before"), ("folder", b"after")]


def test_where_it_cannot_be_replaced_all_is_as_before(tmp_path: Path) -> None:
    (tmp_path / "seal").mkdir()
    with pytest.raises(OSError, match="seal"):
        replace_file(tmp_path / "seal", b"after")
    assert [one.name for one in tmp_path.iterdir()] == ["seal"]
