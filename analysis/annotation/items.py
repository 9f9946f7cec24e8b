"""Items to be rated, as raters see them, and apart from them the key."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Literal

import msgspec
import polars as pl

from retailsim.analysis.annotation.errors import NOT_FOR_RATERS, NothingToRate
from retailsim.analysis.annotation.excerpts import Excerpt, Heard, hear
from retailsim.analysis.annotation.selection import (
    Makes,
    Pick,
    digest,
    likert_picks,
    pair_picks,
    usable,
)
from retailsim.analysis.annotation.tasks import TASKS, TRAITS, Task
from retailsim.analysis.projection.loader import load
from retailsim.analysis.protocol import analysis_of
from retailsim.events.messages import Role
from retailsim.market.core.money import dollars

FORMAT = 1

Choice = Literal["A", "B"]


class Block(msgspec.Struct, frozen=True):
    """What a rater may look up: a heading and what belongs to it."""

    title: str
    lines: tuple[Excerpt, ...]


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to rate; nothing in it says who made it or what the right answer is.

    Parameters
    ----------
    a, b : tuple of Excerpt
        The texts; `b` is empty for what is rated 1 to 5.
    """

    id: str
    task: str
    product: str
    price: str
    context: tuple[Block, ...]
    a: tuple[Excerpt, ...]
    b: tuple[Excerpt, ...] = ()


class RaterSheet(msgspec.Struct, frozen=True, kw_only=True):
    """What raters get: an export's name, its tasks and its items."""

    format: int = FORMAT
    export: str
    tasks: tuple[Task, ...]
    items: tuple[Item, ...]


class TrueAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What the key holds of an item; `right` is None for what is rated 1 to 5."""

    id: str
    task: str
    product: str
    agent: str
    episodes: tuple[str, ...]
    right: Choice | None = None


class AnswerKey(msgspec.Struct, frozen=True, kw_only=True):
    """What raters must not see: who made each item, and the right answers."""

    format: int = FORMAT
    export: str
    run: str
    seed: int
    items: tuple[TrueAnswer, ...]


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """What was drawn: what raters get, the key, and what a person should be told."""

    sheet: RaterSheet
    key: AnswerKey
    notes: tuple[str, ...]


Sheets = Callable[[Collection[str]], Mapping[str, str]]
"""From products to their sheets as text; one that is not known is left out."""


def choose(
    run: Path,
    *,
    each: int,
    pairs: int,
    seed: int,
    makes: Makes | None = None,
    sheets: Sheets,
    without: Mapping[Role, Collection[str]] | None = None,
) -> Chosen:
    """Draw items from a run.

    Parameters
    ----------
    each, pairs : int
        At most so many items per rated task, and pairs per trait.
    seed : int
        Of the draws; a larger choice with the same seed holds the smaller one.
    makes : mapping or None
        What plays each seat, for pairs are of one make.
    without : mapping of role to seats, or None
        Seats whose episodes are not shown, such as those of people who withdrew.

    Raises
    ------
    NothingToRate
        If there is no such item, or the log holds no texts.
    LogDamaged, LogUnreadable, NotARun
        As `analysis.projection.loader.load`.
    """
    if analysis_of(run).fidelity is None:
        raise NothingToRate(str(run), NOT_FOR_RATERS)
    episodes = usable(load(run).episodes)
    for role, seats in (without or {}).items():
        episodes = episodes.filter(~pl.col(role).is_in(list(seats)))
    played = makes or {}
    picks = likert_picks(episodes, each, seed, played) + pair_picks(episodes, pairs, seed, played)
    if not picks:
        raise NothingToRate(str(run), _why_none(episodes))
    heard = hear(
        run,
        {id_ for pick in picks for id_ in pick.episodes},
        {market for pick in picks for market in pick.markets},
    )
    known = sheets({pick.product for pick in picks})
    made = [_made(pick, heard, known.get(pick.product, ""), seed) for pick in picks]
    found = sorted((one for one in made if one is not None), key=_in_order)
    if not found:
        raise NothingToRate(str(run), "the log was written without texts (design.transcripts)")
    return _chosen(run, seed, found, _notes(episodes, found))


def _why_none(episodes: pl.DataFrame) -> str:
    if episodes.is_empty():
        return "no episode about one product came to its end"
    return "no items were asked for, or no task found any; raise --each or --pairs"


def _in_order(made: tuple[Item, TrueAnswer]) -> tuple[int, str]:
    # Ids are hashes: by id is at random.
    return list(TASKS).index(made[0].task), made[0].id


def _chosen(
    run: Path, seed: int, found: Sequence[tuple[Item, TrueAnswer]], notes: tuple[str, ...]
) -> Chosen:
    items, answers = tuple(item for item, _ in found), tuple(answer for _, answer in found)
    used = {item.task for item in items}
    export = digest("/".join([str(seed), *(item.id for item in items)]))
    tasks = tuple(task for name, task in TASKS.items() if name in used)
    return Chosen(
        sheet=RaterSheet(export=export, tasks=tasks, items=items),
        key=AnswerKey(export=export, run=run.resolve().name, seed=seed, items=answers),
        notes=notes,
    )


def _notes(episodes: pl.DataFrame, found: Sequence[tuple[Item, TrueAnswer]]) -> tuple[str, ...]:
    used = {item.task for item, _ in found}
    if used.isdisjoint(trait.column for trait in TRAITS):
        personas = any(episodes[trait.column].is_not_null().any() for trait in TRAITS)
        why = "no two agents differ in one trait alone" if personas else "the run has no personas"
        return (f"{why}: no pairs, only ratings from 1 to 5",)
    missing = [trait.column for trait in TRAITS if trait.column not in used]
    return (f"no pairs of {', '.join(missing)}",) if missing else ()


def _made(pick: Pick, heard: Heard, sheet: str, seed: int) -> tuple[Item, TrueAnswer] | None:
    """Return an item and what the key holds of it; None where the log has no words of it."""
    texts = [
        _shown(pick.task, heard, episode, market)
        for episode, market in zip(pick.episodes, pick.markets, strict=True)
    ]
    if not all(texts):
        return None
    # A letter first: a spreadsheet would take some hashes for numbers.
    id_ = "i" + digest(f"{seed}/item/{pick.task}/{'/'.join(pick.episodes)}")
    right: Choice | None = None
    if len(texts) == 2:
        right = "A" if int(digest(f"{seed}/side/{id_}"), 16) % 2 else "B"
        texts = texts if right == "A" else texts[::-1]
    item = Item(
        id=id_,
        task=pick.task,
        product=pick.title,
        price="" if pick.price_cents is None else dollars(pick.price_cents),
        context=_context(pick, heard, sheet),
        a=texts[0],
        b=texts[1] if right else (),
    )
    answer = TrueAnswer(
        id=id_,
        task=pick.task,
        product=pick.product,
        agent=pick.agent,
        episodes=pick.episodes,
        right=right,
    )
    return item, answer


_TRAITS = {trait.column: trait.shown for trait in TRAITS}


def _shown(task: str, heard: Heard, episode: str, market: str) -> tuple[Excerpt, ...]:
    """Return what is rated of an episode; nothing where the log has no words of it."""
    match _TRAITS.get(task, task):
        case "pitch":
            return heard.pitch(market)
        case "pre_inquiry":
            return heard.dialogue(episode, "pre_inquiry")
        case "post_inquiry":
            said = heard.dialogue(episode, "post_inquiry")
            return said + heard.outcome(episode) if said else ()
        case "dialogue":
            return heard.dialogue(episode, "pre_inquiry", "post_inquiry")
        case "decision":
            decided = heard.decision(episode)
            return heard.questions(episode) + decided if decided and task in _TRAITS else decided
        case _:
            return heard.reviews(episode)


def _context(pick: Pick, heard: Heard, sheet: str) -> tuple[Block, ...]:
    """Return what a rater may look up: what came before, as far as the question needs it."""
    episode, market = pick.episodes[0], pick.markets[0]
    blocks = [Block("Product sheet", (Excerpt("", sheet),) if sheet else ())]
    pitch = Block("Presentation", heard.pitch(market))
    before = Block("Questions before", heard.dialogue(episode, "pre_inquiry"))
    match pick.task:
        case "decision":
            blocks += [pitch, before]
        case "post_inquiry":
            blocks += [Block("Order", heard.order(episode))]
        case "review":
            support = heard.dialogue(episode, "post_inquiry") + heard.outcome(episode)
            decision = Block("Decision", heard.decision(episode) + heard.order(episode))
            blocks += [pitch, before, decision, Block("Support", support)]
        case _:
            pass
    return tuple(block for block in blocks if block.lines)
