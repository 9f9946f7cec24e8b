"""Agents for tests that are imported as plug-ins are: from a module."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import anyio

from retailsim import SellerAgent
from retailsim.market.protocols.retail.requests import (
    AnswerBuyer,
    FormStrategy,
    GiveSupport,
    PresentPitch,
)
from retailsim.market.protocols.retail.values import Pitch, Strategy, Support


class Terse(SellerAgent):
    """Says the least."""

    async def strategy(self, request: FormStrategy) -> Strategy:
        """Plan nothing."""
        return Strategy()

    async def pitch(self, request: PresentPitch) -> Pitch:
        """Name the product."""
        return Pitch(sections={"introduction": request.offer.product.title})

    async def answer(self, request: AnswerBuyer) -> str:
        """Say yes."""
        return "Yes."

    async def support(self, request: GiveSupport) -> Support:
        """Offer nothing."""
        return Support(text="No.")


class Patient(Terse):
    """Pitches only when a gate is open: a file. Until then another file says that it waits."""

    waits: ClassVar[bool] = True

    async def pitch(self, request: PresentPitch) -> Pitch:
        """Wait for the gate."""
        while not self._may_pass():  # noqa: ASYNC110 - a file tells
            await anyio.sleep(0.01)
        return await super().pitch(request)

    def _may_pass(self) -> bool:
        gate = Path(str(self.seat.options["gate"]))
        gate.with_suffix(".waiting").touch()
        return gate.exists()
