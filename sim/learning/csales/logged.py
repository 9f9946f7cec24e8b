"""The decisions of finished runs, with the features that a policy in its seat would have had.

Nothing of a run is executed: its log, its products and ``run.toml`` are read as data.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import get_args

import msgspec
import numpy as np

from retailsim.analysis.policy.decisions import Decisions, Floats, joined
from retailsim.analysis.projection.errors import LogUnreadable
from retailsim.analysis.projection.log_lines import checked, line_chunks
from retailsim.events.messages import (
    ClaimFound,
    CommandRejected,
    EpisodeClosed,
    EpisodeFailed,
    EpisodeOpened,
    Event,
    MarketClosed,
    MarketFailed,
    MessageSent,
    OrderPlaced,
)
from retailsim.market.core.event_tags import tag_of
from retailsim.market.protocols.csales.category_tree import CategoryPath, CategoryTree
from retailsim.market.protocols.csales.events import (
    ActionChosen,
    BuyerProfiled,
    CategorySearched,
    ItemSelected,
    ItemsShown,
    ItemValued,
    PriceLowered,
    ProfileInferred,
    ShippingNamed,
)
from retailsim.sim.environments.csales.rewards import checked_weights
from retailsim.sim.environments.episodes import adaptive_sellers
from retailsim.sim.folder.run_folder import RunFile, RunFolder
from retailsim.sim.learning.csales.decision_rows import Rows, Weighing
from retailsim.sim.learning.errors import BadLog, LogTwice, NoDecisions, UnknownSeller
from retailsim.sim.protocols.csales.design import action_table

_READ = (
    EpisodeOpened | EpisodeClosed | EpisodeFailed | MarketClosed | MarketFailed | MessageSent
    | OrderPlaced | ClaimFound | CommandRejected | ActionChosen | BuyerProfiled
    | CategorySearched | ItemSelected | ItemsShown | ItemValued | PriceLowered | ProfileInferred
    | ShippingNamed
)  # fmt: skip
_decode = msgspec.json.Decoder(_READ).decode
_TAGS = frozenset(tag_of(kind) for kind in get_args(_READ))
PROTOCOL = "csales"


class Logged(msgspec.Struct, frozen=True, kw_only=True):
    """Decisions, and what others would have done instead.

    Parameters
    ----------
    decisions : Decisions
    others : tuple of (D, K) arrays
        The probabilities of each `Weighing` that was asked for.
    ends : (E, F)
        The features when an episode was over.
    """

    decisions: Decisions
    ends: Floats
    others: tuple[Floats, ...] = ()


def read_logged(
    runs: Sequence[Path],
    *,
    reward: Mapping[str, float] | None = None,
    seller: str | None = None,
    others: Sequence[Weighing] = (),
) -> Logged:
    """Return the decisions of the finished conversations of some runs.

    Parameters
    ----------
    runs : sequence of Path
        Folders of csales runs, whoever made them; at least one.
    reward : mapping of term to weight, optional
        What the decisions are paid in; by default the revenue in dollars.
    seller : str, optional
        Only this seller's conversations.
    others : sequence of Weighing
        Policies to ask at every decision, too.

    Raises
    ------
    NotARunFolder, RunChanged, LogDamaged, LogUnreadable
        If a folder holds no whole run.
    BadLog, NoDecisions, LogTwice, UnknownSeller
        If there is nothing in it to go by, and why.
    """
    weights = checked_weights(reward)
    seen: dict[str, Path] = {}
    parts: list[Rows] = []
    for run in runs:
        file = RunFolder(run).read()
        if file.run.id in seen:
            raise LogTwice(run, seen[file.run.id])
        seen[file.run.id] = run
        collected = Rows(weights, seller, others, action_table(file.scenario))
        if parts and collected.table != parts[0].table:
            raise BadLog(run, f"its sellers chose among other options than those of {runs[0]}")
        parts.append(_of_run(run, file, collected))
    decisions = joined([part.decisions() for part in parts])
    if not decisions.ids:
        sellers = sorted(set().union(*(part.sellers for part in parts)))
        if seller is not None and seller not in sellers:
            raise UnknownSeller(seller, sellers)
        raise NoDecisions(runs, decisions.failed, decisions.unfinished)
    weighed = zip(*(part.weighed() for part in parts), strict=True)
    ends = np.array([end for part in parts for end in part.ends()])
    return Logged(decisions=decisions, ends=ends, others=tuple(map(np.concatenate, weighed)))


def _of_run(run: Path, file: RunFile, collected: Rows) -> Rows:
    top = _top(run, file)
    for market, events in _markets(run):
        try:
            collected.add(events, top)
        except (LookupError, ValueError, OverflowError) as error:
            raise BadLog(run, f"market {market}: {' '.join(str(error).split())}") from None
    collected.adaptive |= _adaptive(file, collected.seller)
    return collected


def _adaptive(file: RunFile, seller: str | None) -> bool:
    """Whether a run's log was written while its seller went on learning, as far as it says."""
    learning = adaptive_sellers(file.scenario)
    return bool(learning) if seller is None else seller in learning


def _top(run: Path, file: RunFile) -> tuple[CategoryPath, ...]:
    """Return the top of a run's categories, once it is known to be one that can be read here."""
    design = file.scenario.design
    if design.protocol != PROTOCOL:
        raise BadLog(run, f"its protocol is {design.protocol}; policies are judged in {PROTOCOL}")
    if not design.transcripts:
        problem = "its log leaves out what was said (design.transcripts = false), and the state "
        raise BadLog(run, f"{problem}that a policy decides by is read off that")
    folder = RunFolder(run)
    folder.check_inputs(file)
    try:
        return CategoryTree(folder.products()).below(())
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadLog(run, f"inputs/products.jsonl: {error}") from None


def _markets(run: Path) -> Iterator[tuple[str, list[Event]]]:
    """Yield each market with its events, once it is over; those that are not at the end."""
    under_way: dict[str, list[Event]] = {}
    for segment, lines in line_chunks(checked(run)):
        for head, line in lines:
            if head.type not in _TAGS or head.market is None:
                continue
            try:
                event = _decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise LogUnreadable(segment, str(error)) from None
            under_way.setdefault(head.market, []).append(event)
            if isinstance(event, MarketClosed | MarketFailed):
                yield head.market, under_way.pop(head.market)
    yield from under_way.items()
