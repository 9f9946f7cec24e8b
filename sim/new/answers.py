"""What `new` is told, and what it asks where something is missing: four questions at most."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Literal

import click
import msgspec

from retailsim.market.catalogue.catalogue_file import Sighting, look_at
from retailsim.market.catalogue.options import CatalogueOptions
from retailsim.market.catalogue.product import Category
from retailsim.sim.new.errors import BadAnswer, NobodyToAsk
from retailsim.sim.new.questions import BUYERS, QUESTIONS

BUILTIN = "builtin"


class NewOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What the command was told; None: to be asked."""

    file: Path | None = None
    question: str | None = None
    sellers: str | None = None
    buyers: str | None = None
    columns: tuple[str, ...] = ()
    currency: str | None = None
    decimal: Literal[".", ","] | None = None
    other: Category | None = None
    out: Path | None = None
    yes: bool = False


class Answers(msgspec.Struct, frozen=True, kw_only=True):
    """All that a scenario is made of.

    Parameters
    ----------
    catalog : Path or None
        None: the built-in one.
    reading : CatalogueOptions
        How the catalogue is to be read, as far as that was told or asked: columns, currency,
        decimal mark, the group of other categories.
    """

    catalog: Path | None
    reading: CatalogueOptions
    question: str
    sellers: tuple[str, ...]
    buyers: tuple[str, ...]
    out: Path


def answers(told: NewOptions) -> Answers:
    """Ask what is missing.

    Raises
    ------
    NobodyToAsk
        If something is missing and there is no terminal.
    BadAnswer, CatalogueError
        If an answer makes no sense.
    KeyboardInterrupt
        If the person ends it.
    """
    if not told.yes and not on_a_terminal():
        needed = {"--question": told.question, "--sellers": told.sellers, "--buyers": told.buyers}
        missing = [name for name, value in needed.items() if value is None]
        if missing:
            raise NobodyToAsk(", ".join(missing))
    try:
        return _answers(told)
    except click.Abort:
        raise KeyboardInterrupt from None


def on_a_terminal() -> bool:
    """Whether somebody can be asked."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()


def _answers(told: NewOptions) -> Answers:
    catalog = _catalog(told)
    reading = _reading(told, catalog)
    columns = _columns(told, catalog)
    name = told.question or _question(told)
    question = QUESTIONS[name]
    sellers = told.sellers or _said(told, question.asked, question.sellers)
    buyers = told.buyers or _said(
        told, "Who buys? Profiles, agents or PROVIDER/MODEL, with commas between", BUYERS
    )
    stem = "shop" if catalog is None else catalog.name.partition(".")[0]
    return Answers(
        catalog=catalog,
        reading=msgspec.structs.replace(reading, columns=columns),
        question=name,
        sellers=_names(sellers, "sellers"),
        buyers=_names(buyers, "buyers"),
        out=told.out or Path(f"{stem}-{name}.toml"),
    )


def _said(told: NewOptions, asked: str, usual: str) -> str:
    if told.yes:
        return usual
    return str(click.prompt(asked, default=usual, err=True))


def _names(text: str, role: str) -> tuple[str, ...]:
    found = tuple(one.strip() for one in text.split(",") if one.strip())
    if not found:
        raise BadAnswer(role, "name at least one")
    if len(set(found)) < len(found):
        raise BadAnswer(role, f"{text}: name each only once")
    return found


def _catalog(told: NewOptions) -> Path | None:
    named = told.file
    if named is None:
        named = Path(_said(told, "Which catalogue? A file of yours", BUILTIN))
    if str(named) == BUILTIN:
        return None
    if not named.is_file():
        raise BadAnswer(str(named), "there is no such file")
    return named


def _question(told: NewOptions) -> str:
    usual = next(iter(QUESTIONS))
    if told.yes:
        return usual
    width = max(map(len, QUESTIONS))
    for name, question in QUESTIONS.items():
        click.echo(f"  {name:{width}}  {question.about}", err=True)
    choice = click.Choice(list(QUESTIONS))
    return str(click.prompt("Which question?", default=usual, type=choice, err=True))


def _reading(told: NewOptions, catalog: Path | None) -> CatalogueOptions:
    """Return how the file is read, as far as that was told."""
    said = {"currency": told.currency, "decimal": told.decimal, "other": told.other}
    for name, value in said.items():
        if value is not None and catalog is None:
            raise BadAnswer(f"--{name}", "it is for a FILE of yours, and none is named")
    currency = None if told.currency is None else told.currency.strip().upper()
    if currency is not None and re.fullmatch("[A-Z]{3}", currency) is None:
        raise BadAnswer("--currency", f"{told.currency}: write its three letters, such as EUR")
    return CatalogueOptions(currency=currency, decimal=told.decimal, other=told.other)


def _columns(told: NewOptions, catalog: Path | None) -> dict[str, str]:
    """Return what the columns mean that were told or, where they are not recognised, asked."""
    found = {}
    for pair in told.columns:
        meaning, equals, column = pair.partition("=")
        if not equals or not meaning or not column:
            raise BadAnswer("--column", f"{pair}: write it as id=Handle")
        found[meaning.strip()] = column.strip()
    if catalog is None or told.yes or not on_a_terminal():
        return found
    seen = look_at(catalog)
    missing = [one for one in seen.missing if one not in found]
    if told.other is not None and "category" in missing:
        missing.remove("category")
    if missing:
        click.echo(_shown(seen), err=True)
    choice = click.Choice(list(seen.columns))
    for meaning in missing:
        asked = f"Which column is the product's {meaning}?"
        found[meaning] = str(click.prompt(asked, type=choice, show_choices=False, err=True))
    return found


def _shown(seen: Sighting) -> str:
    """The columns with what stands in the first row."""
    first = seen.first[0] if seen.first else {}
    lines = (f"  {column}  {str(first.get(column, ''))[:50]}" for column in seen.columns)
    return "\n".join((f"{seen.format}; its columns, and the first row:", *lines))
