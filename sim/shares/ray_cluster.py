"""Ray as what plays shares: a thin layer that submits tasks and says which were lost.

Ray repeats nothing by itself here: a lost share is a new attempt, which has to be told from the one
before. A Ray that is started here is one of this machine alone: it listens on its own address, has
no dashboard, and asks for a token.
"""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from time import monotonic
from types import MappingProxyType
from typing import Any

from retailsim.sim.errors import packages_for
from retailsim.sim.shares.errors import NoCluster
from retailsim.sim.shares.outcome import Outcome, Task, play_task

_STORE_BYTES = 80 << 20
"""Ray's own memory for objects: what passes through it is a few hundred bytes a share."""
_HERE = "127.0.0.1"
_ANSWER_S = 10.0
_LOOK_S = 3.0
"""How often nodes are looked for that are gone."""
_ENVIRONMENT = {
    "RAY_AUTH_MODE": "token",  # off by default: whoever reaches a port could run code
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}
_POLARS_THREADS = {"POLARS_MAX_THREADS": "1"}
"""A share is played by one core."""


@contextmanager
def ray_cluster(address: str | None, cpus: int | None = None) -> Iterator[RayCluster]:
    """Connect to a Ray cluster, or start one of this machine, for the block.

    Parameters
    ----------
    address : str or None
        The cluster's; None: one that is started here.
    cpus : int or None
        Cores that one that is started here may use; None: all.

    Raises
    ------
    MissingExtra
        If Ray is not installed.
    NoCluster
        If there is no cluster, or it refuses us.
    """
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)  # before Ray is imported
    if address is None:
        os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
    else:
        _check_there(address)
    with packages_for("--executor ray"):
        import ray
    try:
        with _kept_to_this_machine():
            ray.init(
                **({"address": address} if address is not None else _of_this_machine(cpus)),
                log_to_driver=False,
                logging_level="ERROR",
                runtime_env={"env_vars": _POLARS_THREADS},
            )
    except Exception as error:  # what comes of gRPC, files and processes
        problem = " ".join(str(error).split())[:300]
        hint = "" if address is None else "; if it asks for a token, give it in RAY_AUTH_TOKEN"
        raise NoCluster(address, f"{problem}{hint}") from error
    try:
        yield RayCluster(ray)
    finally:
        ray.shutdown()


def _check_there(address: str) -> None:
    """Refuse an address at which nobody listens: Ray would try for minutes."""
    host, _, port = address.rpartition(":")
    if not (host and port.isdigit() and int(port) < 1 << 16):
        raise NoCluster(address, "write it as HOST:PORT, as `ray start` says it")
    try:
        socket.create_connection((host, int(port)), timeout=_ANSWER_S).close()
    except OSError as error:
        raise NoCluster(address, f"nobody answers there ({error.strerror or error})") from None


def _of_this_machine(cpus: int | None) -> Mapping[str, Any]:
    """Return how Ray is started where nobody else is to reach it."""
    return {
        "address": "local",  # not one that happens to run here
        "num_cpus": cpus,
        "include_dashboard": False,
        "object_store_memory": _STORE_BYTES,
        "_node_ip_address": _HERE,
    }


@contextmanager
def _kept_to_this_machine() -> Iterator[None]:
    """Let Ray listen on 127.0.0.1 where it is told to: it takes an address that others reach."""
    from ray._private import services

    real = services.resolve_ip_for_localhost
    services.resolve_ip_for_localhost = lambda host: _HERE if host == _HERE else real(host)
    try:
        yield
    finally:
        services.resolve_ip_for_localhost = real


def _play_there(task: Task, key: bytes) -> Outcome:
    """Play a share, after saying on which node."""
    import ray
    from ray.experimental.internal_kv import _internal_kv_put

    _internal_kv_put(key, ray.get_runtime_context().get_node_id())
    return play_task(task)


class _Places:
    """On which nodes shares are played.

    Ray notices in seconds that a node is cut off, and tells whoever waits for what was played there
    only when the connection breaks: after minutes. So it is asked for nodes that are gone.

    Parameters
    ----------
    ray : module
    """

    def __init__(self, ray: Any) -> None:
        self._ray = ray
        self._name = secrets.token_hex(8)
        self._gone: set[str] = set()
        self._look_at = self._look_until = 0.0

    def key(self, task: Task) -> bytes:
        """Return the name under which a share's node is known."""
        return f"retailsim/{self._name}/{task.share}/{task.attempt}".encode()

    def lost(self, task: Task) -> bool:
        """Whether a share is played on a node that is gone; sought for a while after each loss."""
        from ray.experimental.internal_kv import _internal_kv_get

        now = monotonic()
        if now >= self._look_at:
            self._look_at = now + _LOOK_S
            gone = {one["NodeID"] for one in self._ray.nodes() if not one["Alive"]}
            if gone - self._gone:
                self._look_until = now + 10 * _LOOK_S
            self._gone = gone
        if now >= self._look_until:
            return False
        place = _internal_kv_get(self.key(task))
        return place is not None and place.decode() in self._gone


class RayCluster:
    """What plays shares on Ray.

    Parameters
    ----------
    ray : module
    """

    def __init__(self, ray: Any) -> None:
        self._ray = ray
        self._play = ray.remote(num_cpus=1, max_retries=0)(_play_there)
        self._under_way: dict[Any, Task] = {}
        self._places = _Places(ray)

    @property
    def cores(self) -> int:
        """How many cores there are now: nodes come and go."""
        return max(1, int(self._ray.cluster_resources().get("CPU", 1)))

    @property
    def under_way(self) -> int:
        """How many shares were submitted and have not ended."""
        return len(self._under_way)

    def submit(self, task: Task) -> None:
        """Have a share played as soon as a core is free."""
        self._under_way[self._play.remote(task, self._places.key(task))] = task

    def ended(self, wait_s: float) -> Mapping[Task, Outcome | None]:
        """Return what has ended, after waiting a while for the first; None: it was lost.

        Raises
        ------
        NoCluster
            If the cluster is gone.
        """
        if not self._under_way:
            return MappingProxyType({})
        refs = list(self._under_way)
        done, _ = self._ray.wait(refs, num_returns=1, timeout=wait_s)
        more, _ = self._ray.wait(refs, num_returns=len(refs), timeout=0)
        found = {self._under_way.pop(ref): self._outcome(ref) for ref in {*done, *more}}
        cut_off = [ref for ref, task in self._under_way.items() if self._places.lost(task)]
        return found | {self._under_way.pop(ref): None for ref in cut_off}

    def stop(self, *, force: bool = False) -> None:
        """Have what is under way stop and keep what it played; with `force`, end it at once."""
        for ref in self._under_way:
            self._ray.cancel(ref, force=force)

    def _outcome(self, ref: Any) -> Outcome | None:
        errors = self._ray.exceptions
        try:
            found: Outcome = self._ray.get(ref)
        except errors.RayError as error:
            # What is cancelled as it begins comes as a task's own error, with that as its cause.
            cancelled = isinstance(getattr(error, "cause", None), errors.TaskCancelledError)
            if isinstance(error, errors.RayTaskError) and not cancelled:
                return Outcome(status=1, error=" ".join(str(error.cause).split()))
            return None
        return found
