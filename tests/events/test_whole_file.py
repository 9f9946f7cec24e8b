"""Files that are read within bounds, and written whole or not at all."""

from __future__ import annotations

import errno
import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from retailsim.events.whole_file import (
    begun,
    folder_whole,
    new_name,
    read_bounded,
    sweep,
    written_whole,
)

ROOT = Path(__file__).parents[2]
KILLED = (
    "import os, signal, sys; from pathlib import Path\n"
    "from retailsim.events.whole_file import written_whole\n"
    "with written_whole(Path(sys.argv[1])) as new:\n"
    "    new.write_text('half')\n"
    "    os.kill(os.getpid(), signal.SIGKILL)\n"
)


def test_a_file_is_read_to_its_bound_and_an_endless_one_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * 10)
    assert read_bounded(path, 10) == b"x" * 10
    with pytest.raises(OSError, match="larger than 9 bytes"):
        read_bounded(path, 9)
    with pytest.raises(OSError, match="larger than 1,000 bytes"):
        read_bounded(Path("/dev/zero"), 1_000)


def test_a_name_with_nul_is_said_as_every_other_name_that_cannot_be(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="no file's name") as caught:
        read_bounded(tmp_path / "a\0b")
    assert caught.value.errno == errno.EINVAL


def test_a_block_that_fails_changes_nothing(tmp_path: Path) -> None:
    place = tmp_path / "file"
    place.write_text("before")
    with pytest.raises(KeyError), written_whole(place) as new:
        new.write_text("half")
        raise KeyError
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("file", "before")]


def test_what_a_killed_writer_left_goes_with_the_next_one(tmp_path: Path) -> None:
    place = tmp_path / "file"
    words = [sys.executable, "-c", KILLED, str(place)]
    assert subprocess.run(words, cwd=ROOT, check=False).returncode == -9
    (left,) = tmp_path.iterdir()
    assert left.read_text() == "half"
    with written_whole(place) as new:
        new.write_text("whole")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_what_is_held_or_has_another_name_is_not_swept(tmp_path: Path) -> None:
    kept = [".file.new-1", ".file.new-1-0123456", "file.new-1-01234567", ".other.tmp"]
    for name in kept:
        (tmp_path / name).touch()
    foreign = new_name(tmp_path / "foreign")
    foreign.mkdir()
    (foreign / "part").touch()
    with written_whole(tmp_path / "file") as held:
        sweep(tmp_path, "file")
        assert held.exists()
        assert foreign.exists()
        sweep(tmp_path)
        assert held.exists()
        assert not foreign.exists()
    assert {path.name for path in tmp_path.iterdir()} == {"file", *kept}


def test_a_folder_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    """A kill between two files of an export left a folder that every later one refused."""
    place = tmp_path / "deep" / "folder"
    with pytest.raises(KeyError), folder_whole(place) as new:
        (new / "one").touch()
        raise KeyError
    assert list((tmp_path / "deep").iterdir()) == []
    place.mkdir()
    with folder_whole(place) as new:
        (new / "one").touch()
        assert list(place.iterdir()) == []
    assert [path.name for path in place.iterdir()] == ["one"]
    with pytest.raises(OSError, match="not empty"), folder_whole(place):
        pass
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["folder"]


def test_what_a_sweep_removes_before_it_is_held_is_made_again(tmp_path: Path) -> None:
    """Also where it is gone before it could be opened."""
    place, made = new_name(tmp_path / "run"), []

    def make() -> None:
        place.mkdir()
        made.append(place)
        if len(made) == 1:
            sweep(tmp_path)

    os.close(begun(place, make))
    assert len(made) == 2 and place.is_dir()


def test_a_sweep_that_holds_what_was_removed_leaves_what_was_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = new_name(tmp_path / "run")
    place.mkdir()
    lock = fcntl.flock

    def late(fd: int, how: int) -> None:
        """Another sweep was quicker, and who builds it has made it again."""
        place.rename(tmp_path / "removed")
        place.mkdir()
        lock(fd, how)

    monkeypatch.setattr(fcntl, "flock", late)
    sweep(tmp_path)
    assert place.is_dir()
