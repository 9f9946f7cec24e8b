"""What all agents over HTTP of one process share: connections, limits, and a stop."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

import pytest

from retailsim.agents.errors import BadOption
from retailsim.agents.wire.address import wire_options
from retailsim.agents.wire.errors import WireStopping
from retailsim.agents.wire.post import Post
from tests.wire.served import JSON, Reply, serving

GOOD: Reply = (200, JSON, b'{"answer": 1}')


def test_a_run_that_stops_makes_no_other_attempt_and_does_not_wait_for_it() -> None:
    stopping = threading.Event()

    def reply(body: dict[str, Any]) -> Reply:
        stopping.set()
        return 503, {"Retry-After": "60"}, b""

    async def scene(url: str) -> None:
        options = wire_options("buyer:ann", {"url": url, "attempts": 9})
        post = Post({"buyer:ann": options}, 1.0, lambda: None, stopping.is_set)
        async with post:
            for _ in range(2):  # the second is not even sent
                with pytest.raises(WireStopping):
                    await post.ask("buyer:ann", b"{}")
        assert not post.answered

    with serving(reply) as server:
        asyncio.run(asyncio.wait_for(scene(server.url), 50))  # less than it is asked to wait
    assert len(server.bodies) == 1


@pytest.mark.slow
@pytest.mark.parametrize(("share", "most"), [(1.0, 4), (0.5, 2), (0.1, 1)])
def test_no_more_requests_are_on_their_way_than_the_seat_allows(share: float, most: int) -> None:
    at_once, seen, turn = 0, 0, threading.Lock()
    together = threading.Barrier(most, timeout=20)

    def reply(body: dict[str, Any]) -> Reply:
        nonlocal at_once, seen
        with turn:
            at_once += 1
            seen = max(seen, at_once)
        together.wait()  # as many as are allowed do come
        time.sleep(0.02)  # and one more would be seen
        with turn:
            at_once -= 1
        return GOOD

    async def scene(url: str) -> None:
        options = wire_options("buyer:ann", {"url": url, "max_in_flight": 4})
        async with Post({"buyer:ann": options}, share, lambda: None, lambda: False) as post:
            await asyncio.gather(*(post.ask("buyer:ann", b"{}") for _ in range(8)))

    with serving(reply) as server:
        asyncio.run(scene(server.url))
    assert seen == most
    assert len(server.bodies) == 8


def test_a_missing_secret_is_found_before_anything_is_asked() -> None:
    options = wire_options("buyer:ann", {"url": "https://a.example/", "key_env": "WIRE_NONE"})
    with pytest.raises(BadOption, match="WIRE_NONE is not set"):
        Post({"buyer:ann": options}, 1.0, lambda: None, lambda: False, {})
