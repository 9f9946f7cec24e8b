"""Filled files: what raters answered, out of a form's JSON, a journal or a spreadsheet's CSV."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

from retailsim.analysis.annotation.errors import BadKey, BadRatings
from retailsim.analysis.annotation.items import FORMAT, AnswerKey, TrueAnswer
from retailsim.analysis.annotation.journal import Standing, is_journal, read_acts, read_head
from retailsim.events.whole_file import read_bounded

Kind = Literal["person", "model"]
MODEL = "model:"
"""What the name of a model as rater begins with."""

Value = int | str
"""1 to 5, or A or B."""

_LIKERT = {str(stars): stars for stars in range(1, 6)}
_ITEM = re.compile(r'"item"\s*:')


class Ratings(msgspec.Struct, frozen=True, kw_only=True):
    """What one rater answered; items that were left open are absent.

    Parameters
    ----------
    again : mapping of item to rating
        What was said of items that were shown a second time; it counts for nothing else.
    seconds : mapping of item to float
        How long an item was looked at, both times together.
    flagged : tuple of str
        Items with which the rater found something wrong.
    """

    rater: str
    kind: Kind
    values: Mapping[str, Value]
    again: Mapping[str, Value] = {}
    seconds: Mapping[str, float] = {}
    flagged: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The rater's name, a model marked as one."""
        named = self.rater.removeprefix(MODEL).strip()
        return f"{MODEL} {named}" if self.kind == "model" else self.rater


class Filled(msgspec.Struct, frozen=True, kw_only=True):
    """One file: the ratings that can be used, and a line for each that cannot."""

    ratings: Ratings
    dirty: tuple[str, ...]


class Saved(msgspec.Struct, frozen=True, kw_only=True):
    """What a form saves."""

    export: str
    rater: str
    ratings: tuple[dict[str, Any], ...]
    kind: Kind = "person"
    format: int = FORMAT


class _Row(msgspec.Struct, frozen=True):
    line: int
    item: str
    rating: object


def read_key(path: Path) -> AnswerKey:
    """Return the key of an export, given as a file or by its folder.

    Raises
    ------
    BadKey
        If there is none.
    """
    place = path / "key.json" if path.is_dir() else path
    try:
        return msgspec.json.decode(read_bounded(place), type=AnswerKey)
    except OSError as error:
        raise BadKey(str(place), error.strerror or "it cannot be read") from None
    except (ValueError, RecursionError) as error:  # no JSON, no key, no UTF-8
        raise BadKey(str(place), f"it is not a key: {error}") from None


def read_ratings(path: Path, key: AnswerKey) -> Filled:
    """Read one filled file; what cannot be used is named by its line and left out.

    A CSV file belongs to the rater in its name, ``ratings-NAME.csv``.

    Raises
    ------
    BadRatings
        If the file cannot be read, or belongs to another export.
    """
    try:
        text = read_bounded(path).decode("utf-8-sig")
    except OSError as error:
        raise BadRatings(str(path), error.strerror or "it cannot be read") from None
    except UnicodeDecodeError as error:
        problem = f"byte {error.start} is not UTF-8; save it as CSV UTF-8"
        raise BadRatings(str(path), problem) from None
    if is_journal(text):
        return _journal(path, text, key)
    if text.lstrip().startswith("{"):
        saved = _saved(path, text, key)
        rater, rows = saved.rater.strip(), _entries(saved, text)
        # Whatever the file calls itself: a rater by such a name is no person.
        kind: Kind = "model" if rater.startswith(MODEL) else saved.kind
    else:
        rater, kind = path.stem.removeprefix("ratings").lstrip("-_ ") or path.stem, "person"
        rows = _cells(path, text)
    return _filled(path, key, rater or path.stem, kind, rows)


def _saved(path: Path, text: str, key: AnswerKey) -> Saved:
    try:
        saved = msgspec.json.decode(text, type=Saved)
    except (ValueError, RecursionError) as error:
        raise BadRatings(str(path), f"it holds no ratings from a form: {error}") from None
    _of_this_export(path, saved.export, key)
    return saved


def _of_this_export(path: Path, export: str, key: AnswerKey) -> None:
    if export != key.export:
        problem = f"ratings of another export, {export!r}; the key is of {key.export!r}"
        raise BadRatings(str(path), problem)


def _journal(path: Path, text: str, key: AnswerKey) -> Filled:
    """Return what stands at a journal's end; second ratings apart from the first ones."""
    try:
        head = read_head(text)
    except (ValueError, RecursionError) as error:
        raise BadRatings(f"{path}:1", f"no beginning of a journal: {error}") from None
    _of_this_export(path, head.export, key)
    standing, dirty = Standing(), list[str]()
    for line in read_acts(text):
        problem = line.problem if line.act is None else standing.add(line.act, line.number)
        if problem:
            dirty.append(f"{path}:{line.number}: {problem}; it is left out")
    rater = head.rater.strip() or path.stem
    kind: Kind = "model" if rater.startswith(MODEL) else "person"
    first = _filled(path, key, rater, kind, _stood(standing, again=False))
    second = _filled(path, key, rater, kind, _stood(standing, again=True))
    seconds: dict[str, float] = {}
    for place, looked in standing.seconds.items():
        seconds[place.item] = seconds.get(place.item, 0.0) + looked
    ratings = msgspec.structs.replace(
        first.ratings,
        again=second.ratings.values,
        seconds=seconds,
        flagged=tuple(sorted({place.item for place in standing.flags})),
    )
    return Filled(ratings=ratings, dirty=(*dirty, *first.dirty, *second.dirty))


def _stood(standing: Standing, *, again: bool) -> Iterator[_Row]:
    for place, stood in standing.ratings.items():
        if place.again is again:
            yield _Row(stood.line, place.item, stood.rating)


def _entries(saved: Saved, text: str) -> Iterator[_Row]:
    """Yield the entries with their lines, which decoding does not tell."""
    starts = [match.start() for match in _ITEM.finditer(text)]
    for number, entry in enumerate(saved.ratings):
        at = starts[number] if number < len(starts) else len(text)
        yield _Row(text.count("\n", 0, at) + 1, str(entry.get("item", "")), entry.get("rating"))


def _cells(path: Path, text: str) -> Iterator[_Row]:
    """Yield the rows of a CSV file, whatever separator the spreadsheet of a country writes."""
    heading = text.partition("\n")[0]
    separator = max(",;\t", key=heading.count)
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        names = rows.fieldnames or ()
        if "item" not in names or "rating" not in names:
            raise BadRatings(str(path), "neither a form's JSON nor a table with item and rating")
        before = rows.line_num
        for row in rows:
            yield _Row(before + 1, row["item"] or "", (row["rating"] or "").strip())
            before = rows.line_num
    except csv.Error as error:
        raise BadRatings(f"{path}:{rows.line_num}", f"not CSV: {error}") from None


def _filled(path: Path, key: AnswerKey, rater: str, kind: Kind, rows: Iterator[_Row]) -> Filled:
    answers = {answer.id: answer for answer in key.items}
    values: dict[str, Value] = {}
    dirty: list[str] = []
    for row in rows:
        if row.rating in ("", None):
            continue
        answer = answers.get(row.item.strip())
        problem, value = _checked(row, answer, values)
        if problem:
            dirty.append(f"{path}:{row.line}: {problem}")
        elif value is not None:
            values[row.item.strip()] = value
    ratings = Ratings(rater=rater, kind=kind, values=values)
    return Filled(ratings=ratings, dirty=tuple(dirty))


def _checked(
    row: _Row, answer: TrueAnswer | None, before: Mapping[str, Value]
) -> tuple[str, Value | None]:
    """Return what is wrong with a row, or else its rating."""
    if answer is None:
        return f"item {row.item!r}: the key has no item of this name", None
    value, allowed = _value(row.rating, answer)
    if value is None:
        return f"item {row.item}: rating {str(row.rating)[:40]!r}: {allowed} is allowed", None
    if answer.id in before:
        return f"item {row.item}: rated a second time; the first rating counts", None
    return "", value


def _value(rating: object, answer: TrueAnswer) -> tuple[Value | None, str]:
    said = "" if isinstance(rating, bool) else str(rating).strip()
    if answer.right is None:
        return _LIKERT.get(said), "1, 2, 3, 4 or 5"
    return (said.upper() if said.upper() in ("A", "B") else None), "A or B"
