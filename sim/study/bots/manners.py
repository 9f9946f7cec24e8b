"""How bots take part: most of them to the end, some as people do whom a study has to bear."""

from __future__ import annotations

from typing import Literal, get_args

import msgspec

from retailsim.events.streams import Seed

Manner = Literal["stays", "reloads", "twice", "refuses", "fails", "leaves", "vanishes", "absent"]
"""To the end; reloading pages; sending each form twice, and coming back by the link; refusing
consent; answering checks by chance; leaving conversations; going away for good; never coming."""
MANNERS: tuple[Manner, ...] = get_args(Manner)
_WEIGHTS = (50, 10, 10, 5, 5, 10, 5, 5)


class BotPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What one bot does.

    Parameters
    ----------
    number : int
        From 1.
    seed : int
        Of all that it draws: the same question gets the same answer.
    manner : Manner
    until : int
        After how many forms somebody who vanishes goes away, or leaves a conversation.
    """

    number: int
    seed: int
    manner: Manner = "stays"
    until: int = 1

    @property
    def label(self) -> str:
        """What its link says that it is called, as a panel would."""
        return f"bot-{self.number:05}"


def plans(count: int, seed: int) -> list[BotPlan]:
    """Return what so many bots do, drawn one by one.

    Notes
    -----
    Stream used: ``study bot`` by the bot's number.
    """
    draws = Seed(seed)
    found = []
    for number in range(1, count + 1):
        stream = draws.stream("study bot", str(number))
        manner = MANNERS[stream.weighted(_WEIGHTS)]
        found.append(BotPlan(number=number, seed=seed, manner=manner, until=stream.integer(1, 6)))
    return found
