"""The kernel's benchmark measures what it says."""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

PATH = Path(__file__).parents[2] / "benchmarks" / "bench_kernel.py"
SPEC = spec_from_file_location("bench_kernel", PATH)
assert SPEC is not None
assert SPEC.loader is not None
bench_kernel = module_from_spec(SPEC)
SPEC.loader.exec_module(bench_kernel)


@pytest.mark.parametrize("waits", [False, True])
def test_each_of_a_thousand_agents_handles_its_messages(waits: bool) -> None:
    assert bench_kernel.kernel(3, waits=waits) == 3 * bench_kernel.AGENTS


def test_the_bare_equivalents_handle_as_many() -> None:
    assert bench_kernel.queues(3) == bench_kernel.calls(3) == 3 * bench_kernel.AGENTS


def test_an_idle_agent_takes_some_memory_and_less_than_the_target() -> None:
    assert 0 < bench_kernel.idle_bytes(1_000) <= bench_kernel.MEMORY_TARGET_BYTES


@pytest.mark.slow
def test_every_row_has_a_figure_and_targets_are_named() -> None:
    rows = bench_kernel.run()
    assert [row["name"] for row in rows if "target" in row] == [
        "kernel, awaited inline",
        "kernel, a task each",
        "idle agent",
    ]
    assert all(row["value"] > 0 for row in rows)
    assert bench_kernel.show(rows).count("\n") == len(rows) - 1
