"""How likely each option of a choice was, as integers that sum to 2**32.

A choice that is made by chance is drawn against these integers, so what is logged is what it was
drawn from, to the last bit. Shares in floats are not: the exponential of a softmax comes out of the
machine's mathematical library, and two machines may differ in its last digit.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from retailsim.events.streams import Stream

WHOLE = 2**32
"""What the propensities of a choice sum to; the random words of a stream lie below it."""


def propensities(weights: Sequence[float]) -> tuple[int, ...]:
    """Return weights as integers that sum to `WHOLE`, by largest remainder.

    Each option gets its share of `WHOLE`, rounded down; what is left goes one by one to the
    options that lost most by that, the earlier first among equals. Computed with integers
    throughout, so equal weights give equal results everywhere.

    Parameters
    ----------
    weights : sequence of float
        Non-negative, finite and not all 0; they need not sum to 1.

    Raises
    ------
    ValueError
        If they are anything else.
    """
    if not weights or not all(0.0 <= weight < math.inf for weight in weights) or not any(weights):
        raise ValueError(f"weights {list(weights)}: none may be below 0 or infinite, one above 0")
    ratios = [weight.as_integer_ratio() for weight in weights]
    unit = max(below for _, below in ratios)  # a power of two, as all of them
    exact = [above * (unit // below) for above, below in ratios]
    total = sum(exact)
    parts = [divmod(one * WHOLE, total) for one in exact]
    found = [part for part, _ in parts]
    by_loss = sorted(range(len(parts)), key=lambda index: (-parts[index][1], index))
    for index in by_loss[: WHOLE - sum(found)]:
        found[index] += 1
    return tuple(found)


def shares(probabilities: Sequence[int | float]) -> tuple[float, ...]:
    """Return what a log holds as shares that sum to 1: integers, or the floats of version 0.1."""
    if whole(probabilities):
        return tuple(one / WHOLE for one in probabilities)
    return tuple(float(one) for one in probabilities)


def whole(probabilities: Sequence[int | float]) -> bool:
    """Whether these are propensities: integers of which none is below 0, summing to `WHOLE`."""
    counts = [one for one in probabilities if isinstance(one, int) and one >= 0]
    return len(counts) == len(probabilities) and sum(counts) == WHOLE


def draw(counts: Sequence[int], stream: Stream) -> int:
    """Return the index of an option drawn by its propensity; takes one word of `stream`."""
    word = stream.word()
    for index, one in enumerate(counts):
        word -= one
        if word < 0:
            return index
    raise ValueError(f"propensities that sum to {sum(counts)}, not to {WHOLE}")


def stated(probabilities: Sequence[int | float] | None) -> tuple[int | float, ...] | None:
    """Return what a seller says of its choice as it is logged.

    Integers are taken as they are. Shares become integers by `propensities` if they sum to 1
    (within 1e-6); else they are left alone, and the market refuses them.
    """
    if probabilities is None:
        return None
    given = tuple(probabilities)
    if all(isinstance(one, int) for one in given) and sum(given) != 1:
        return given
    fits = given and min(given) >= 0.0 and math.isclose(math.fsum(given), 1.0, abs_tol=1e-6)
    return propensities(given) if fits else given


def bad_choice(
    name: str, options: Sequence[str], probabilities: Sequence[int | float] | None
) -> str | None:
    """Say what is wrong with a choice as it is to be logged, or None.

    What is logged of a choice has to be what it was chosen from, or nobody can learn from it.

    Parameters
    ----------
    name : str
        What was chosen.
    options : sequence of str
        What could have been; empty where the seller does not say.
    probabilities : sequence of number or None
        One for each option, as `stated` takes them; None where they are not known.
    """
    counts = stated(probabilities)
    if options and list(options).count(name) != 1:
        return f"{name}: not once among its options {', '.join(options)}"
    if counts is None:
        return None
    if len(counts) != len(options) or not counts:
        return f"{len(counts)} probabilities for {len(options)} options"
    if not whole(counts):
        return f"probabilities that do not sum to 1, or as integers to {WHOLE}"
    if counts[list(options).index(name)] == 0:
        return f"{name}: chosen with probability 0"
    return None
