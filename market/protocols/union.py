"""All protocols as one: what a market is made of, what it is, and what its requests ask for."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

from retailsim.events.kernel import Outgoing
from retailsim.events.messages import Message
from retailsim.market.core.admission import Admission
from retailsim.market.protocols.csales.admission import ADMISSIONS as CSALES
from retailsim.market.protocols.csales.spec import ConversationSpec
from retailsim.market.protocols.retail.admission import ADMISSIONS as RETAIL
from retailsim.market.protocols.retail.spec import MarketSpec

ADMISSIONS: Mapping[type[Message], Admission] = MappingProxyType({**RETAIL, **CSALES})
"""Request -> what answers it, in any protocol."""

Spec = MarketSpec | ConversationSpec
"""What one market is made of; ``id``, ``seller`` and ``episodes`` are common to all."""


class Market(Protocol):
    """The live rules of one market, whatever its protocol."""

    finished: bool

    def open(self) -> Outgoing:
        """The market's first messages."""
        ...

    def handle(self, message: Message) -> Outgoing:
        """Answer one message of an agent."""
        ...

    def failed(self, source: str, message: Message, error: Exception) -> Outgoing:
        """Answer an agent that raised."""
        ...
