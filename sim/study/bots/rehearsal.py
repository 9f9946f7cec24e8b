"""A rehearsal: bots in all seats, over HTTP, and what came of each of them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence

from retailsim.sim.play_page.forms import NO, PREFIX, YES
from retailsim.sim.study.bots.bot import Bot, Right
from retailsim.sim.study.form_file import StudyForm

AT_ONCE = 500
"""Bots; each has a connection or two."""


async def take_part(bots: Sequence[Bot]) -> None:
    """Have bots take part in a study that is served, until all have finished."""
    room = asyncio.Semaphore(AT_ONCE)

    async def one(bot: Bot) -> None:
        async with room:
            await bot.take_part()

    await asyncio.gather(*(one(bot) for bot in bots))


def right_answers(form: StudyForm) -> Right:
    """Return the right answers to a form's checks, as its pages' controls send them."""
    found: dict[str, Sequence[str]] = {}
    for asked in (*form.checks, *form.between, *form.questions):
        if asked.right:
            found[PREFIX + asked.field.name] = _written(asked.right[0])
    return found


def _written(value: object) -> Sequence[str]:
    match value:
        case bool():
            return (YES if value else NO,)
        case list() | tuple():
            return [str(one) for one in value]
    return (str(value),)


def summary(bots: Sequence[Bot]) -> list[str]:
    """Say what came of bots, a line for each code and each reason to have none."""
    codes = Counter(bot.code for bot in bots if bot.code)
    whys = Counter(bot.why or "went on for too long" for bot in bots if not bot.code)
    kept = sum(len(bot.told) for bot in bots)
    lines = [f"{len(bots):,} bots, {kept:,} forms sent and kept"]
    lines += [f"{count:>7,}  code {code}" for code, count in codes.most_common()]
    return lines + [f"{count:>7,}  {why}" for why, count in whys.most_common()]
