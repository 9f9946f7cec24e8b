"""What reading a whole catalogue found: counts, prices and costs by group, and what was skipped."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from collections.abc import Set as AbstractSet

import msgspec

from retailsim.market.catalogue.catalogue_file import CatalogueFile
from retailsim.market.catalogue.category_map import CategoryMap
from retailsim.market.catalogue.language import LanguageCount
from retailsim.market.catalogue.options import CatalogueOptions
from retailsim.market.catalogue.problems import NOTES, REASONS, Example, Problems
from retailsim.market.catalogue.product import CATEGORIES, Category, Product
from retailsim.market.catalogue.product_files import products_of, settle


class GroupCounts(msgspec.Struct, kw_only=True):
    """Products of one group.

    Parameters
    ----------
    products, with_cost : int
    least_cents, median_cents, most_cents : int
        List prices.
    median_cost_cents : int or None
        Of the products that have a unit cost; None without any.
    below_cost : int
        Products whose price is below their unit cost.
    """

    category: Category
    products: int
    least_cents: int
    median_cents: int
    most_cents: int
    with_cost: int
    median_cost_cents: int | None
    below_cost: int


class Skipped(msgspec.Struct, kw_only=True):
    """Rows that became no product, or products that lost a field, for one reason."""

    reason: str
    words: str
    rows: int
    examples: tuple[Example, ...]


class CatalogueReport(msgspec.Struct, kw_only=True):
    """What a catalogue holds, as `catalog --json` gives it.

    Parameters
    ----------
    format, shape, currency, currency_named, columns
        As in `CatalogueFile`; `columns` by what they mean.
    unused : tuple of str
        Columns that mean nothing here.
    amounts : tuple of str
        How amounts are written, column by column.
    rows, kept : int
        Rows read, and those that became products.
    categories : tuple of GroupCounts
        Groups with products.
    skipped, lost : tuple of Skipped
        Rows that became no product, and products kept without a field.
    broken : tuple of (int, str)
        The first rows that could not be read as such, with what is wrong.
    unmapped : dict of str to int
        Categories that no group is known for, with their rows.
    without_cost : tuple of Example
        The first products without a unit cost.
    numbered : str
        What the numbers of rows count: line, row or item.
    example : Product or None
        The product that says most of itself.
    language : str
        The language of the texts, as far as little words tell; "unknown" where they do not.
    """

    file: str
    format: str
    shape: str
    currency: str
    currency_named: bool
    columns: dict[str, str]
    unused: tuple[str, ...]
    amounts: tuple[str, ...]
    numbered: str
    rows: int
    kept: int
    categories: tuple[GroupCounts, ...]
    skipped: tuple[Skipped, ...]
    lost: tuple[Skipped, ...]
    broken: tuple[tuple[int, str], ...]
    unmapped: dict[str, int]
    without_cost: tuple[Example, ...]
    example: Product | None
    language: str


class _Group:
    """Prices and costs of one group, counted one by one."""

    def __init__(self) -> None:
        self.prices: list[int] = []
        self.costs: list[int] = []
        self.below = 0

    def add(self, product: Product) -> None:
        """Count a product."""
        self.prices.append(product.price_cents)
        if product.unit_cost_cents is not None:
            self.costs.append(product.unit_cost_cents)
            self.below += product.price_cents < product.unit_cost_cents


class _Counts:
    """What is counted of products one by one."""

    def __init__(self) -> None:
        self.groups = {name: _Group() for name in CATEGORIES}
        self.words = LanguageCount()
        self.example: Product | None = None

    def add(self, product: Product) -> None:
        """Count a product."""
        self.groups[product.category].add(product)
        self.words.see(product)
        if self.example is None or _tells(product) > _tells(self.example):
            self.example = product


def _single(
    file: CatalogueFile,
    categories: CategoryMap,
    problems: Problems,
    options: CatalogueOptions,
    repeated: AbstractSet[str],
) -> Iterator[Product]:
    """Yield one product of each id; those of ids that are repeated are held until all are read."""
    held = []
    for product in products_of(file, categories=categories, problems=problems, options=options):
        if product.id in repeated:
            held.append(product)
        else:
            yield product
    yield from settle(held, problems)


def catalogue_report(
    file: CatalogueFile, categories: CategoryMap, options: CatalogueOptions
) -> CatalogueReport:
    """Read a whole catalogue and count what is in it.

    Raises
    ------
    CatalogueError
        If it turns out to be damaged.
    """
    counts, problems = _Counts(), Problems()
    seen, repeated = set[str](), set[str]()
    for product in products_of(file, categories=categories, problems=problems, options=options):
        (repeated if product.id in seen else seen).add(product.id)
        counts.add(product)
    if repeated:
        counts, problems = _Counts(), Problems()
        for product in _single(file, categories, problems, options, repeated):
            counts.add(product)
    groups, words, example = counts.groups, counts.words, counts.example
    return CatalogueReport(
        file=str(file.path),
        format=file.format,
        shape=file.shape,
        currency=file.money.currency,
        currency_named=file.money.named,
        columns=dict(file.fields),
        unused=tuple(column for column in file.columns if column not in file.used),
        amounts=file.money.said,
        numbered=file.numbered,
        rows=problems.rows,
        kept=problems.kept,
        categories=tuple(_counts(name, one) for name, one in groups.items() if one.prices),
        skipped=tuple(
            _skipped(name, REASONS[name], count, problems)
            for name, count in problems.reasons.most_common()
        ),
        lost=tuple(
            _skipped(name, NOTES[name], count, problems)
            for name, count in problems.notes.most_common()
        ),
        broken=tuple(problems.broken[:3]),
        unmapped=dict(problems.unmapped.most_common()),
        without_cost=tuple(problems.without_cost),
        example=example,
        language=words.language,
    )


def _tells(product: Product) -> int:
    """Rate how much of a product's sheet is filled in, to show a telling one."""
    return sum(bool(value) for value in msgspec.structs.asdict(product).values())


def _counts(category: Category, group: _Group) -> GroupCounts:
    costs = group.costs
    return GroupCounts(
        category=category,
        products=len(group.prices),
        least_cents=min(group.prices),
        median_cents=round(statistics.median(group.prices)),
        most_cents=max(group.prices),
        with_cost=len(costs),
        median_cost_cents=round(statistics.median(costs)) if costs else None,
        below_cost=group.below,
    )


def _skipped(reason: str, words: str, rows: int, problems: Problems) -> Skipped:
    found = {str(name): examples for name, examples in problems.examples_of.items()}
    return Skipped(reason=reason, words=words, rows=rows, examples=tuple(found.get(reason, ())))
