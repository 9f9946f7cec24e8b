"""Agents for tests that fail in every way a plug-in can."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

from retailsim.agents.base import Seat
from retailsim.agents.retail.behavioral.buyer import BehavioralBuyer
from retailsim.agents.retail.behavioral.seller import BehavioralSeller
from retailsim.market.protocols.retail.requests import Decide, PresentPitch
from retailsim.market.protocols.retail.values import Decision, Pitch


class Raises(BehavioralBuyer):
    async def decide(self, request: Decide) -> Decision:
        raise ZeroDivisionError("the wallet is empty")


class WrongType(BehavioralBuyer):
    async def decide(self, request: Decide) -> Decision:
        return {"will_purchase": True}  # type: ignore[return-value]


class Never(BehavioralBuyer):
    waits = True

    async def decide(self, request: Decide) -> Decision:
        await asyncio.sleep(3600)
        return await super().decide(request)


class Blocks(BehavioralBuyer):
    async def decide(self, request: Decide) -> Decision:
        time.sleep(3600)
        return await super().decide(request)


class Spins(BehavioralBuyer):
    async def decide(self, request: Decide) -> Decision:
        while True:
            pass


class Awaits(BehavioralBuyer):
    async def decide(self, request: Decide) -> Decision:
        await asyncio.sleep(0.001)
        return await super().decide(request)


class Exits(BehavioralBuyer):
    async def decide(self, request: Decide) -> Decision:
        raise SystemExit("leaving")


class Greedy(BehavioralBuyer):
    async def decide(self, request: Decide) -> Decision:
        return Decision(
            will_purchase=True,
            quantity=1_000_000,
            quantity_reason="all of it",
            sentiment="Positive",
            reason="greed",
        )


class Stillborn(BehavioralBuyer):
    def __init__(self, seat: Seat) -> None:
        raise RuntimeError("no such luck")


class Speechless(BehavioralSeller):
    async def pitch(self, request: PresentPitch) -> Pitch:
        raise ValueError("lost the script")


class Sometimes(BehavioralBuyer):
    """Fails over its outside call, until the file that it looks for exists."""

    waits = True

    async def decide(self, request: Decide) -> Decision:
        async def look() -> str:
            return Path(os.environ["SOMETIMES_FILE"]).read_text()

        await self.outside(request, "look", look)
        return await super().decide(request)
