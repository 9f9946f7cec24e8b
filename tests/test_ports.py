"""Two servers are never told one port, and no port that connections take."""

from __future__ import annotations

import socket

from tests.sim.ports import LOWEST, OF_A_WORKER, WORKERS, free_port


def test_ports_are_others_each_time_and_below_those_of_connections() -> None:
    found = [free_port() for _ in range(100)]
    assert len(set(found)) == 100
    assert min(found) >= LOWEST and max(found) < LOWEST + OF_A_WORKER * WORKERS < 32_768


def test_a_port_that_somebody_listens_at_is_left_out() -> None:
    port = free_port()
    following = LOWEST + (port - LOWEST) // OF_A_WORKER * OF_A_WORKER
    following += (port - following + 1) % OF_A_WORKER
    with socket.create_server(("127.0.0.1", following)):
        assert free_port() != following
