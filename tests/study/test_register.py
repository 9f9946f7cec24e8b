"""What is known of participants: kept whole, for its owner alone; and links that are signed."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retailsim.sim.study.errors import BadRegister, NoSuchSeat
from retailsim.sim.study.links import named_by, token
from retailsim.sim.study.participant import Participant, Tried
from retailsim.sim.study.register import Register

SOMEBODY = Participant(
    seat="p002",
    came_at="2026-03-02T10:00:00.000+00:00",
    panel={"PROLIFIC_PID": "5f"},
    tried=(Tried(check="goods", answer="a", right=False, at="2026-03-02T10:01:00.000+00:00"),),
)


def test_what_is_kept_is_read_again_and_no_one_elses(tmp_path: Path) -> None:
    register = Register(tmp_path)
    key = register.key()
    register.keep(SOMEBODY)
    again = Register(tmp_path)
    assert again.participants == (SOMEBODY,)
    assert again.key() == key
    assert stat.S_IMODE((tmp_path / "people").stat().st_mode) == 0o700
    modes = {stat.S_IMODE(one.stat().st_mode) for one in (tmp_path / "people").iterdir()}
    assert modes == {0o600}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b'{"seat":"p003","came_at":""}',
        b"\xff",
        b'{"seat":"p002","came_at":"yesterday"}',
        b'{"seat":"p002","came_at":"2026-03-02T10:00:00+00:00","over_at":"soon"}',
        b'{"seat":"p002","came_at":"","answers":{"a":' + b"[" * 100_000,
    ],
)
def test_a_damaged_file_is_named(tmp_path: Path, data: bytes) -> None:
    Register(tmp_path).keep(SOMEBODY)
    (tmp_path / "people" / "p002.json").write_bytes(data)
    with pytest.raises(BadRegister, match=r"people/p002\.json: "):
        Register(tmp_path)


@pytest.mark.parametrize("left", [0, 31])
def test_a_key_that_is_cut_short_signs_nothing(tmp_path: Path, left: int) -> None:
    """With an empty key, everybody could make links to all seats."""
    key = Register(tmp_path).key()
    (tmp_path / "people" / "key").write_bytes(key[:left])
    with pytest.raises(BadRegister, match="cut short"):
        Register(tmp_path).key()


def test_a_folder_elsewhere_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    run = tmp_path / "run"
    run.mkdir()
    (run / "people").symlink_to(tmp_path / "out")
    with pytest.raises(BadRegister, match="leads out"):
        Register(run)


@given(st.text(max_size=40))
def test_no_link_is_found_by_guessing(given_: str) -> None:
    with pytest.raises(NoSuchSeat):
        named_by(b"k" * 32, given_)


def test_a_link_opens_its_own_seat_alone() -> None:
    key = b"k" * 32
    assert named_by(key, token(key, "p007")) == "p007"
    moved = token(key, "p007").replace("p007", "p008")
    for wrong in (moved, token(b"j" * 32, "p007"), token(key, "p007") + "="):
        with pytest.raises(NoSuchSeat):
            named_by(key, wrong)
