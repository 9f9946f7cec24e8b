"""Tokens and costs as servers state them: in numbers, as text, in part, absurdly or not at all.

A paid answer is never thrown away for the bookkeeping beside it. What cannot be believed counts
as not stated, and the gateway estimates it.
"""

from __future__ import annotations

import math

from retailsim.agents.llm.types import Usage

MOST_TOKENS = 10**8
"""More than any model reads or writes in one call."""
MOST_DOLLARS = 1_000.0
"""More than any one call costs."""


def count(told: object) -> int | None:
    """Return a number of tokens, also one in text or with a fraction of zero; else None."""
    if isinstance(told, str) and told.isascii() and told.isdigit() and len(told) < 12:
        told = int(told)
    if isinstance(told, float) and told.is_integer():
        told = int(told)
    known = isinstance(told, int) and not isinstance(told, bool) and 0 <= told <= MOST_TOKENS
    return told if known and isinstance(told, int) else None


def usage(
    *,
    read: object,
    wrote: object,
    cached: object = None,
    written: object = None,
    reasoning: object = None,
) -> Usage:
    """Return what one answer used, of counts as they were stated.

    Without a believable number of tokens read and written it is to be estimated. Parts that are
    not stated are 0, and none is more than its whole.

    Parameters
    ----------
    read, wrote : object
        Tokens of input and of output, cached and reasoning ones included.
    cached, written, reasoning : object
        Those of the input that came from a cache or went into one; those of the output that the
        model thought with.
    """
    whole, output = count(read), count(wrote)
    if whole is None or output is None:
        return Usage(estimated=True)
    from_cache = min(count(cached) or 0, whole)
    return Usage(
        input=whole,
        cached=from_cache,
        written=min(count(written) or 0, whole - from_cache),
        output=output,
        reasoning=min(count(reasoning) or 0, output),
    )


def cost_nanousd(told: object) -> int | None:
    """Return dollars that a server charges as billionths; None for what no call costs."""
    if isinstance(told, bool) or not isinstance(told, int | float):
        return None
    known = math.isfinite(told) and 0.0 <= told <= MOST_DOLLARS
    return round(told * 1e9) if known else None
