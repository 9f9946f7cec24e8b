"""CSV of what people typed: nothing in it acts as a formula of a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from retailsim.analysis.export.files import FORMULA


def csv_text(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return rows as CSV, in the columns that the header names.

    What is None is empty. A text that begins like a formula gets an apostrophe before it; numbers
    are left as they are.
    """
    written = io.StringIO()
    out = csv.writer(written)  # lines end with CR LF: only then is a lone CR in a cell quoted
    out.writerow([cell(one) for one in header])
    for row in rows:
        out.writerow([cell(one) for one in row])
    return written.getvalue()


def cell(value: object) -> object:
    """Return a value as it stands in a cell."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str():
            return f"'{value}" if value.startswith(FORMULA) else value
    return value
