"""What raters open: one HTML file that needs no network, or a CSV file for a spreadsheet."""

from __future__ import annotations

import csv
import io
import re
from base64 import b64encode
from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

import msgspec

from retailsim.analysis.annotation.errors import BadRatings
from retailsim.analysis.annotation.excerpts import Excerpt
from retailsim.analysis.annotation.items import Block, Item, RaterSheet
from retailsim.analysis.annotation.tasks import STARS
from retailsim.analysis.export.files import FORMULA

COLUMNS = (
    *("item", "task", "question", "criteria", "product", "context", "text_a", "text_b"),
    *("allowed", "rating"),
)
"""Of the CSV file; a rater fills the last one."""

ALLOWED = {"likert": "1 2 3 4 5", "pair": "A B"}

_DATA = re.compile(r'<script type="application/json" id="data">(.*?)</script>', re.DOTALL)
_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)


def page(sheet: RaterSheet) -> str:
    """Return the form as HTML.

    What is rated stands in it as data that a script puts into place as text, so that nothing in
    it can become part of the page; and no script but that one is allowed to run.
    """
    template = _template()
    found = _SCRIPT.search(template)
    assert found is not None
    allowed = b64encode(sha256(found[1].encode()).digest()).decode()
    data = msgspec.json.encode({"sheet": sheet, "stars": STARS}).decode()
    safe = data.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return template.replace("SCRIPT-DIGEST", allowed).replace("DATA", safe, 1)


@cache
def _template() -> str:
    return files("retailsim.analysis.annotation").joinpath("form.html").read_text("utf-8")


class _Data(msgspec.Struct):
    sheet: RaterSheet


def read(path: Path) -> RaterSheet:
    """Return what a form shows, as a rater would read it.

    Raises
    ------
    BadRatings
        If the file is no form.
    """
    try:
        found = _DATA.search(path.read_text("utf-8"))
        if found is None:
            raise BadRatings(str(path), "it has no items, so it is not a form of an export")
        return msgspec.json.decode(found[1], type=_Data).sheet
    except (OSError, ValueError, RecursionError) as error:
        raise BadRatings(str(path), f"it cannot be read as a form: {error}") from None


def table(sheet: RaterSheet) -> str:
    """Return the items as CSV, ratings empty; no cell can act as a formula of a spreadsheet."""
    tasks = {task.name: task for task in sheet.tasks}
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(COLUMNS)
    for item in sheet.items:
        task = tasks[item.task]
        row = (
            *(item.id, item.task, task.question, "\n".join(task.criteria)),
            *(_product(item), blocks(item.context), lines(item.a), lines(item.b)),
            *(ALLOWED[task.kind], ""),
        )
        rows.writerow([plain(cell) for cell in row])
    return text.getvalue()


def plain(cell: str) -> str:
    """Return a cell that a spreadsheet takes for text."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def lines(said: Sequence[Excerpt]) -> str:
    """Return messages as text, a line each."""
    return "\n".join(f"{one.who}: {one.text}" if one.who else one.text for one in said)


def blocks(context: Sequence[Block]) -> str:
    """Return what may be looked up as text."""
    return "\n\n".join(f"[{block.title}]\n{lines(block.lines)}" for block in context)


def _product(item: Item) -> str:
    return f"{item.product}, {item.price}" if item.price else item.product
