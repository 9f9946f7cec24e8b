"""What strangers, or half a write, leave in a run's store: told in one line, or left aside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from retailsim.events.outside import encode
from retailsim.sim.errors import NotARunFolder
from retailsim.sim.folder.run_folder import RunFolder
from retailsim.sim.shares.attempts import attempts
from retailsim.sim.shares.commits import COMMIT, Commit
from retailsim.sim.shares.divided import _number, _said_in_store
from retailsim.sim.shares.errors import ShareDamaged
from retailsim.sim.shares.kept_answers import fetch_answers
from tests.sim.runs import SMALL
from tests.sim.shares.test_shares import planned, refused
from tests.sim.shares.test_shares_answers import record

OWN = "shares/0000/a1-0123abcd"
ODD = ("shares/x/a1-0123abcd/SPENT", "shares/0000/me/answers/1", "shares/0000/answers/x/y/z")
LINE = encode(record("m", 0)) + b"\n"


class Held:
    """A store that holds this."""

    address = "s3://b/run"

    def __init__(self, held: dict[str, bytes]) -> None:
        self._held = dict(sorted(held.items()))

    def sizes(self, under: str = "") -> dict[str, int]:
        return {name: len(text) for name, text in self._held.items() if name.startswith(under)}

    def read(self, name: str) -> bytes | None:
        return self._held.get(name)


def store(held: dict[str, bytes]) -> Any:
    return Held(held)


@pytest.mark.parametrize(
    "text",
    [
        bytes(8),
        LINE[:-9],
        LINE + b'{"type":"MarketOpened"}\n',
        LINE.replace(b'"call":0', b'"call":"0"'),
        LINE + b'{"type":"OutsideAnswered","x":%s' % (b"[" * 100_000),
    ],
    ids=["nul", "torn", "event", "type", "deep"],
)
def test_answers_that_cannot_be_read_are_named(text: bytes) -> None:
    name = f"{OWN}/answers/00000000.jsonl"
    assert fetch_answers(store({name: LINE}), 0) == {"a1-0123abcd": [record("m", 0)]}
    with pytest.raises(ShareDamaged) as error:
        fetch_answers(store({name: text}), 0)
    line = str(error.value)
    assert line.startswith("share 0: answers that were kept cannot be read (")
    assert f"Remove s3://b/run/{name} and play it again: " in line
    assert "\n" not in line


def test_what_no_attempt_left_is_left_aside(tmp_path: Path) -> None:
    odd = dict.fromkeys(ODD, b"?")
    assert fetch_answers(store(odd), 0) == {}
    assert _said_in_store(store(odd)) == {}
    (tmp_path / "shares" / "0000" / "me").mkdir(parents=True)
    assert attempts(RunFolder(tmp_path), 0) == []


@pytest.mark.parametrize(
    "text", [b"", b"12", b"-12\n", b"1.5\n", b"12\n\0", b"9" * 5000 + b"\n", b"\xb2\n"]
)
def test_an_amount_that_is_not_there_to_its_end_is_not_known(text: bytes) -> None:
    """So that all which the attempt was given is gone; half a number would be less than it paid."""
    assert _number(b"1234\n") == 1234
    assert _number(text) is None
    assert _said_in_store(store({f"{OWN}/SPENT": text})) == {(0, "a1-0123abcd"): None}


@pytest.mark.parametrize("amount", ["nan", "inf", "-inf", "-0.01", "-1e308", "1e300"])
def test_a_budget_that_is_no_amount_is_refused(tmp_path: Path, amount: str) -> None:
    run = planned(tmp_path / "run", *SMALL, shares=1)
    place = run.path / "run.toml"
    text = place.read_text()
    place.write_text(f"budget = 0.0\n{text}")
    assert run.read().budget == 0.0
    place.write_text(f"budget = {amount}\n{text}")
    with pytest.raises(NotARunFolder, match=r"run\.toml: budget: .* is no amount"):
        run.read()
    assert "is no amount" in refused("shard", run.path, "--share", 0)


@pytest.mark.parametrize("attempt", ["../../../victim", "/victim", "..", ".", "", "a/../../x"])
def test_a_commit_leads_to_no_folder_but_its_shares(tmp_path: Path, attempt: str) -> None:
    """What it names is moved into the run."""
    run = planned(tmp_path / "run", *SMALL, shares=1)
    kept = tmp_path / "victim" / "telemetry" / "own.txt"
    kept.parent.mkdir(parents=True)
    kept.write_text("mine")
    commit = Commit(run=run.read().run.id, share=0, attempt=attempt, episodes=0, segments=())
    place = run.shares / "0000" / COMMIT
    place.parent.mkdir(parents=True)
    place.write_bytes(msgspec.json.encode(commit))
    assert "share 0: its commit cannot be read" in refused("gather", run.path)
    assert kept.read_text() == "mine"
