"""`new [FILE]`: a scenario from a catalogue and a question, and the next command."""

from __future__ import annotations

import os
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

from retailsim.events.named_file import check_outside
from retailsim.events.whole_file import new_name
from retailsim.market.catalogue.catalogue_file import open_catalogue
from retailsim.market.catalogue.product import Category
from retailsim.sim.errors import CannotWrite
from retailsim.sim.new.answers import Answers, NewOptions, answers
from retailsim.sim.new.errors import BadAnswer, NotOverwritten
from retailsim.sim.new.questions import PITCHES, QUESTIONS
from retailsim.sim.new.scenario_text import command, scenario_text, swept
from retailsim.sim.run.launch import prepare
from retailsim.sim.run.launch_options import Options
from retailsim.sim.seats.cast import model_table
from retailsim.sim.terminal.audience import Audience, Nobody
from retailsim.sim.terminal.program_name import program_name
from retailsim.sim.terminal.terminal import Terminal


def new(told: NewOptions, terminal: Terminal) -> int:
    """Ask, write the scenario and say what comes next; returns 0. Nothing is overwritten.

    Raises
    ------
    SimError, CatalogueError
        If no scenario comes of it; then nothing is left behind.
    """
    if told.out is not None:
        _check_free(told.out)  # before anybody is asked
    found = answers(told)
    _check_free(found.out)
    _check(found)
    try:
        largest, made = _write(found, terminal)
    except OSError as error:
        raise CannotWrite(found.out, error, "name another file with --out") from None
    if found.catalog is not None:
        _tell_currency(found.catalog, found, terminal)
    for path in made:
        terminal.say(f"{path}: a text to begin with; write your own into it")
    terminal.out(f"scenario: {found.out}")
    terminal.out("next:")
    for key in swept(found, largest):
        terminal.out(f"  {command(program_name(), found, key)}")
    return 0


def _check_free(place: Path) -> None:
    check_outside(place)
    if os.path.lexists(place):
        raise NotOverwritten(place)


def _tell_currency(catalog: Path, found: Answers, terminal: Terminal) -> None:
    """Say which currency was taken where neither the file nor the person named one."""
    money = open_catalogue(catalog, found.reading).money
    if not money.named:
        terminal.say(
            f"{catalog} names no currency: its amounts are taken for {money.currency}; --currency "
            f'EUR takes them for others, or currency = "EUR" below [products] in {found.out}'
        )


def _check(found: Answers) -> None:
    """Refuse what no sweep could compare."""
    question = QUESTIONS[found.question]
    if "{sellers}" in question.swept and len(found.sellers) < 2:
        raise BadAnswer("sellers", f"{question.about} It takes two or more, with commas between")
    if question.of_sellers == "models":
        for name in found.sellers:
            if model_table(name) is None:
                raise BadAnswer("sellers", f"{name} is no PROVIDER/MODEL, such as openai/gpt-5.4")


def _write(found: Answers, audience: Audience) -> tuple[Category | None, list[Path]]:
    """Write the scenario, and the pitches that it names and nobody has written.

    Returns the largest group of its products, and those pitches. They and the scenario are there
    together or not at all.
    """
    with ExitStack() as undo:
        made = list(_pitches(found, undo))
        largest = _tried(found, None, audience)
        text = scenario_text(found, program_name(), largest)
        _tried(found, largest, Nobody())
        try:
            with found.out.open("x", encoding="utf-8") as file:
                undo.callback(found.out.unlink)
                file.write(text)
        except FileExistsError:
            raise NotOverwritten(found.out) from None
        undo.pop_all()
    return largest, made


def _pitches(found: Answers, undo: ExitStack) -> list[Path]:
    """Make the texts that are not there."""
    made = []
    if QUESTIONS[found.question].of_sellers == "pitches":
        for number, name in enumerate(found.sellers):
            path = found.out.parent / name
            if path.exists():
                continue
            with path.open("x", encoding="utf-8") as file:
                undo.callback(path.unlink, missing_ok=True)
                file.write(PITCHES[number % len(PITCHES)])
            made.append(path)
    return made


def _tried(found: Answers, largest: Category | None, audience: Audience) -> Category | None:
    """Load the scenario as a launch would; returns the largest group of its products."""
    place = new_name(found.out)
    try:
        place.write_text(scenario_text(found, program_name(), largest), encoding="utf-8")
        products = prepare(Options(scenario=str(place), dry_run=True), audience).products
    finally:
        place.unlink(missing_ok=True)
    counts = Counter(product.category for product in products)
    return counts.most_common(1)[0][0] if counts else None
