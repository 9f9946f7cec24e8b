"""`catalog`: what of a catalogue can be sold, and how it was read, on the terminal or as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap
from typing import TYPE_CHECKING

from retailsim.market.catalogue.language import told
from retailsim.market.catalogue.report import CatalogueReport, Skipped, catalogue_report
from retailsim.market.core.money import dollars, in_currency
from retailsim.sim.budget.estimate import counted
from retailsim.sim.run.launch import asked_scenario
from retailsim.sim.run.launch_options import Options
from retailsim.sim.run.stock import categories_of, opened, options_of
from retailsim.sim.terminal.terminal import Terminal

if TYPE_CHECKING:
    from rich.table import Table

_WIDTH = 80
_UNMAPPED = 10
_SHEET_LINES = 25


def show_catalogue(options: Options, terminal: Terminal) -> int:
    """Read the catalogue of a scenario and show what is in it; returns the exit status.

    It is 1 where no row is a product.

    Raises
    ------
    CatalogueError, SimError
        If it is no catalogue, or the scenario makes no sense.
    """
    scenario, folder = asked_scenario(options)
    table = scenario.products
    file = opened(table, folder)
    found = catalogue_report(file, categories_of(table, folder), options_of(table))
    if terminal.json:
        terminal.out_json(found)
    else:
        terminal.out("\n".join(_head(found)))
        if found.categories:
            terminal.show(_table(found))
        else:
            terminal.out("")
        with in_currency(found.currency):
            terminal.out("\n".join(_rest(found)))
    return 0 if found.kept else 1


def _head(found: CatalogueReport) -> Iterator[str]:
    named = "" if found.currency_named else ", as the file names none (products.currency)"
    yield from _folded(f"{found.file}: {found.format}; {found.shape}")
    yield from _folded(f"Amounts in {found.currency}{named}")
    for words in found.amounts:
        yield from _folded(f"  {words}", "    ")
    yield ""
    yield "Columns"
    for field, column in found.columns.items():
        yield f"  {field:<15} {column}"[:_WIDTH]
    if found.unused:
        shown = ", ".join(found.unused[:20])
        more = f" and {len(found.unused) - 20} more" if len(found.unused) > 20 else ""
        yield from _folded(f"  not read: {shown}{more}", "    ")
    yield ""
    yield f"{counted(found.kept, 'product')} of {counted(found.rows, 'row')}"


def _table(found: CatalogueReport) -> Table:
    from rich.box import SIMPLE
    from rich.table import Table as RichTable

    # Narrow enough for 80 columns when all amounts are below a million.
    shown = RichTable(box=SIMPLE, pad_edge=False, collapse_padding=True)
    shown.add_column("Category", vertical="bottom")
    for name in ("Products", "Least", "Median", "Most", "With\ncost", "Median\ncost"):
        shown.add_column(name, justify="right")
    for one in found.categories:
        prices = (one.least_cents, one.median_cents, one.most_cents)
        cost = "" if one.median_cost_cents is None else _amount(one.median_cost_cents)
        shown.add_row(
            one.category,
            f"{one.products:,}",
            *map(_amount, prices),
            f"{one.with_cost:,}",
            cost,
        )
    return shown


def _amount(cents: int) -> str:
    return f"{cents / 100:,.2f}"


def _rest(found: CatalogueReport) -> Iterator[str]:
    yield from _skipped(found)
    yield from _unmapped(found)
    yield from _costs(found)
    language = told(found.language)
    if language is not None:
        yield from _folded(language[0].upper() + language[1:] + ".")
        yield ""
    if found.example is not None:
        yield "A product, as its seller sees it"
        yield from _sheet(found)


def _skipped(found: CatalogueReport) -> Iterator[str]:
    for title, reasons in (("Skipped", found.skipped), ("Kept in part", found.lost)):
        if reasons:
            yield title
            for one in reasons:
                yield f"  {one.rows:,} {one.words}"
                yield from _examples(found, one)
            yield ""


def _examples(found: CatalogueReport, one: Skipped) -> Iterator[str]:
    if one.reason == "broken_line":
        for number, cause in found.broken:
            yield f"    {found.numbered} {number}: {cause}"[:_WIDTH]
    for example in one.examples:
        value = f": {example.value}" if example.value else ""
        yield f"    {found.numbered} {example.number}: {example.name}{value}"[:_WIDTH]


def _unmapped(found: CatalogueReport) -> Iterator[str]:
    if not found.unmapped:
        return
    yield "Categories that are in no group; to sell them, add to the scenario"
    yield "  [products.categories]"
    names = list(found.unmapped.items())
    for name, count in names[:_UNMAPPED]:
        line = f'  "{name}" = "Home"'
        yield f"{line:<50} # {count:,} row{'s' * (count > 1)}"
    if len(names) > _UNMAPPED:
        yield f"  and {len(names) - _UNMAPPED} more"
    yield 'or products.other = "Home" for all of them (Food, Fashion, Home or Electronics).'
    yield ""


def _costs(found: CatalogueReport) -> Iterator[str]:
    with_cost = sum(one.with_cost for one in found.categories)
    below = sum(one.below_cost for one in found.categories)
    if with_cost and with_cost < found.kept:
        yield f"{with_cost:,} of {found.kept:,} products have a unit cost; profit is over those."
        for one in found.without_cost:
            yield f"    {found.numbered} {one.number}: {one.name}: no cost"[:_WIDTH]
        yield ""
    if found.kept and not with_cost:
        yield "No product has a unit cost, so there will be no profit."
        yield ""
    if below:
        costs = "costs more than its price" if below == 1 else "cost more than their price"
        yield f"{counted(below, 'product')} {costs}."
        yield ""


def _sheet(found: CatalogueReport) -> Iterator[str]:
    product = found.example
    assert product is not None
    facts = {
        "id": product.id,
        "title": product.title,
        "price": dollars(product.price_cents),
        "category": " > ".join(product.path) or product.category,
        "group": product.category,
        "audience": product.audience or "",
        "brand": product.brand or "",
        **product.details,
        "rating": "" if product.average_rating is None else f"{product.average_rating:g}",
    }
    lines = [f"  {name:<10} {value}" for name, value in facts.items() if value]
    lines += [f"  - {feature}" for feature in product.features]
    lines += [f"  {line}" for line in product.description.splitlines()]
    folded = [part for line in lines for part in _folded(line, "    ")]
    yield from folded[:_SHEET_LINES]
    if len(folded) > _SHEET_LINES:
        yield "  ..."


def _folded(line: str, indent: str = "  ") -> list[str]:
    """Fold a line at 80 columns."""
    return wrap(line, _WIDTH, subsequent_indent=indent, break_on_hyphens=False) or [""]
