"""Two hosts for tests: network namespaces of this machine, joined by a cable that can be cut.

They share the disk, unless a folder is hidden from one of them.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import MappingProxyType

import pytest

from tests.sim.runs import ROOT

CANNOT = "network namespaces cannot be set up here"
"""How the reason begins of a test that is skipped for want of them."""


class Host:
    """A host, on which processes can be started.

    Parameters
    ----------
    name : str
        Of its network namespace.
    address : str
        Its only one that others reach.
    """

    def __init__(self, name: str, address: str) -> None:
        self.name = name
        self.address = address
        self._started: list[subprocess.Popen[str]] = []

    def start(
        self,
        *words: object,
        hide: Path | None = None,
        environment: Mapping[str, str] = MappingProxyType({}),
    ) -> subprocess.Popen[str]:
        """Start a process; a folder that is hidden from it is empty there."""
        command = ["ip", "netns", "exec", self.name, *map(str, words)]
        if hide is not None:
            hidden = 'mount -t tmpfs none "$0" && exec "$@"'
            command[4:4] = ["unshare", "--mount", "sh", "-c", hidden, str(hide)]
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._started.append(process)
        return process

    def end(self) -> None:
        """End everything that runs on it."""
        said = subprocess.run(
            ["ip", "netns", "pids", self.name], capture_output=True, text=True, check=False
        )
        for pid in map(int, said.stdout.split()):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for process in self._started:
            process.communicate()


@contextmanager
def two_hosts() -> Iterator[tuple[Host, Host]]:
    """Set up two hosts that reach each other and nothing else; skips where that cannot be."""
    if shutil.which("ip") is None:
        pytest.skip(f"{CANNOT}: there is no ip (Debian's iproute2)")
    one, two = (f"sim{os.getpid()}{letter}" for letter in "ab")
    try:
        for name in (one, two):
            _ip("netns", "add", name, skip=True)
        _ip("link", "add", "cable", "netns", one, "type", "veth",
            "peer", "name", "cable", "netns", two, skip=True)  # fmt: skip
        hosts = Host(one, "10.77.0.1"), Host(two, "10.77.0.2")
        for host in hosts:
            _ip("-n", host.name, "addr", "add", f"{host.address}/24", "dev", "cable")
            for device in ("lo", "cable"):
                _ip("-n", host.name, "link", "set", device, "up")
        try:
            yield hosts
        finally:
            for host in hosts:
                host.end()
    finally:
        for name in (one, two):
            subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)


def cut(host: Host) -> None:
    """Cut a host off from the other one; it runs on."""
    _ip("-n", host.name, "link", "set", "cable", "down")


def _ip(*words: str, skip: bool = False) -> None:
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    if done.returncode and skip:
        pytest.skip(f"{CANNOT}: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
