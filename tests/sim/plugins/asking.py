"""Agents for tests that ask the outside world, with latency that differs from call to call."""

from __future__ import annotations

import asyncio
import os
import random
from pathlib import Path

from retailsim.agents.retail.behavioral.buyer import BehavioralBuyer
from retailsim.market.protocols.retail.requests import AskSeller, Decide
from retailsim.market.protocols.retail.values import Decision

ANSWERED = os.environ.get("ASKING_LOG")
"""A file that gets a line for every call that is really made."""


async def oracle(question: str) -> str:
    """Answer after a while that no seed decides."""
    await asyncio.sleep(random.SystemRandom().random() * 0.002)
    if ANSWERED:
        with Path(ANSWERED).open("a") as file:
            file.write(question + "\n")
    return f"oracle on {question}"


class Asking(BehavioralBuyer):
    """Asks an oracle before every question and before it decides."""

    waits = True

    async def ask(self, request: AskSeller) -> str | None:
        said = await super().ask(request)
        if said is None:
            return None
        key = f"{request.episode} {request.turn}"
        return f"{said} {await self.outside(request, key, lambda: oracle(key))}"

    async def decide(self, request: Decide) -> Decision:
        await self.outside(request, "decide", lambda: oracle("decide"))
        return await super().decide(request)
