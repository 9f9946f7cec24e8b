"""The participants' server takes so many connections, and no more."""

from __future__ import annotations

import resource

import aiohttp
import anyio
import pytest
from aiohttp import web

from retailsim.sim.study.participants import door
from retailsim.sim.study.participants.door import BoundedRunner, connections
from tests.serving import HOME


def test_who_comes_when_all_connections_are_taken_is_hung_up_on() -> None:
    async def main() -> None:
        app = web.Application()

        async def hello(request: web.Request) -> web.Response:
            return web.Response(text="hello")

        app.router.add_get("/", hello)
        runner = BoundedRunner(app, most=2, access_log=None)
        await runner.setup()
        try:
            await web.TCPSite(runner, HOME, 0).start()
            host, port = runner.addresses[0][:2]
            first, second = [await anyio.connect_tcp(host, port) for _ in range(2)]
            await anyio.sleep(0.05)
            async with await anyio.connect_tcp(host, port) as third:
                with pytest.raises((anyio.EndOfStream, anyio.BrokenResourceError)):
                    await third.receive()
            await first.aclose()
            await anyio.sleep(0.05)
            async with (
                aiohttp.ClientSession() as session,
                session.get(f"http://{host}:{port}/") as answer,
            ):
                assert await answer.text() == "hello"
            await second.aclose()
        finally:
            await runner.cleanup()

    anyio.run(main)


def test_files_are_left_for_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    limits, given = [(1024, 4096)], list[tuple[int, int]]()
    monkeypatch.setattr(resource, "getrlimit", lambda which: limits[0])
    monkeypatch.setattr(resource, "setrlimit", lambda which, both: given.append(both))
    assert connections() == 4096 - door.FILES_LEFT and given == [(4096, 4096)]
    limits[0] = (100_000, 100_000)
    assert connections() == door.MOST_CONNECTIONS and len(given) == 1
    limits[0] = (1024, resource.RLIM_INFINITY)
    assert connections() == door.MOST_CONNECTIONS
    limits[0] = (100, 100)
    assert connections() == door.LEAST_CONNECTIONS
