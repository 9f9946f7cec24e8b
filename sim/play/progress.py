"""What is done so far: episodes, and what language models were asked for them."""

from __future__ import annotations

import msgspec


class ModelUsage(msgspec.Struct, frozen=True, kw_only=True):
    """What language models were asked since the run, or its resumption, began.

    ``nanousd`` is None where a price is unknown.
    """

    calls: int = 0
    retries: int = 0
    in_flight: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    nanousd: int | None = 0

    def __add__(self, other: ModelUsage) -> ModelUsage:
        """Add what two processes did."""
        known = self.nanousd is not None and other.nanousd is not None
        return ModelUsage(
            calls=self.calls + other.calls,
            retries=self.retries + other.retries,
            in_flight=self.in_flight + other.in_flight,
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            nanousd=(self.nanousd or 0) + (other.nanousd or 0) if known else None,
        )


class Progress(msgspec.Struct, kw_only=True):
    """What is done so far; `stopped` when something was left for a resume.

    ``usage`` is None where no language model takes part.
    """

    markets: int = 0
    episodes: int = 0
    failed: int = 0
    stopped: bool = False
    usage: ModelUsage | None = None
