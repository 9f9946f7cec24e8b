"""The products of a scenario: its catalogue read and sampled, with what was made of it said."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from retailsim.events.streams import Seed
from retailsim.market.catalogue.catalogue_file import CatalogueFile, open_catalogue
from retailsim.market.catalogue.category_map import (
    CategoryMap,
    builtin_categories,
    mapping_of,
    read_categories,
)
from retailsim.market.catalogue.language import LanguageCount, told
from retailsim.market.catalogue.options import CatalogueOptions
from retailsim.market.catalogue.problems import Problems
from retailsim.market.catalogue.product import Product
from retailsim.market.catalogue.product_files import (
    builtin_catalogue,
    builtin_products,
    products_of,
    sample,
)
from retailsim.market.catalogue.typical_prices import TypicalPrices
from retailsim.market.errors import EmptyCatalogue, EmptyHalf
from retailsim.sim.scenario.halves import half_of
from retailsim.sim.scenario.products_table import ProductsTable
from retailsim.sim.scenario.protocol import run_of, scenario_protocol
from retailsim.sim.scenario.scenario import Scenario
from retailsim.sim.terminal.audience import Audience

BUILTIN = "builtin"


def options_of(table: ProductsTable) -> CatalogueOptions:
    """Return what a scenario says of how its catalogue is to be read."""
    return CatalogueOptions(
        columns=table.columns,
        encoding=table.encoding,
        delimiter=table.delimiter,
        decimal=table.decimal,
        currency=table.currency,
        variant=table.variant,
        other=table.other,
    )


def categories_of(table: ProductsTable, folder: Path) -> CategoryMap:
    """Return the mapping of categories that a scenario names, or holds itself.

    Raises
    ------
    BadCategories
        If it cannot be used.
    """
    if isinstance(table.categories, str):
        return read_categories(folder / table.categories)
    own = mapping_of(Path("products.categories"), table.categories or {})
    return builtin_categories().merged(own) if table.categories else builtin_categories()


def opened(table: ProductsTable, folder: Path) -> CatalogueFile:
    """Open a scenario's catalogue.

    Raises
    ------
    CatalogueError
        If it cannot be read, or is none.
    """
    path = builtin_catalogue() if table.catalog == BUILTIN else folder / table.catalog
    return open_catalogue(path, options_of(table))


def chosen_products(
    scenario: Scenario,
    folder: Path,
    audience: Audience,
    prices: TypicalPrices | None = None,
    file: CatalogueFile | None = None,
) -> list[Product]:
    """Read the scenario's catalogue and sample it.

    Parameters
    ----------
    prices : TypicalPrices or None
        Counts the prices of the whole catalogue.
    file : CatalogueFile or None
        The catalogue, where it is open already.

    Raises
    ------
    CatalogueError
        If it cannot be read or holds no usable product.
    """
    table, seed = scenario.products, Seed(scenario.run.seed)
    categories = categories_of(table, folder)
    file = file or opened(table, folder)
    problems = Problems()
    whole = run_of(scenario_protocol(scenario, folder)).whole_catalogue
    options = options_of(table)
    if table.catalog == BUILTIN and not table.categories and options == CatalogueOptions():
        read = builtin_products(problems)
    else:
        read = products_of(file, categories=categories, problems=problems, options=options)
    rows = (prices or TypicalPrices()).watch(read)
    found = sample(
        (row for row in rows if table.half in (None, half_of(row.id))),
        per_category=None if whole else table.per_category,
        ids=table.ids,
        key=lambda product: seed.digest("product", product),
        problems=problems,
    )
    if not found and problems.kept and table.half is not None:
        raise EmptyHalf(file.path, table.half)
    if not found:
        raise EmptyCatalogue(file.path, problems.summary())
    if whole and table.per_category != ProductsTable().per_category:
        name = scenario.design.protocol
        audience.say(f"warning: products.per_category has no effect: {name} sells all products")
    elif table.ids is not None and table.per_category != ProductsTable().per_category:
        audience.say("warning: products.per_category has no effect with products.ids")
    for line in _told(file, problems):
        audience.say(line)
    if table.catalog != BUILTIN:
        _warn_of_language(found, audience)
    return found


def _warn_of_language(products: Sequence[Product], audience: Audience) -> None:
    """Say that a catalogue's texts are not in the language of the agents."""
    words = LanguageCount()
    for product in products:
        words.see(product)
    line = told(words.language)
    if line is not None:
        audience.say(f"warning: {line}")


def _told(file: CatalogueFile, problems: Problems) -> list[str]:
    """Say how a catalogue was read where that is not plain, and what of it was of no use."""
    lines = []
    how = how_read(file)
    if how:
        lines.append(f"{file.path}: {how}")
    if problems.skipped:
        lines.append(f"{file.path}: {problems.summary()}")
    if problems.unmapped:
        names = [f'"{name}" = "Home"' for name, _ in problems.unmapped.most_common(1)]
        lines.append(
            f'  to sell them: [products.categories] {names[0]}, or products.other = "Home"'
        )
    lines += costs_told(file, problems)
    lines += [f"warning: {file.path}: {warning}" for warning in problems.warnings]
    return lines


def how_read(file: CatalogueFile) -> str:
    """Say in a line how a catalogue was read; nothing of one that is as plain as can be."""
    money = file.money
    commas = [words for words in money.said if "a comma" in words or "both ways" in words]
    plain = file.format in ("CSV, commas, UTF-8", "JSON Lines", "Parquet", "JSON")
    if plain and not commas and money.currency == "USD" and file.shape != "a table":
        plain = file.shape == "Amazon Reviews '23"
    if plain and not commas and money.currency == "USD":
        return ""
    currency = money.currency if money.named else f"{money.currency}, as it names no currency"
    return "; ".join([f"{file.format}", file.shape, f"amounts in {currency}", *commas])


def costs_told(file: CatalogueFile, problems: Problems) -> list[str]:
    """Say how many products have a unit cost, where some have one and others have not."""
    if not 0 < problems.costed < problems.kept:
        return []
    bad = [
        f"{file.numbered} {one.number} ({one.name}): {one.value!r} is no amount"
        for one in problems.examples_of.get("unusable_unit_cost", ())
    ]
    none = [f"{file.numbered} {one.number} ({one.name}): none" for one in problems.without_cost]
    return [
        f"{file.path}: {problems.costed} of {problems.kept} products have a unit cost, and profit "
        f"is over those; {'; '.join((bad + none)[:3])}"
    ]
