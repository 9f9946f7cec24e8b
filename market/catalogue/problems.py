"""What was wrong with a catalogue's rows: counted by reason, with a few examples to look up."""

from __future__ import annotations

from collections import Counter
from typing import Literal, NamedTuple

Reason = Literal[
    "no_price",
    "absurd_price",
    "no_title",
    "no_id",
    "other_currency",
    "unpublished",
    "unmapped_category",
    "unsold_category",
    "duplicate_id",
    "broken_line",
]
Note = Literal["unusable_unit_cost", "unreadable_details", "unknown_audience"]

REASONS: dict[Reason, str] = {
    "no_price": "without a usable price",
    "absurd_price": "with a price of zero or less, or of a million or more",
    "no_title": "without a title",
    "no_id": "without an id",
    "other_currency": "with a price in another currency",
    "unpublished": "not published",
    "unmapped_category": "in a category the mapping does not name",
    "unsold_category": "in a category the mapping leaves out",
    "duplicate_id": "with the id of another product",
    "broken_line": "broken",
}
NOTES: dict[Note, str] = {
    "unusable_unit_cost": "kept without their unusable unit cost",
    "unreadable_details": "kept without their unreadable details",
    "unknown_audience": "kept without their unknown audience",
}
_NAMES = 100
_SHOWN = 5
_EXAMPLES = 3
NO_CATEGORY = "(no category)"
OTHERS = "(other names)"


class BrokenLine(NamedTuple):
    """One line that is no row: its number in the file, from 1, and what is wrong with it."""

    line: int
    cause: str


class Example(NamedTuple):
    """One row to look up: its number in the file, its id or title, and the value at fault."""

    number: int
    name: str
    value: str


class Problems:
    """Counts what reading a catalogue met; memory is bounded whatever the file holds.

    Parameters
    ----------
    examples : int
        How many broken lines are kept as examples; all of them are counted.

    Attributes
    ----------
    rows : int
        Rows seen, broken lines included; blank lines are no rows.
    kept : int
        Rows that became products.
    reasons : Counter of str
        Rows skipped, by reason.
    notes : Counter of str
        Products kept although one of their fields could not be used, by what was left out.
    unmapped : Counter of str
        Rows by the name of a category that the mapping lacks; at most 100 names, the rest
        under ``"(other names)"``.
    broken : list of BrokenLine
        The first broken lines.
    examples_of : dict of str to list of Example
        The first rows skipped, or kept without a field, by reason.
    costed : int
        Products with a unit cost.
    without_cost : list of Example
        The first products that say none.
    warnings : list of str
        Whole sentences for people, such as a category with fewer products than asked.
    """

    def __init__(self, *, examples: int = 20) -> None:
        self.examples = examples
        self.rows = 0
        self.kept = 0
        self.reasons: Counter[Reason] = Counter()
        self.notes: Counter[Note] = Counter()
        self.unmapped: Counter[str] = Counter()
        self.broken: list[BrokenLine] = []
        self.warnings: list[str] = []
        self.examples_of: dict[Reason | Note, list[Example]] = {}
        self.costed = 0
        self.without_cost: list[Example] = []

    @property
    def skipped(self) -> int:
        """Rows that became no product."""
        return self.reasons.total()

    def skip(self, reason: Reason, example: Example | None = None) -> None:
        """Count a row that became no product, and keep it as an example while there is room."""
        self.reasons[reason] += 1
        self._keep(reason, example)

    def _keep(self, reason: Reason | Note, example: Example | None) -> None:
        kept = self.examples_of.setdefault(reason, [])
        if example is not None and len(kept) < _EXAMPLES:
            kept.append(example)

    def costless(self, example: Example) -> None:
        """Keep a product that says no unit cost as an example while there is room."""
        if len(self.without_cost) < _EXAMPLES:
            self.without_cost.append(example)

    def skip_duplicate(self) -> None:
        """Count a product that gave way to another one of the same id."""
        self.kept -= 1
        self.skip("duplicate_id")

    def note(self, note: Note, example: Example | None = None) -> None:
        """Count a product kept without one of its fields."""
        self.notes[note] += 1
        self._keep(note, example)

    def warn(self, sentence: str) -> None:
        """Keep a sentence for people."""
        self.warnings.append(sentence)

    def unnamed(self, name: str) -> None:
        """Remember the name of a category that the mapping lacks."""
        known = name in self.unmapped or len(self.unmapped) < _NAMES
        self.unmapped[name if known else OTHERS] += 1

    def skip_line(self, line: int, cause: str) -> None:
        """Count a line that is no row, and keep it as an example while there is room."""
        self.rows += 1
        self.skip("broken_line")
        if len(self.broken) < self.examples:
            self.broken.append(BrokenLine(line, cause))

    def summary(self) -> str:
        """Say in one line what was skipped and why."""
        parts = [f"skipped {self.skipped} of {self.rows}" + self._why()] if self.skipped else []
        parts += [f"{self.notes[n]} {words}" for n, words in NOTES.items() if n in self.notes]
        parts += [f"line {line}: {cause}" for line, cause in self.broken[:_SHOWN]]
        return "; ".join(parts) or f"read {self.rows}, skipped none"

    def _why(self) -> str:
        told = [f"{self.reasons[r]} {words}" for r, words in REASONS.items() if r in self.reasons]
        if self.unmapped:
            names = [f"{name} {count}" for name, count in self.unmapped.most_common(_SHOWN)]
            rest = len(self.unmapped) - len(names)
            told.append(
                "unnamed categories: " + ", ".join(names) + (f" and {rest} more" if rest else "")
            )
        return ": " + ", ".join(told)
