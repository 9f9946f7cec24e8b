"""Holding rules against the log of a run, market by market."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Union

import msgspec
import polars as pl

from retailsim.analysis.projection.errors import LogUnreadable
from retailsim.analysis.projection.log_lines import checked, line_chunks
from retailsim.analysis.projection.registered import design_of, protocol_name
from retailsim.analysis.rules.errors import NoConduct, NoTexts
from retailsim.events.messages import EpisodeOpened, Event
from retailsim.market.catalogue.product import Product
from retailsim.market.core.event_tags import tag_of
from retailsim.market.errors import MarketError
from retailsim.market.protocols.logged_events import logged_events
from retailsim.market.protocols.registry import rules_of, safe_protocol
from retailsim.market.rules.conduct import Conduct, OpenConduct, Products
from retailsim.market.rules.judging import broken
from retailsim.market.rules.rule import RuleSet
from retailsim.market.rules.rule_file import built_in, parsed

_TEXT = pl.String()
BROKEN = {
    "rule": _TEXT,
    "level": _TEXT,
    "seller": _TEXT,
    "market": _TEXT,
    "episode": _TEXT,
    "turn": pl.Int64(),
    "by": _TEXT,
}
EPISODES = {"episode": _TEXT, "market": _TEXT, "seller": _TEXT, "cluster": _TEXT}
RULES_FILE = "rules.toml"
"""What a run's own rules are called among its inputs."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found in a log.

    Parameters
    ----------
    rules : RuleSet
        Those that were held against it.
    broken : polars.DataFrame
        A row each time one was broken, with the columns of `BROKEN`; `by` is a sentence, the name
        of an option, or an order, and `episode` is null where all of a market's were concerned.
    episodes : polars.DataFrame
        A row for each episode, with the columns of `EPISODES`; `cluster` is what episodes share,
        the buyer's profile or the product.
    """

    rules: RuleSet
    broken: pl.DataFrame
    episodes: pl.DataFrame


def rules_of_run(run: Path) -> RuleSet:
    """Return the rules that a run was made with, or the built-in ones; raises `BadRules`."""
    path = run / "inputs" / RULES_FILE
    if not path.is_file():
        return built_in()
    return parsed(path.read_text(encoding="utf-8"), path, RuleSet())


def check_run(run: Path, rules: RuleSet | None = None) -> Checked:
    """Hold rules against a run's log, finished or not.

    Parameters
    ----------
    run : Path
    rules : RuleSet or None
        None: those of `rules_of_run`.

    Raises
    ------
    NotARun, LogDamaged, LogUnreadable
        As `analysis.projection.log_lines` says.
    NoConduct, NoTexts
        If its protocol knows no rules, or its log leaves out what was said.
    """
    held = rules_of_run(run) if rules is None else rules
    if not _has_texts(run):
        raise NoTexts(run)
    name = protocol_name(run)
    try:
        protocol = safe_protocol(name)
        conduct: OpenConduct | None = rules_of(protocol).conduct
    except MarketError as error:
        raise NoConduct(run, str(error)) from None
    if conduct is None:
        raise NoConduct(run, f"the protocol {name} does not say what its sellers do")
    checking = _Checking(held, conduct, _products(run))
    for event in _events(run, logged_events(protocol)):
        checking.tell(event)
    return Checked(
        held,
        pl.DataFrame(checking.broken, BROKEN, orient="row"),
        pl.DataFrame(checking.episodes, EPISODES, orient="row"),
    )


class _Checking:
    """Events of many markets, each to its own conduct."""

    def __init__(self, rules: RuleSet, open_conduct: OpenConduct, products: Products) -> None:
        self._rules, self._open, self._products = rules, open_conduct, products
        self._markets: dict[str, Conduct] = {}
        self._sellers: dict[str, str] = {}
        self.broken: list[tuple[Any, ...]] = []
        self.episodes: list[tuple[Any, ...]] = []

    def tell(self, event: Event) -> None:
        """Take in an event."""
        market = event.market
        if not market:
            return
        if isinstance(event, EpisodeOpened):
            self._sellers.setdefault(market, event.seller or "")
            self.episodes.append((event.episode, market, event.seller, market.split("/")[0]))
        conduct = self._markets.get(market)
        if conduct is None:
            conduct = self._markets[market] = self._open(self._rules, self._products)
        for act in conduct.tell(event):
            for rule, by in broken(self._rules, act):
                seller = self._sellers.get(market, "")
                row = (rule.id, rule.level, seller, market, act.episode, act.turn, by)
                self.broken.append(row)


def _products(run: Path) -> dict[str, Product]:
    path = run / "inputs" / "products.jsonl"
    if not path.is_file():
        return {}
    decode = msgspec.json.Decoder(Product).decode
    with path.open("rb") as lines:
        return {product.id: product for product in map(decode, lines)}


def _has_texts(run: Path) -> bool:
    return design_of(run, "transcripts") is not False


def _events(run: Path, kinds: tuple[type[Event], ...]) -> Iterator[Event]:
    decode = msgspec.json.Decoder(Union[kinds]).decode  # noqa: UP007 - made at run time
    tags = {tag_of(kind) for kind in kinds}
    for segment, lines in line_chunks(checked(run)):
        for head, line in lines:
            if head.type not in tags:
                continue
            try:
                yield decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise LogUnreadable(segment, str(error)) from None
