"""Where the studio listens: by which names it answers, and what it says where it cannot."""

from __future__ import annotations

import logging
import socket
import sys
from pathlib import Path

import anyio
import pytest
from aiohttp.http_exceptions import BadHttpMessage

from retailsim.sim.studio.serve import _elsewhere, hosts_of, written
from retailsim.sim.studio.site.server_log import server_log
from retailsim.sim.studio.site.studio import STUDIO
from tests.sim.runs import sim
from tests.studio.server import served


@pytest.mark.parametrize("host", ["no.such.host.invalid", "a" * 300, "203.0.113.7", "[::1]", ""])
def test_a_host_that_is_not_ours_is_one_line(tmp_path: Path, host: str) -> None:
    done = sim("studio", tmp_path, "--host", host)
    assert done.exit_code
    [line] = done.stderr.strip().splitlines()
    assert line.startswith("error: cannot listen on") and "--host" in line
    assert len(line) < 300


def test_on_all_addresses_it_has_the_machines_name_and_a_link_that_opens() -> None:
    name = socket.gethostname().lower()
    assert {name, "localhost"} <= hosts_of("0.0.0.0")
    assert name not in hosts_of("127.0.0.1")
    assert "mine.example" in hosts_of("Mine.example")
    assert [written(host) for host in ("0.0.0.0", "::", "::1", "mine")] == [
        *("127.0.0.1", "[::1]", "[::1]", "mine"),
    ]
    assert name in _elsewhere("::", 1).lower() and not _elsewhere("mine", 1)


def test_the_address_that_a_connection_came_to_is_a_name_of_it(tmp_path: Path) -> None:
    async def main() -> None:
        async with served(tmp_path) as client:
            client.app[STUDIO].hosts = frozenset({"elsewhere"})
            for host, status in (("127.0.0.1", 200), ("127.0.0.2", 421), ("elsewhere", 200)):
                async with client.get("/", headers={"Host": host}) as answer:
                    assert answer.status == status, host

    anyio.run(main)


def test_an_address_without_its_last_slash_leads_on(tmp_path: Path) -> None:
    async def main() -> None:
        async with served(tmp_path) as client:
            for path, to in (("/runs/a%20b?x=%26", "./a%20b/?x=%26"), ("/studies/a", "./a/")):
                async with client.get(path, allow_redirects=False) as answer:
                    assert (answer.status, answer.headers["Location"]) == (303, to)

    anyio.run(main)


def test_what_is_no_http_is_not_said_and_what_fails_is_one_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    log: logging.Logger = server_log()
    for error in (BadHttpMessage("nonsense"), OSError("a disk")):
        try:
            raise error
        except (BadHttpMessage, OSError):
            log.error("Error handling request", exc_info=sys.exc_info())
    [record] = caplog.records
    assert record.getMessage() == "Error handling request: OSError('a disk')"
    assert "Traceback" not in caplog.text
