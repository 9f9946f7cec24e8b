"""Which machine's mathematics made a run, and who is told when they are not this machine's."""

from __future__ import annotations

import math
import tomllib
from pathlib import Path

import pytest
import tomli_w

from retailsim.sim.folder.mathematics import _results, fingerprint, mathematics, other_mathematics
from tests.sim.runs import launched, sim

ONE = (
    "--sellers",
    "plain-dealer",
    "--buyers",
    "bargain-hunter",
    "--set",
    "products.per_category=1",
)


def test_one_bit_of_one_value_is_another_fingerprint() -> None:
    values = list(_results())
    assert all(map(math.isfinite, values)) and len(set(values)) > 2000
    assert fingerprint(iter(values)) == mathematics()
    for at in (0, len(values) // 2, -1):
        other = list(values)
        other[at] = math.nextafter(other[at], math.inf)
        assert fingerprint(iter(other)) != mathematics()


def test_of_a_run_that_says_nothing_nothing_is_said() -> None:
    assert other_mathematics("") is None
    assert other_mathematics(mathematics()) is None


@pytest.mark.slow
def test_resume_and_verify_say_when_a_run_was_made_with_others(tmp_path: Path) -> None:
    run = tmp_path / "run"
    launched(run, *ONE)
    made = tomllib.loads((run / "run.toml").read_text())
    assert made["mathematics"] == mathematics()
    assert "mathematics" not in sim("verify", run).stderr
    (run / "run.toml").write_text(tomli_w.dumps(made | {"mathematics": "0" * 16}))
    said = f"it was made by other mathematics ({'0' * 16}, here {mathematics()})"
    verified = sim("verify", run)
    assert verified.exit_code == 0 and said in verified.stderr
    (run / "events" / "SEAL").unlink()
    log = run / "events" / "0000-00000000.jsonl"
    log.write_bytes(log.read_bytes()[:-200])
    log.rename(f"{log}.open")
    resumed = sim("resume", run)
    assert resumed.exit_code == 0 and said in resumed.stderr
