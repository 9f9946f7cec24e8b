"""What a run with models says of itself while it goes on."""

from __future__ import annotations

import pytest

from retailsim.sim.execution.workers import _total
from retailsim.sim.play.progress import ModelUsage, Progress
from retailsim.sim.terminal.progress_bar import EVERY_S, Lines, Rate, asked, bar

USAGE = ModelUsage(
    calls=12_345, retries=3, in_flight=64, input_tokens=1_234_567, output_tokens=98_765, nanousd=5
)


def test_what_was_asked_fits_into_a_line_of_80_cells() -> None:
    said = asked(USAGE, 123.4)
    assert said == "12,345 calls, 123.4/s; 1.2M in, 98.8k out; $0.00; 64 in flight; 3 retries"
    assert len(said) <= 80


def test_an_unknown_price_is_said_to_be_unknown() -> None:
    unknown = ModelUsage(calls=1, nanousd=None)
    assert "price unknown" in asked(unknown, 0.0)
    assert (USAGE + unknown).nanousd is None
    assert (USAGE + USAGE).nanousd == 10
    assert (USAGE + USAGE).calls == 24_690


def test_the_rate_is_that_of_the_last_seconds() -> None:
    rate = Rate()
    assert rate.of(0, 0.0) == 0.0
    assert rate.of(10, 1.0) == 10.0
    for second in range(2, 60):
        found = rate.of(10 + (second - 1), float(second))
    assert found == 1.0


def test_a_file_gets_a_line_now_and_then_and_only_for_models() -> None:
    said: list[str] = []
    now = [0.0]
    lines = Lines(100, 10, said.append, lambda: now[0])
    for second in range(100):
        now[0] = float(second)
        lines.update(Progress(episodes=second))
    assert said == []
    for second in range(100, 200):
        now[0] = float(second)
        lines.update(Progress(episodes=5, usage=USAGE))
    assert len(said) == 1 + int(99 / EVERY_S)
    assert said[0].startswith("15 of 100 episodes; 12,345 calls")
    # 5 episodes in 100 s, 85 to go
    assert said[0].endswith("; 3 retries; 0:28:20 left")


def test_before_the_first_episode_ends_nobody_knows_how_long_it_takes() -> None:
    said: list[str] = []
    now = [0.0]
    lines = Lines(100, 0, said.append, lambda: now[0])
    now[0] = EVERY_S
    lines.update(Progress(usage=USAGE))
    assert said == ["0 of 100 episodes; " + asked(USAGE, 0.0)]


def test_usage_of_two_processes_is_one_and_an_unknown_price_stays_unknown() -> None:
    one = ModelUsage(calls=1, retries=2, in_flight=3, input_tokens=4, output_tokens=5, nanousd=6)
    both = one + one
    assert both == ModelUsage(
        calls=2, retries=4, in_flight=6, input_tokens=8, output_tokens=10, nanousd=12
    )
    assert (one + ModelUsage(calls=1, nanousd=None)).nanousd is None


def test_the_progress_of_all_workers_is_one() -> None:
    """Failures are counted with the rest; one that left something for later is enough."""
    one = Progress(markets=1, episodes=20, failed=3)
    two = Progress(markets=4, episodes=50, failed=6, stopped=True, usage=USAGE)
    assert _total([one, two]) == Progress(
        markets=5, episodes=70, failed=9, stopped=True, usage=USAGE
    )
    assert not _total([one, one]).stopped
    assert _total([one, one]).usage is None


@pytest.mark.parametrize("failed", [0, 2])
def test_a_bar_says_what_failed_and_what_models_were_asked(
    failed: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    with bar(10, 2) as update:
        update(Progress(episodes=3, failed=failed, usage=USAGE if failed else None))
    said = capsys.readouterr().err
    assert "5 of 10 episodes" in said
    assert ("2 failed" in said) is ("12,345 calls" in said) is bool(failed)
