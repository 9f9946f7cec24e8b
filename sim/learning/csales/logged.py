"""The decisions of finished runs, with the features that a policy in its seat would have had.

Nothing of a run is executed: its log, its products and ``run.toml`` are read as data.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import msgspec
import numpy as np

from retailsim.agents.csales.policy.features import NAMES, features
from retailsim.agents.csales.policy.view import SellerView
from retailsim.analysis.policy.decisions import Decisions, Floats, joined
from retailsim.analysis.projection.errors import LogUnreadable
from retailsim.analysis.projection.log_lines import checked, line_chunks
from retailsim.events.messages import (
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
from retailsim.market.core.propensities import shares
from retailsim.market.protocols.csales.action_table import ActionTable, option_chosen
from retailsim.market.protocols.csales.category_tree import CategoryPath, CategoryTree, searched
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
from retailsim.sim.environments.csales.rewards import TERMS, Rewards, checked_weights
from retailsim.sim.environments.episodes import adaptive_sellers
from retailsim.sim.folder.run_folder import RunFile, RunFolder
from retailsim.sim.learning.errors import BadLog, LogTwice, NoDecisions, UnknownSeller
from retailsim.sim.protocols.csales.design import action_table

Weighing = Callable[[SellerView, Sequence[float], Sequence[int], ActionTable], Sequence[float]]
"""What another policy would do: from a view, its features, the mask and the table of options to a
probability for each option, 0 where it is not legal."""

_READ = (
    EpisodeOpened | EpisodeClosed | EpisodeFailed | MarketClosed | MarketFailed | MessageSent
    | OrderPlaced | ActionChosen | BuyerProfiled | CategorySearched | ItemSelected | ItemsShown
    | ItemValued | PriceLowered | ProfileInferred | ShippingNamed
)  # fmt: skip
_decode = msgspec.json.Decoder(_READ).decode
_TAGS = frozenset(tag_of(kind) for kind in get_args(_READ))
SEGMENTS = ("style", "openness", "category", "buyer")
"""What is known of a conversation's buyer, hidden from its seller; the category is the first level
of the one it looks for."""
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
    parts: list[_Collected] = []
    for run in runs:
        file = RunFolder(run).read()
        if file.run.id in seen:
            raise LogTwice(run, seen[file.run.id])
        seen[file.run.id] = run
        collected = _Collected(weights, seller, others, action_table(file.scenario))
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


def _of_run(run: Path, file: RunFile, collected: _Collected) -> _Collected:
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


class _Collected:
    """Decisions, conversation by conversation.

    Parameters
    ----------
    weights : mapping of term to weight
    seller : str or None
    others : sequence of Weighing
    table : ActionTable
        What the run's sellers chose from.

    Attributes
    ----------
    sellers : set of str
        Everybody who sold in the log.
    """

    def __init__(
        self,
        weights: Mapping[str, float],
        seller: str | None,
        others: Sequence[Weighing],
        table: ActionTable,
    ) -> None:
        self.table = table
        self._weights, self.seller, self._others = weights, seller, others
        self._episodes: list[_Episode] = []
        self.failed = self.unfinished = 0
        self.adaptive = False
        self.sellers: set[str] = set()

    def add(self, events: Sequence[Event], top: Iterable[CategoryPath]) -> None:
        """Take a conversation, if it came to a usable end.

        Raises
        ------
        LookupError, ValueError, OverflowError
            If its events contradict each other.
        """
        opened = next((one for one in events if isinstance(one, EpisodeOpened)), None)
        if opened is None:
            return
        self.sellers.add(str(opened.seller))
        if self.seller is not None and opened.seller != self.seller:
            return
        if any(isinstance(one, EpisodeFailed | MarketFailed) for one in events):
            self.failed += 1
        elif not isinstance(events[-1], MarketClosed):
            self.unfinished += 1
        else:
            self._fold(opened, events, SellerView(top))

    def _fold(self, opened: EpisodeOpened, events: Sequence[Event], view: SellerView) -> None:
        rewards = Rewards(self._weights)
        cuts = [n for n, one in enumerate(events) if isinstance(one, ProfileInferred)]
        if not cuts:
            return
        before = events[: cuts[0]]
        profiled = next((one for one in before if isinstance(one, BuyerProfiled)), None)
        if profiled is None:
            raise ValueError("the seller acts before there is a buyer")
        rewards.of_step(before)
        view.tell(before)
        rows, totals = [], dict.fromkeys(TERMS, 0.0)
        for begin, end in zip(cuts, [*cuts[1:], len(events)], strict=True):
            step = events[begin:end]
            row = _row(view, step, self._others, self.table)
            terms = rewards.of_step(step)
            row.reward = rewards.total(terms)
            for name, value in terms.items():
                totals[name] += value
            rows.append(row)
            view.tell(step)
        self._episodes.append(_Episode(opened, profiled, rows, totals, features(view)))

    def decisions(self) -> Decisions:
        """Return them as arrays, in the same order however the log was written."""
        held, options = self._ordered(), len(self.table.names)
        rows = [row for one in held for row in one.rows]
        profiles = [one.profiled.profile for one in held]
        clusters = {name: number for number, name in enumerate(dict.fromkeys(profiles))}
        columns = zip(*map(_segments, held), strict=True) if held else ((),) * len(SEGMENTS)
        return Decisions(
            names=self.table.names,
            feature_names=NAMES,
            features=np.array([row.features for row in rows], float).reshape(-1, len(NAMES)),
            mask=np.array([row.mask for row in rows], bool).reshape(-1, options),
            chosen=np.array([row.chosen for row in rows], np.int64),
            propensities=np.array([row.propensities for row in rows], float).reshape(-1, options),
            as_read=np.array([row.as_read for row in rows], bool),
            episode=np.repeat(np.arange(len(held)), [len(one.rows) for one in held]),
            turn=np.array([row.turn for row in rows], np.int64),
            rewards=np.array([row.reward for row in rows], float),
            ids=tuple(str(one.opened.episode) for one in held),
            terms={name: np.array([one.terms[name] for one in held], float) for name in TERMS},
            weights=dict(self._weights),
            cluster=np.array([clusters[name] for name in profiles], np.int64),
            clusters=tuple(clusters),
            seller=np.array([one.opened.seller for one in held], np.str_),
            segments={
                name: np.array(column, np.str_)
                for name, column in zip(SEGMENTS, columns, strict=True)
            },
            failed=self.failed,
            unfinished=self.unfinished,
            adaptive=self.adaptive,
        )

    def _ordered(self) -> list[_Episode]:
        return sorted(self._episodes, key=lambda one: str(one.opened.episode))

    def ends(self) -> list[list[float]]:
        """Return the features at each episode's end."""
        return [one.end for one in self._ordered()]

    def weighed(self) -> Iterator[Floats]:
        """Yield what each of the others would have done, (D, K)."""
        for number in range(len(self._others)):
            rows = [row.others[number] for one in self._ordered() for row in one.rows]
            yield np.array(rows, float).reshape(-1, len(self.table.names))


@dataclass(slots=True)
class _Row:
    """One decision."""

    features: list[float]
    mask: list[int]
    chosen: int
    propensities: list[float]
    as_read: bool
    turn: int
    others: list[Sequence[float]]
    reward: float = 0.0


@dataclass(frozen=True, slots=True)
class _Episode:
    """One conversation."""

    opened: EpisodeOpened
    profiled: BuyerProfiled
    rows: list[_Row]
    terms: dict[str, float]
    end: list[float]


def _segments(held: _Episode) -> tuple[str, ...]:
    buyer = held.profiled
    category = buyer.target_category[0] if buyer.target_category else ""
    return buyer.decision_making_style, buyer.dialogue_openness, category, held.opened.buyer


def _row(
    view: SellerView, step: Sequence[Event], others: Sequence[Weighing], table: ActionTable
) -> _Row:
    """Return a decision from what was known before it and the events from it on."""
    choice = next((one for one in step if isinstance(one, ActionChosen)), None)
    if choice is None:
        raise ValueError("the seller inferred a profile and then chose nothing")
    numbers, options = _numbers(view, choice, table), len(table.names)
    mask, odds = [0] * options, [math.nan] * options
    for number in numbers:
        mask[number] = 1
    chosen = _number(option_chosen(choice).name, table)
    if not mask[chosen]:
        raise ValueError(f"{table.names[chosen]} was chosen, and is not among its options")
    if choice.probabilities is not None:
        odds = [0.0] * options
        for number, share in zip(numbers, _shares(choice), strict=True):
            odds[number] = share
        if odds[chosen] <= 0.0:
            raise ValueError(f"{table.names[chosen]} was chosen with probability 0")
    known = features(view)
    return _Row(
        features=known,
        mask=mask,
        chosen=chosen,
        propensities=odds,
        as_read=_as_read(view, step, choice),
        turn=choice.turn,
        others=[weigh(view, known, mask, table) for weigh in others],
    )


def _numbers(view: SellerView, choice: ActionChosen, table: ActionTable) -> list[int]:
    names = choice.options or [one.name for one in view.legal_options(table)]
    numbers = [_number(name, table) for name in names]
    if len(set(numbers)) < len(numbers):
        raise ValueError(f"an option stands twice among {', '.join(names)}")
    return numbers


def _number(name: str, table: ActionTable) -> int:
    if name not in table.names:
        raise ValueError(f"the run's table has no option {name!r}")
    return table.names.index(name)


def _shares(choice: ActionChosen) -> tuple[float, ...]:
    found = shares(choice.probabilities or ())
    low = min(found, default=-1.0)
    if len(found) != len(choice.options) or low < 0.0 or abs(math.fsum(found) - 1.0) > 1e-6:
        raise ValueError(f"probabilities {list(found)} for {len(choice.options)} options")
    return found


def _as_read(view: SellerView, step: Sequence[Event], choice: ActionChosen) -> bool:
    """Whether a search, if there is one, looked where a policy's seat would have looked."""
    found = next((one for one in step if isinstance(one, CategorySearched)), None)
    rule, nearest = option_chosen(choice).category_rule, view.next_category()[0]
    return found is None or found.asked == searched(rule, nearest, view.category)
