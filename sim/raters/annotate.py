"""`annotate`: forms for raters out of a run, and what their answers say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from retailsim.events.messages import Role
from retailsim.events.named_file import check_outside
from retailsim.events.whole_file import folder_whole
from retailsim.sim.errors import BadScenario, CannotWrite, packages_for
from retailsim.sim.folder.currency import in_currency_of
from retailsim.sim.folder.participants import cautions, withdrawn
from retailsim.sim.folder.run_folder import RunFile, RunFolder
from retailsim.sim.terminal.terminal import Terminal

if TYPE_CHECKING:
    from retailsim.analysis.annotation.items import Chosen
    from retailsim.analysis.annotation.scores import Scores
    from retailsim.market.catalogue.product import Product
    from retailsim.sim.scenario.scenario import AgentTable

EACH = 12
"""Items of a task, and pairs of a trait, unless asked otherwise."""


def export(
    run: Path, out: Path | None, *, each: int = EACH, pairs: int = EACH, seed: int | None = None
) -> tuple[Path, Chosen]:
    """Write a run's form, its CSV and its key.

    Parameters
    ----------
    out : Path or None
        The folder, new or empty; None: ``derived/annotation`` of the run.
    each, pairs : int
        At most so many items per rated task, and pairs per trait.
    seed : int or None
        Of the draws; None: the run's.

    Returns
    -------
    (Path, Chosen)
        The folder, and what is in its files.

    Raises
    ------
    NotARun, NothingToRate, LogDamaged, LogUnreadable, BadScenario, InsideRun, CannotWrite
        Where the run, what it holds, or the folder is not as it has to be.
    """
    from retailsim.analysis.annotation import form, items

    folder = RunFolder(run)
    file = folder.read()
    place = out or run / "derived" / "annotation"
    folder.check_places(place, advice="remove the link, or name another folder with --out")
    check_outside(place)
    if place.exists() and (not place.is_dir() or any(place.iterdir())):
        raise BadScenario("--out", f"{place} exists and is not empty; name another folder")
    chosen = items.choose(
        run,
        each=each,
        pairs=pairs,
        seed=file.scenario.run.seed if seed is None else seed,
        makes=_makes(file),
        sheets=lambda wanted: _sheets(folder, wanted),
        without=_who_withdrew(run, file),
    )
    key = msgspec.json.format(msgspec.json.encode(chosen.key), indent=1).decode()
    files = {
        "form.html": form.page(chosen.sheet),
        "ratings.csv": "\ufeff" + form.table(chosen.sheet),
        "key.json": key + "\n",
    }
    try:
        with folder_whole(place) as new:  # a folder that has some of them would be refused
            for name, text in files.items():
                (new / name).write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise CannotWrite(place, error, "name another folder with --out") from None
    return place, chosen


def show_export(
    run: Path, out: Path | None, each: int, pairs: int, seed: int | None, terminal: Terminal
) -> int:
    """Export, and say what was written; returns the exit status."""
    with in_currency_of(run):
        place, chosen = export(run, out, each=each, pairs=pairs, seed=seed)
    for note in (*cautions(run, left_out=True), *chosen.notes):
        terminal.say(note)
    found = chosen.sheet.items
    of_pairs = sum(1 for item in found if item.b)
    terminal.say(f"{len(found) - of_pairs:,} items to rate from 1 to 5, {of_pairs:,} pairs")
    terminal.out(f"for raters: {place / 'form.html'} or {place / 'ratings.csv'}")
    terminal.out(f"not for raters: {place / 'key.json'}")
    return 0


def show_score(key: Path, files: tuple[Path, ...], terminal: Terminal) -> int:
    """Score filled files, and print what they say; returns the exit status."""
    found = scored(key, files)
    for line in found.dirty:
        terminal.say(line)
    if terminal.json:
        terminal.out_json(found)
        return 0
    from retailsim.analysis.annotation.score_tables import score_tables

    terminal.show(*score_tables(found))
    return 0


def scored(key: Path, files: tuple[Path, ...]) -> Scores:
    """Read filled files and score them.

    Raises
    ------
    BadKey, BadRatings
        Where a file cannot be read, or does not belong to the key.
    """
    from retailsim.analysis.annotation.answers import read_key, read_ratings

    with packages_for("annotate score"):
        from retailsim.analysis.annotation.scores import score
    known = read_key(key)
    filled = [read_ratings(file, known) for file in files]
    dirty = [line for one in filled for line in one.dirty]
    return score(known, [one.ratings for one in filled], dirty)


def _who_withdrew(run: Path, file: RunFile) -> Mapping[Role, frozenset[str]]:
    """Return the seats of a study's people who withdrew: no rater reads what they wrote."""
    study = file.scenario.study
    return {} if study is None else {study.role: withdrawn(run)}


def _makes(file: RunFile) -> dict[str, dict[str, str]]:
    """Return what plays each seat: seats of one make differ in persona and gender alone."""
    scenario = file.scenario
    return {"seller": _named(scenario.sellers), "buyer": _named(scenario.buyers)}


def _named(seats: Sequence[AgentTable]) -> dict[str, str]:
    """Return makes by seat; one without a persona, or alone of its make, is called by its name."""
    played = Counter(_make(seat) for seat in seats if seat.persona)
    return {
        seat.id: _make(seat) if seat.persona and played[_make(seat)] > 1 else seat.id
        for seat in seats
    }


def _make(seat: AgentTable) -> str:
    agent = seat.agent if seat.model is None else seat.model
    options = msgspec.json.encode(seat.options, order="sorted").decode() if seat.options else ""
    return " ".join(filter(None, (agent, seat.pitch_file, options)))


def _sheets(folder: RunFolder, wanted: Collection[str]) -> Mapping[str, str]:
    if not (folder.inputs / "products.jsonl").exists():
        return {}
    return {one.id: _sheet(one) for one in folder.products() if one.id in wanted}


def _sheet(product: Product) -> str:
    lines = [
        *([f"Brand: {product.brand}"] if product.brand else []),
        *(f"{name}: {value}" for name, value in product.details.items()),
        *(f"- {feature}" for feature in product.features),
        product.description,
    ]
    return "\n".join(filter(None, lines))
