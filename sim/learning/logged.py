"""The decisions of finished runs, with the features that a policy in its seat would have had.

Nothing of a run is executed: its log, its products and ``run.toml`` are read as data.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Union

import msgspec
import numpy as np

from retailsim.analysis.policy.decisions import Decisions, Floats, joined
from retailsim.analysis.projection.errors import LogUnreadable
from retailsim.analysis.projection.log_lines import checked, line_chunks
from retailsim.events.messages import Event, MarketClosed, MarketFailed
from retailsim.market.catalogue.product import Product
from retailsim.market.core.event_tags import tag_of
from retailsim.sim.environments.episodes import adaptive_sellers
from retailsim.sim.folder.run_folder import RunFile, RunFolder
from retailsim.sim.learning.decision_rows import Rows
from retailsim.sim.learning.errors import BadLog, LogTwice, NoDecisions, UnknownSeller


class Logged(msgspec.Struct, frozen=True, kw_only=True):
    """Decisions, and what others would have done instead.

    Parameters
    ----------
    decisions : Decisions
    others : tuple of (D, K) arrays
        The probabilities of each policy that was asked for.
    ends : (E, F)
        The features when an episode was over.
    """

    decisions: Decisions
    ends: Floats
    others: tuple[Floats, ...] = ()


class LogReader(ABC):
    """Reads the decisions of one protocol's runs.

    Attributes
    ----------
    protocol : str
    kinds : tuple of Event types
        What is looked at.
    """

    protocol: ClassVar[str]
    kinds: ClassVar[tuple[type[Event], ...]]

    @abstractmethod
    def rows(
        self,
        file: RunFile,
        products: Sequence[Product],
        weights: Mapping[str, float] | None,
        seller: str | None,
        others: Sequence[Any],
    ) -> Rows:
        """Return what takes the markets of a run."""

    def read(
        self,
        runs: Sequence[Path],
        *,
        reward: Mapping[str, float] | None = None,
        seller: str | None = None,
        others: Sequence[Any] = (),
    ) -> Logged:
        """Return the decisions of the finished episodes of some runs.

        Parameters
        ----------
        runs : sequence of Path
            Folders of runs, whoever made them; at least one.
        reward : mapping of term to weight, optional
            What the decisions are paid in; by default the revenue in dollars.
        seller : str, optional
            Only this seller's episodes.
        others : sequence of Weighing
            Policies to ask at every decision, too.

        Raises
        ------
        NotARunFolder, RunChanged, LogDamaged, LogUnreadable
            If a folder holds no whole run.
        BadLog, NoDecisions, LogTwice, UnknownSeller
            If there is nothing in it to go by, and why.
        """
        seen: dict[str, Path] = {}
        parts: list[Rows] = []
        for run in runs:
            file = RunFolder(run).read()
            if file.run.id in seen:
                raise LogTwice(run, seen[file.run.id])
            seen[file.run.id] = run
            collected = self.rows(file, self._products(run, file), reward, seller, others)
            if parts and collected.names != parts[0].names:
                raise BadLog(run, f"its sellers chose among other options than those of {runs[0]}")
            parts.append(self._of_run(run, file, collected))
        decisions = joined([part.decisions() for part in parts])
        if not decisions.ids:
            sellers = sorted(set().union(*(part.sellers for part in parts)))
            if seller is not None and seller not in sellers:
                raise UnknownSeller(seller, sellers)
            if any(part.silent for part in parts):
                raise BadLog(runs[0], SILENT)
            raise NoDecisions(runs, decisions.failed, decisions.unfinished)
        weighed = zip(*(part.weighed() for part in parts), strict=True)
        ends = np.array([end for part in parts for end in part.ends()])
        return Logged(decisions=decisions, ends=ends, others=tuple(map(np.concatenate, weighed)))

    def _of_run(self, run: Path, file: RunFile, collected: Rows) -> Rows:
        for market, events in self._markets(run):
            try:
                collected.add(events)
            except (LookupError, ValueError, OverflowError) as error:
                raise BadLog(run, f"market {market}: {' '.join(str(error).split())}") from None
        learning, seller = adaptive_sellers(file.scenario), collected.seller
        collected.adaptive |= bool(learning) if seller is None else seller in learning
        return collected

    def _products(self, run: Path, file: RunFile) -> Sequence[Product]:
        """Return a run's products, once it is known to be one that can be read here."""
        design = file.scenario.design
        if design.protocol != self.protocol:
            problem = f"its protocol is {design.protocol}; policies are judged in {self.protocol}"
            raise BadLog(run, problem)
        if not design.transcripts:
            problem = "its log leaves out what was said (design.transcripts = false), and the state"
            raise BadLog(run, f"{problem} that a policy decides by is read off that")
        folder = RunFolder(run)
        folder.check_inputs(file)
        try:
            return folder.products()
        except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
            raise BadLog(run, f"inputs/products.jsonl: {error}") from None

    def _markets(self, run: Path) -> Iterator[tuple[str, list[Event]]]:
        """Yield each market with its events, once it is over; those that are not at the end."""
        decode: Any = msgspec.json.Decoder(Union[self.kinds]).decode  # noqa: UP007 - made at run time
        tags = frozenset(map(tag_of, self.kinds))
        under_way: dict[str, list[Event]] = {}
        for segment, lines in line_chunks(checked(run)):
            for head, line in lines:
                if head.type not in tags or head.market is None:
                    continue
                try:
                    event = decode(line)
                except (msgspec.DecodeError, UnicodeDecodeError) as error:
                    raise LogUnreadable(segment, str(error)) from None
                under_way.setdefault(head.market, []).append(event)
                if isinstance(event, MarketClosed | MarketFailed):
                    yield head.market, under_way.pop(head.market)
        yield from under_way.items()


SILENT = (
    "its sellers do not say what they chose from; only those that go by a policy do (--sellers "
    "policy:FILE, with options.explore for an estimate), and environments"
)
"""What is wrong with a log of episodes without choices."""
