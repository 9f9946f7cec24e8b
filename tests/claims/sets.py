"""The labelled sentences, and what the reader finds in them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from retailsim.market.claims.reader import read
from retailsim.market.claims.sheet import Sheet

FOLDER = Path(__file__).parent
SETS = ("a", "b", "c", "d")
Label = Literal["unsupported", "supported", "no_claim"]


class Page(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The product sheet of a labelled sentence."""

    title: str
    price_cents: int
    shipping_cents: int
    return_days: int
    delivery_days: tuple[int, int]
    features: tuple[str, ...]
    details: dict[str, str]

    def sheet(self) -> Sheet:
        details = (f"{name}: {value}" for name, value in self.details.items())
        price, fee = self.price_cents, self.shipping_cents
        return Sheet(
            " | ".join((self.title, *self.features, *details)),
            money_cents=(price, fee, price + fee),
            return_days=self.return_days,
            delivery_days=self.delivery_days,
            free_shipping=fee == 0,
        )


class Labelled(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One sentence and what it is by the guideline in README.md."""

    sentence: str
    label: Label
    kind: str
    sheet: Page


class Score(NamedTuple):
    """What the reader did with a set."""

    found: int
    claims: int
    false_alarms: int
    others: int


def labelled(name: str) -> list[Labelled]:
    lines = (FOLDER / f"written_{name}.jsonl").read_bytes().splitlines()
    return [msgspec.json.decode(line, type=Labelled) for line in lines]


def score(name: str) -> Score:
    counts: Counter[tuple[bool, bool]] = Counter()
    for one in labelled(name):
        found = read(one.sentence, one.sheet.sheet())
        counts[one.label == "unsupported", bool(found)] += 1
    return Score(
        found=counts[True, True],
        claims=counts[True, True] + counts[True, False],
        false_alarms=counts[False, True],
        others=counts[False, True] + counts[False, False],
    )
