"""Runs in shares on two hosts: one is cut off in the middle, and the run is the same."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.sim.runs import command, event_lines, launched, sim
from tests.sim.shares.objectstore import BUCKET, ENVIRONMENT
from tests.sim.shares.test_shares_ray import SIZE, TOKEN
from tests.sim.shares.twohosts import CANNOT, Host, cut, two_hosts
from tests.skips import is_allowed

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("ray") is None, reason="the package ray is missing"),
]
RAY = Path(sys.executable).with_name("ray")
PORT = 6379
QUICK = {
    # What a node may be silent for: by itself Ray waits for half a minute.
    "RAY_health_check_initial_delay_ms": "2000",
    "RAY_health_check_period_ms": "1000",
    "RAY_health_check_timeout_ms": "1000",
    "RAY_health_check_failure_threshold": "4",
}
NODE = ("--block", "--num-cpus", 1, "--object-store-memory", 80 << 20)
SHARES = 12


@pytest.fixture
def hosts() -> Iterator[tuple[Host, Host]]:
    with two_hosts() as found:
        yield found


@pytest.fixture
def short() -> Iterator[Path]:
    """A folder of Ray's, whose sockets' names have to be short."""
    place = Path(tempfile.mkdtemp(prefix="ray", dir="/tmp"))
    yield place
    shutil.rmtree(place, ignore_errors=True)


def until(reached: Callable[[], object], *running: subprocess.Popen[str]) -> None:
    end = time.monotonic() + 240
    while not reached():
        for one in running:
            assert one.poll() is None, one.communicate()
        assert time.monotonic() < end
        time.sleep(0.05)


def heads(host: Host, short: Path) -> None:
    """Start a Ray on a host."""
    start = (RAY, "start", "--head", "--port", PORT, "--node-ip-address", host.address)
    host.start(
        *start,
        "--include-dashboard=false",
        "--temp-dir",
        short,
        *NODE,
        environment={**TOKEN, **QUICK},
    )
    until(lambda: _answers(host, host.address, PORT))


def joins(host: Host, head: Host, hide: Path | None = None, **environment: str) -> None:
    """Have a host join it."""
    start = (RAY, "start", "--address", f"{head.address}:{PORT}", "--node-ip-address", host.address)
    host.start(*start, *NODE, hide=hide, environment={**TOKEN, **QUICK, **environment})


def _answers(host: Host, address: str, port: int) -> bool:
    asked = f"import socket; socket.create_connection(({address!r}, {port}), 2)"
    return host.start(sys.executable, "-c", asked).wait() == 0


def begun(run: Path) -> set[str]:
    """The attempts at shares that have begun."""
    return {path.parent.name + path.name for path in run.glob("shares/*/a*")}


def commits(run: Path) -> int:
    return len(list(run.glob("shares/*/COMMIT")))


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("whole") / "run"
    launched(out, *SIZE)
    return out


def launch(head: Host, run: Path, *more: object) -> subprocess.Popen[str]:
    ray = ("--executor", "ray", "--address", f"{head.address}:{PORT}", "--shares", SHARES)
    words = command("launch", *SIZE, *ray, "--out", run, *more)
    return head.start(*words, environment=TOKEN)


def test_a_host_is_cut_off_and_the_run_is_the_same(
    hosts: tuple[Host, Host], short: Path, tmp_path: Path, reference: Path
) -> None:
    """It goes on alone, as whoever is thought dead may do."""
    head, other = hosts
    run = tmp_path / "run"
    heads(head, short)
    joins(other, head)
    playing = launch(head, run)
    # More than one host plays as soon as more than one share is under way.
    until(lambda: len(begun(run)) > commits(run) + 1, playing)
    cut(other)
    assert not _answers(head, other.address, 22)
    _, said = playing.communicate(timeout=400)
    assert playing.returncode == 0, said
    assert "lost on the way, and played again: share " in said
    assert event_lines(run) == event_lines(reference)
    verified = sim("verify", run)
    assert verified.exit_code == 0, verified.stderr
    assert "every event is the same" in verified.stdout


def test_hosts_that_share_no_folder_share_a_store(
    hosts: tuple[Host, Host],
    short: Path,
    tmp_path: Path,
    reference: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The run's folder is one host's alone, and the other has to have what it plays by."""
    pytest.importorskip("moto.server", reason="the packages moto and obstore are missing")
    head, other = hosts
    mine = tmp_path / "mine"
    disk = short / "other"
    mine.mkdir()
    disk.mkdir()
    run, where = mine / "run", f"s3://{BUCKET}/run"
    environment = {
        **ENVIRONMENT,
        "AWS_ENDPOINT_URL": f"http://{head.address}:5000",
        "XDG_CACHE_HOME": str(mine / "cache"),
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    head.start(sys.executable, "-m", "moto.server", "-H", head.address, "-p", 5000)
    until(lambda: _answers(head, head.address, 5000))
    bucket = f"http://{head.address}:5000/{BUCKET}"
    made = f"import urllib.request as u; u.urlopen(u.Request({bucket!r}, method='PUT'))"
    assert head.start(sys.executable, "-c", made).wait() == 0
    heads(head, short)
    joins(other, head, hide=mine, TMPDIR=str(disk))
    playing = launch(head, run, "--store", where)
    until(lambda: list(disk.glob("retailsim-share-*")), playing)
    cut(other)  # from the store, too
    _, said = playing.communicate(timeout=400)
    assert playing.returncode == 0, said
    assert "lost on the way, and played again: share " in said
    verified = head.start(*command("verify", where))
    out, said = verified.communicate(timeout=200)
    assert verified.returncode == 0, said
    assert "every event is the same" in out


def test_that_there_are_no_namespaces_may_be_a_reason() -> None:
    assert is_allowed(f"{CANNOT}: there is no ip (Debian's iproute2)")
