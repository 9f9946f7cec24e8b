"""Whether an agent's answers depend on Python's hash seed: asked in two processes.

Sets of text are walked in an order that differs between processes. One process cannot see
that, so two are started, each with a hash seed of its own.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

from retailsim.agents.conformance.bench import Bench
from retailsim.agents.conformance.repeatability import ask_everything
from retailsim.agents.registry import resolve
from retailsim.agents.watchdog import Watchdog
from retailsim.events.messages import Role
from retailsim.market.core.plugin_code import search_path
from retailsim.market.protocols.registry import find_protocol


class Errand(msgspec.Struct, frozen=True, kw_only=True):
    """What a process is asked to do; it stands on its standard input as JSON."""

    name: str
    role: Role
    protocol: str
    folder: str | None
    options: dict[str, Any]
    timeout_s: float


def hash_seed_difference(
    name: str,
    role: Role,
    protocol: str,
    folder: Path | None,
    options: Mapping[str, Any],
    timeout_s: float,
) -> str:
    """Return what is wrong where two hash seeds give two sets of answers, else nothing."""
    errand = msgspec.json.encode(
        Errand(
            name=name,
            role=role,
            protocol=protocol,
            folder=str(folder) if folder else None,
            options=dict(options),
            timeout_s=timeout_s,
        )
    )
    processes = [_started(seed) for seed in ("1", "2")]
    results = [process.communicate(errand) for process in processes]
    for process, (_, errors) in zip(processes, results, strict=True):
        if process.returncode:
            last = errors.decode(errors="replace").strip().rpartition("\n")[2]
            return f"could not be tried in a process of its own: {last}"
    first, second = (msgspec.json.decode(out, type=list[tuple[str, str]]) for out, _ in results)
    # Where answers differ, what is asked after them may, and how much.
    differing = [one[0] for one, other in zip(first, second, strict=False) if one != other]
    if not differing:
        return ""
    return f"{differing[0]} was answered differently in another process; sort sets before use"


def _started(hash_seed: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "retailsim.agents.conformance.fingerprint"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": search_path(), "PYTHONHASHSEED": hash_seed},
    )


def answers(errand: Errand) -> list[tuple[str, str]]:
    """Return each request with the digest of its answer."""
    folder = Path(errand.folder) if errand.folder else None
    protocol = find_protocol(errand.protocol, folder)
    agent_class = resolve(errand.name, errand.role, folder=folder, protocol=protocol)
    watchdog = Watchdog(warn_s=60.0, deadline_s=60.0, say=lambda line: None)
    bench = Bench(agent_class, errand.role, errand.options, watchdog, errand.timeout_s, protocol)
    with watchdog:
        observed = ask_everything(bench)
    return [(o.asked, sha256(o.reply.encode()).hexdigest()) for o in observed]


if __name__ == "__main__":
    asked = msgspec.json.decode(sys.stdin.buffer.read(), type=Errand)
    sys.stdout.buffer.write(msgspec.json.encode(answers(asked)))
