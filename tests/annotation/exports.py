"""Exports and ratings for tests: made of small runs, or by hand."""

from __future__ import annotations

import atexit
import json
import shutil
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from retailsim.analysis.annotation.answers import Ratings, Value
from retailsim.analysis.annotation.excerpts import Excerpt
from retailsim.analysis.annotation.items import AnswerKey, Item, RaterSheet, TrueAnswer
from retailsim.analysis.annotation.tasks import TASKS
from tests.sim.runs import launched

HOSTILE = "</script><img src=x onerror=alert(1)><!-- & {{ 7*7 }}"


@cache
def run_of(scenario: str) -> Path:
    """A small run of a built-in scenario, made once."""
    folder = mkdtemp(prefix="annotation-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    place = Path(folder) / scenario
    launched(place, scenario, "--set", "products.per_category=1")
    return place


def key_of(*items: tuple[str, str, str | None], seed: int = 1) -> AnswerKey:
    """A key of (id, task, right)."""
    return AnswerKey(
        export="e1",
        run="run",
        seed=seed,
        items=tuple(
            TrueAnswer(
                id=id_,
                task=task,
                product=f"P{number}",
                agent="agent",
                episodes=("x", "y") if right else ("x",),
                right=right,  # type: ignore[arg-type]
            )
            for number, (id_, task, right) in enumerate(items)
        ),
    )


def by(rater: str, values: Mapping[str, Value], kind: Any = "person") -> Ratings:
    """What one rater says."""
    return Ratings(rater=rater, kind=kind, values=values)


def saved(key: AnswerKey, rater: str, values: Mapping[str, Any], kind: str = "person") -> str:
    """What a form saves."""
    rows = ",\n".join(
        f"  {json.dumps({'item': item, 'rating': value})}" for item, value in values.items()
    )
    head = json.dumps({"format": 1, "export": key.export, "rater": rater, "kind": kind})
    return f'{head[:-1]},"ratings":[\n{rows}\n]}}\n'


def hostile_sheet() -> RaterSheet:
    """A sheet whose every text would like to be a page of its own."""
    said = (Excerpt("Seller", HOSTILE), Excerpt("Buyer", f"={HOSTILE}"))
    items = (
        Item(id="i1", task="pitch", product=HOSTILE, price="$1.00", context=(), a=said),
        Item(
            id="i2",
            task="seller_friendliness",
            product="Pan",
            price="",
            context=(),
            a=said,
            b=said[::-1],
        ),
    )
    tasks = tuple(TASKS[name] for name in ("pitch", "seller_friendliness"))
    return RaterSheet(export="e1", tasks=tasks, items=items)
