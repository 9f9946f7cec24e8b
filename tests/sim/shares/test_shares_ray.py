"""Runs in shares on Ray: nodes are lost and others join, and the run is the same."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.sim.runs import ROOT, command, event_lines, launched, process, sim

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore"),
    # Not imported to see: Ray looks at the environment when it is.
    pytest.mark.skipif(find_spec("ray") is None, reason="the package ray is missing"),
]
SIZE = ("--set", "products.per_category=8", "--set", "design.replications=2")
"""1,600 episodes."""
TOKEN = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "t" * 40, "RAY_USAGE_STATS_ENABLED": "0"}
NODE = {"num_cpus": 1, "object_store_memory": 80 << 20}


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("whole") / "run"
    launched(out, *SIZE)
    return out


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A Ray of one head, to which tests add nodes."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in TOKEN.items():
            patch.setenv(name, value)
        from ray.cluster_utils import Cluster

        made = Cluster(initialize_head=True, head_node_args={**NODE, "include_dashboard": False})
        yield made
        made.shutdown()


def started(*arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command(*arguments),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **TOKEN},
    )


def commits(run: Path) -> int:
    return len(list(run.glob("shares/*/COMMIT")))


def until(process: subprocess.Popen[str], run: Path, count: int) -> None:
    end = time.monotonic() + 180
    while commits(run) < count:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_node_is_killed_at_any_time_and_another_joins(
    cluster: Any, tmp_path: Path, reference: Path, seed: int
) -> None:
    draws, run = random.Random(seed), tmp_path / "run"
    node = cluster.add_node(**NODE)
    ray = ("--executor", "ray", "--address", cluster.address)
    playing = started("launch", *SIZE, *ray, "--out", run, "--shares", 8)
    until(playing, run, draws.randrange(4))
    time.sleep(draws.random() * 0.5)
    cluster.remove_node(node, allow_graceful=False)
    joined = cluster.add_node(**NODE)
    _, said = playing.communicate(timeout=240)
    cluster.remove_node(joined)
    assert playing.returncode == 0, said
    assert "1,600 episodes" in said
    assert event_lines(run) == event_lines(reference)
    verified = sim("verify", run)
    assert verified.exit_code == 0, verified.stderr
    assert "every event is the same" in verified.stdout


def test_what_is_stopped_is_kept_and_gone_on_with(
    cluster: Any, tmp_path: Path, reference: Path
) -> None:
    run, ray = tmp_path / "run", ("--executor", "ray", "--address", cluster.address)
    playing = started("launch", *SIZE, *ray, "--out", run, "--shares", 8)
    until(playing, run, 2)
    playing.send_signal(signal.SIGINT)
    _, said = playing.communicate(timeout=120)
    assert playing.returncode == 3, said
    assert f"continue with: python -m sim resume {run} --executor ray" in said
    there = commits(run)
    assert 2 <= there < 8
    going_on = started("resume", run, *ray)
    _, said = going_on.communicate(timeout=240)
    assert going_on.returncode == 0, said
    assert event_lines(run) == event_lines(reference)


def test_a_ray_that_is_started_here_listens_on_this_machine_alone(
    tmp_path: Path, reference: Path
) -> None:
    run = tmp_path / "run"
    playing = started("launch", *SIZE, "--executor", "ray", "--workers", 2, "--out", run)
    until(playing, run, 1)
    listening = addresses_of_descendants(playing.pid)
    _, said = playing.communicate(timeout=240)
    assert playing.returncode == 0, said
    assert "in 16 shares" in said
    assert re.search(r"^Ray: 2 cores, there after [\d.]+ s$", said, re.MULTILINE)
    assert len(listening) >= 4  # Ray has a handful of servers
    assert {one for one in listening if one not in LOOPBACK} == set()
    assert event_lines(run) == event_lines(reference)


LOOPBACK = ("0100007F", "0000000000000000FFFF00000100007F", "00000000000000000000000001000000")


def addresses_of_descendants(pid: int) -> list[str]:
    """The addresses, as the kernel writes them, on which a process and its children listen."""
    family = {pid}
    parents = {
        int(path.parent.name): int(path.read_text().rpartition(")")[2].split()[1])
        for path in Path("/proc").glob("[0-9]*/stat")
    }
    while more := {child for child, parent in parents.items() if parent in family} - family:
        family |= more
    inodes = set()
    for one in family:
        for link in Path(f"/proc/{one}/fd").glob("*"):
            try:
                found = re.fullmatch(r"socket:\[(\d+)\]", str(link.readlink()))
            except OSError:
                continue
            if found:
                inodes.add(found[1])
    rows = [
        line.split()
        for table in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]
    ]
    return [row[1].partition(":")[0] for row in rows if row[3] == "0A" and row[9] in inodes]


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("127.0.0.1:9", "nobody answers there (Connection refused)"),
        ("ray://head", "write it as HOST:PORT, as `ray start` says it"),
    ],
)
def test_a_cluster_that_is_not_there_is_one_line(tmp_path: Path, address: str, why: str) -> None:
    ray = ("--executor", "ray", "--address", address)
    asked = process("launch", *SIZE, *ray, "--out", tmp_path / "run")
    assert (asked.returncode, asked.stderr) == (2, f"error: --address {address}: {why}\n")
    assert not (tmp_path / "run").exists()


def test_another_token_is_refused(cluster: Any, tmp_path: Path) -> None:
    ray = ("--executor", "ray", "--address", cluster.address)
    words = ("launch", *SIZE, *ray, "--out", tmp_path / "run")
    asked = process(*words, **{**TOKEN, "RAY_AUTH_TOKEN": "u" * 40})
    assert asked.returncode == 2
    assert f"error: --address {cluster.address}: " in asked.stderr
    assert "token" in asked.stderr.splitlines()[-1]
    assert not (tmp_path / "run").exists()
