"""Annotation: keys of exports and the files of raters."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache
from typing import Any

import msgspec

from campaign.planting import planted
from campaign.surface import Surface, WrongInSilence, as_file
from retailsim.analysis.annotation import answers
from retailsim.analysis.annotation.items import AnswerKey, TrueAnswer
from retailsim.analysis.annotation.tasks import TASKS

FORM, SHEET, KEY = b"form\n", b"sheet\n", b"key\n"
"""First line of an input: what the rest is."""


@cache
def key() -> AnswerKey:
    """A key of one item a task."""
    return AnswerKey(
        export="e1",
        run="run",
        seed=1,
        items=tuple(
            TrueAnswer(
                id=f"i{number}",
                task=task.name,
                product=f"P{number}",
                agent="agent",
                episodes=("x", "y") if number % 2 else ("x",),
                right="A" if number % 2 else None,
            )
            for number, task in enumerate(TASKS.values())
        ),
    )


def seeds() -> list[bytes]:
    """A form, two sheets and a key."""
    ratings = [
        {"item": item.id, "rating": item.right or 4, "comment": "so"} for item in key().items
    ]
    form = {"export": "e1", "rater": "Ann", "kind": "person", "ratings": ratings, "format": 1}
    rows = "".join(f"{one['item']},{one['rating']}\n" for one in ratings)
    return [
        FORM + json.dumps(form, indent=1).encode(),
        SHEET + f"item,rating\n{rows}".encode(),
        SHEET + b"\xef\xbb\xbf" + f"item;rating\n{rows}".replace(",", ";").encode(),
        KEY + msgspec.json.encode(key()),
    ]


def feed(data: bytes) -> str:
    """Read a file of ratings, or a key; no rating is one that the file does not give."""
    kind, _, body = data.partition(b"\n")
    if kind == KEY.strip():
        return f"key of {min(len(answers.read_key(as_file('key.json', body)).items), 2)}"
    filled = answers.read_ratings(as_file("ratings-ann.json", body), key())
    right = {item.id: item.right for item in key().items}
    said = _said(body)
    for item, value in filled.ratings.values.items():
        allowed = ("A", "B") if right[item] else (1, 2, 3, 4, 5)
        given = said is None or (item, str(value)) in said
        if value not in allowed or not given:
            raise WrongInSilence(f"rating: {item} {value!r}")
    return "dirty" if filled.dirty else "clean"


def _said(body: bytes) -> set[tuple[str, str]] | None:
    """The (item, rating) of a second reading; None for tables with quotes, which it cannot read."""
    text = body.decode("utf-8-sig")
    if text.lstrip().startswith("{"):
        rows = json.loads(text)["ratings"]
        pairs = [(str(row.get("item", "")), row.get("rating")) for row in rows]
        return {(item.strip(), str(rating).strip().upper()) for item, rating in pairs}
    if '"' in text:
        return None
    lines = [re.split("[,;\t]", line) for line in re.split("[\r\n]+", text)]
    rows = [[cell.strip() for cell in line] for line in lines]
    if any(len(row) > 100 for row in rows):
        return None
    return {(one, other.upper()) for row in rows for one in row for other in row}


def _wrong(value: Callable[..., Any]) -> Callable[..., Any]:
    def read(rating: object, answer: TrueAnswer) -> Any:
        if isinstance(rating, float) and answer.right is None:
            return min(5, max(1, int(rating))), ""
        return value(rating, answer)

    return read


SURFACE = Surface(
    name="annotation",
    seeds=seeds,
    feed=feed,
    code=("analysis/annotation/answers.py",),
    bug=lambda: planted(answers, "_value", _wrong),
)
