"""A commented scenario, from answers."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from typing import Any

from retailsim.market.catalogue.product import Category
from retailsim.sim.new.answers import Answers
from retailsim.sim.new.questions import QUESTIONS
from retailsim.sim.scenario.settings import as_settings
from retailsim.sim.seats.cast import model_table, named

SHOP = "shop"
"""The seat whose seller is changed, where that is the question."""


def swept(answers: Answers, largest: Category | None = None) -> tuple[str, ...]:
    """Return what the question changes, as `sweep` takes it; the first is asked first.

    Parameters
    ----------
    largest : Category or None
        The largest group of the catalogue, where that is known.
    """
    question = QUESTIONS[answers.question]
    first = question.swept.format(sellers=",".join(answers.sellers))
    if answers.question == "policy" and largest is not None:
        return first, f"policy.{largest}.window_days=3,14,30"
    return (first,)


def command(program: str, answers: Answers, key: str, what: str = "sweep") -> str:
    """Return the command that asks the question."""
    more = " --difference 3" if what == "plan" else ""
    return f"{program} {what} {shlex.join((str(answers.out), key))}{more}"


def scenario_text(answers: Answers, program: str, largest: Category | None) -> str:
    """Return the scenario's file."""
    return "\n".join(_lines(answers, program, largest)) + "\n"


def _lines(answers: Answers, program: str, largest: Category | None) -> Iterator[str]:
    keys = swept(answers, largest)
    yield f"# {QUESTIONS[answers.question].about}"
    yield "#"
    yield "# Ask it:"
    for key in keys:
        yield f"#     {command(program, answers, key)}"
    yield "# How many products it takes to tell a difference of 3 points of conversion:"
    yield f"#     {command(program, answers, keys[0], 'plan')}"
    yield "# All keys are in docs/scenarios.md; --set KEY=VALUE tries one out."
    yield ""
    yield "[run]"
    yield "seed = 1              # another seed draws other people and other luck"
    yield ""
    yield from _products(answers)
    yield ""
    yield "[design]"
    yield "replications = 1      # how often everything is repeated; more products help more"
    yield ""
    yield from _seats(answers)


_READING = {
    "currency": "of its amounts; products in others are skipped",
    "decimal": "what stands before the cents",
    "other": "the group of categories that are in none",
}
"""How a file is read, where that was told: keys of the scenario, with what they are about."""


def _products(answers: Answers) -> Iterator[str]:
    yield "[products]"
    if answers.catalog is None:
        yield 'catalog = "builtin"   # or the path of a file of yours, from this folder'
    else:
        path = os.path.relpath(answers.catalog, answers.out.parent)
        yield f"{_pair('catalog', path)}"
    for key, about in _READING.items():
        value = getattr(answers.reading, key)
        if value is not None:
            yield f"{_pair(key, value):<22}# {about}"
    yield "per_category = 30     # at most so many of each category"
    if answers.reading.columns:
        yield ""
        yield "[products.columns]    # what the columns of the file mean"
        for meaning, column in answers.reading.columns.items():
            yield _pair(meaning, column)


def _seats(answers: Answers) -> Iterator[str]:
    question = QUESTIONS[answers.question]
    if answers.question not in ("pitch", "persona", "models"):
        yield "# Who sells."
        yield from _named("seller", answers.sellers)
    else:
        yield f"# Who sells: {question.about[:-1].lower()} is what is asked, one after the other."
        yield "[[sellers]]"
        yield _pair("id", SHOP)
        first = answers.sellers[0]
        match question.of_sellers:
            case "pitches":
                yield 'agent = "script"      # speaks the text, and does all else by itself'
                yield _pair("pitch_file", first)
            case "models":
                yield 'agent = "model"'
                yield _pair("model", first)
            case _:
                yield _pair("agent", first)
        yield ""
    yield "# Who buys: each buyer meets each seller over each product."
    yield from _named("buyer", answers.buyers)
    yield from _models(answers)


def _named(role: Any, names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        yield f"[[{role}s]]"
        for key, value in named(name, role, {}).items():
            yield _pair(key, value)
        yield ""


def _models(answers: Answers) -> Iterator[str]:
    """Yield the tables of the models that take a seat."""
    for name in dict.fromkeys((*answers.sellers, *answers.buyers)):
        table = model_table(name)
        if table is not None:
            yield f"[models.{_key(name)}]"
            for key, value in table.items():
                yield _pair(key, value)
            yield ""


def _pair(key: str, value: Any) -> str:
    [setting] = as_settings({key: value})
    return setting.replace("=", " = ", 1)


def _key(name: str) -> str:
    [setting] = as_settings({"x": name})
    return setting.partition("=")[2]
