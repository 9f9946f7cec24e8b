"""What a seller chooses from: a table of options, each an act with all that belongs to it.

The table is made from the scenario's table [actions]. Its dimensions multiply: a suggestion comes
by every item rule, a persuasion by every tactic and with every discount step, both with and without
the shipping fee named, a category search by every way to look. An option has a name, and the name
says all that is not as usual, so names and options are one to one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from functools import cached_property, lru_cache
from itertools import product

import msgspec

from retailsim.market.errors import MarketError
from retailsim.market.protocols.csales.events import (
    ACTIONS,
    TACTICS,
    Action,
    ActionChosen,
    CategoryRule,
    Disclosure,
    ItemRule,
    Tactic,
)

MOST_OPTIONS = 200
"""Options of a table: learners that draw from masked distributions fail beyond."""
MOST_PERCENT = 90
"""The largest discount step."""


class BadActions(MarketError):
    """A scenario's table [actions] makes no table of options."""

    def __init__(self, where: str, problem: str) -> None:
        super().__init__(f"{where}: {problem}")


class Option(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """One thing that a seller can choose to do.

    Parameters
    ----------
    action : Action
    tactic : Tactic or None
        Of a persuasion.
    items : ItemRule
        Of a suggestion: which items the market offers for it.
    discount : int
        Of a persuasion: percent off the price of the item selected, from now on.
    disclosure : Disclosure
        Of a suggestion or a persuasion: what the market adds to what the seller says.
    category_rule : CategoryRule
        Of a category search: where to look.
    """

    action: Action
    tactic: Tactic | None = None
    items: ItemRule = "nearest"
    discount: int = 0
    disclosure: Disclosure = "none"
    category_rule: CategoryRule = "nearest"

    @cached_property
    def name(self) -> str:
        """What it is called in the log: the act, then all that is not as usual."""
        parts = [self.tactic] if self.tactic else []
        said = [
            *parts,
            *([self.items] if self.items != "nearest" else []),
            *([self.category_rule] if self.category_rule != "nearest" else []),
            *([f"{self.discount} % off"] if self.discount else []),
            *(["fee named"] if self.disclosure == "fee" else []),
        ]
        return f"{self.action}: {', '.join(said)}" if said else self.action

    @property
    def unusual(self) -> int:
        """In how many dimensions beside act and tactic it is not as usual."""
        return (
            (self.items != "nearest")
            + (self.discount != 0)
            + (self.disclosure != "none")
            + (self.category_rule != "nearest")
        )


def option_chosen(event: ActionChosen) -> Option:
    """Return the option that an event of a log says was chosen; old logs name act and tactic."""
    return Option(
        action=event.action,
        tactic=event.strategy,
        items=event.items or "nearest",
        discount=event.discount or 0,
        disclosure=event.disclosure or "none",
        category_rule=event.category_rule or "nearest",
    )


class ActionTable(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """The options of all sellers of a run.

    Parameters
    ----------
    items : tuple of ItemRule
        How suggestions choose items.
    discounts : tuple of int
        Percent off the item selected that come with a persuasion, 0 among them.
    disclosure : tuple of Disclosure
        What suggestions and persuasions tell beside what the seller says.
    category : tuple of CategoryRule
        Where category searches look.
    among : int
        How many of the nearest items the item rules by price choose among.

    Raises
    ------
    BadActions
        If a dimension is empty or names something twice, a step is out of range or 0 is not among
        them, there are more than `MOST_OPTIONS` options, or nothing to choose items among.
    """

    items: tuple[ItemRule, ...] = ("nearest",)
    discounts: tuple[int, ...] = (0,)
    disclosure: tuple[Disclosure, ...] = ("none",)
    category: tuple[CategoryRule, ...] = ("nearest",)
    among: int = 20

    def __post_init__(self) -> None:
        """Refuse what makes no table."""
        for name in ("items", "discounts", "disclosure", "category"):
            values: tuple[object, ...] = getattr(self, name)
            if not values or len(set(values)) < len(values):
                given = ", ".join(map(str, values)) or "nothing"
                raise BadActions(f"actions.{name}", f"{given}: name one or more, each once")
        bad = [step for step in self.discounts if not 0 <= step <= MOST_PERCENT]
        if bad:
            problem = f"{bad[0]}: a step is from 0 to {MOST_PERCENT} percent"
            raise BadActions("actions.discounts", problem)
        if 0 not in self.discounts:
            problem = "0 is missing; a price is lowered once, and then sellers need another option"
            raise BadActions("actions.discounts", problem)
        if self.among < 1:
            raise BadActions("actions.among", f"{self.among}: has to be 1 or more")
        if len(self.options) > MOST_OPTIONS:
            problem = f"{len(self.options)} options; take out some, {MOST_OPTIONS} are the most"
            raise BadActions("actions", problem)

    @cached_property
    def options(self) -> tuple[Option, ...]:
        """Every option there is, in the order that numbers them."""
        return tuple(option for action in ACTIONS for option in self._of(action))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """What they are called, in their order."""
        return tuple(option.name for option in self.options)

    @cached_property
    def _by_name(self) -> dict[str, Option]:
        return dict(zip(self.names, self.options, strict=True))

    def named(self, name: str) -> Option:
        """Return the option of a name; raises KeyError if there is none."""
        return self._by_name[name]

    def legal(self, actions: Collection[Action], *, discounts: bool) -> tuple[Option, ...]:
        """Return what some actions leave, in the table's order.

        Parameters
        ----------
        actions : collection of Action
        discounts : bool
            Whether there is a price to be lowered, which was not lowered yet.
        """
        return tuple(
            option
            for option in self.options
            if option.action in actions and (discounts or not option.discount)
        )

    def mask(self, legal: Iterable[Option]) -> list[int]:
        """Return 1 for each option of the table that is among the legal ones, 0 for the others."""
        among = set(legal)
        return [int(option in among) for option in self.options]

    def _of(self, action: Action) -> list[Option]:
        match action:
            case "Category Search":
                return [Option(action=action, category_rule=rule) for rule in self.category]
            case "Suggestion":
                pairs = product(self.items, self.disclosure)
                return [Option(action=action, items=rule, disclosure=told) for rule, told in pairs]
            case "Persuasion":
                return [
                    Option(action=action, tactic=tactic, discount=step, disclosure=told)
                    for tactic, step, told in product(TACTICS, self.discounts, self.disclosure)
                ]
            case _:
                return [Option(action=action)]


@lru_cache(maxsize=512)
def plain(options: Sequence[Option]) -> tuple[bool, ...]:
    """Return for each option whether it is the plainest one of its act and tactic.

    The plainest has most dimensions as usual (nearest, no discount, nothing disclosed); of equal
    ones it is the first. This is what a seller takes that chooses act and tactic alone.

    Parameters
    ----------
    options : tuple of Option
    """
    best: dict[tuple[Action, Tactic | None], Option] = {}
    for option in options:
        found = best.setdefault((option.action, option.tactic), option)
        if option.unusual < found.unusual:
            best[option.action, option.tactic] = option
    return tuple(best[option.action, option.tactic] is option for option in options)


DEFAULT_TABLE = ActionTable()
"""The options of a scenario that says nothing of them: act and tactic alone."""
