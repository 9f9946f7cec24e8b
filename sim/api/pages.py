"""Pages: runs and conversations as a notebook shows them; every text escaped, and no script."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from retailsim.events.errors import RetailSimError

if TYPE_CHECKING:
    from retailsim.analysis.experiments.outcomes import ExperimentOutcome
    from retailsim.analysis.measures.measure import Measure

_NUMBER = ' style="text-align: right"'
_NOTHING = "–"

MOST_SELLERS = 20
"""Sellers in a run's table; a design may have thousands."""


class MeasuredRun(Protocol):
    """A run, as far as its page needs it."""

    path: Path

    def measures(self) -> dict[str, Any]:
        """Return the object of ``replay --json``."""
        ...


class Spoken(Protocol):
    """A conversation, as far as its page needs it."""

    messages: list[dict[str, str]]
    reviews: list[dict[str, Any]]
    facts: dict[str, Any]


def run_page(run: MeasuredRun) -> str:
    """Return a run's measures as a small table: overall, and for each seller."""
    try:
        found = run.measures()
    except RetailSimError as error:
        return f"<p><code>{_text(run.path)}</code>: {_text(error)}</p>"
    overall = found["overall"]
    rows = [("all", overall), *_sellers(found["sellers"])]
    shown = _shown(
        run.path,
        unended=overall["decided"] != overall["episodes"],
        costs_known=overall["profit_cents"] is not None,
    )
    body = "".join(_row(name, row, shown) for name, row in rows)
    head = "".join(_cell(title, "th") for title in ("", *(one.label for one in shown)))
    left_out = len(found["sellers"]) - MOST_SELLERS
    more = f"<p>and {left_out:,} more sellers</p>" if left_out > 0 else ""
    more += _marked(shown, overall)
    return (
        f"<div><p><b>{_text(run.path.name)}</b>: {_counts(found)}</p>"
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}</div>"
    )


def chat_page(chat: Spoken) -> str:
    """Return a conversation as paragraphs."""
    facts = chat.facts
    title = facts["title"] or "the catalogue"
    head = f"{facts['seller']} and {facts['buyer']}, {title}: {facts['status']}"
    said = "".join(
        f"<p><b>{_text(one['name'])}</b> {_text(one['content'])}</p>" for one in chat.messages
    )
    stars = "".join(
        f"<p><b>review of {_text(one['aspect'])}</b> {'★' * int(one['rating'] or 0)} "
        f"{_text(one['text'] or '')}</p>"
        for one in chat.reviews
    )
    return f"<div><p><i>{_text(head)}</i></p>{said}{stars}</div>"


def outcome_page(outcome: ExperimentOutcome) -> str:
    """Return an experiment's table: what was measured, beside what was published."""
    rows = "".join(
        f"<tr>{_cell(row.label, 'th')}{_cell(value.heading)}{_number_cell(value.measured.value)}"
        f"{_number_cell(value.published)}{_cell('put in' if value.put_in else '')}"
        f"{_cell(value.unit)}</tr>"
        for row in outcome.rows
        for value in row.values
    )
    titles = ("", "Measure", "Measured", "Published", "", "Unit")
    head = "".join(_cell(title, "th") for title in titles)
    said = "".join(
        f"<p>{_text(' '.join(filter(None, (one.claim, one.verdict))))}</p>"
        for one in outcome.findings
    )
    return (
        f"<div><p><b>{_text(outcome.title)}</b></p><table><thead><tr>{head}</tr></thead>"
        f"<tbody>{rows}</tbody></table>{said}</div>"
    )


def _number_cell(value: float | None) -> str:
    return _cell(_NOTHING if value is None else f"{value:,.4g}", "td", _NUMBER)


def _sellers(rows: Iterable[Mapping[str, Any]]) -> list[tuple[str, Mapping[str, Any]]]:
    return [(str(row["seller"]), row) for row in rows][:MOST_SELLERS]


def _counts(found: Mapping[str, Any]) -> str:
    from retailsim.analysis.measures.failures import failures_told
    from retailsim.analysis.replay.beginning import Beginning

    counts = found["episodes"]
    begun = f". {Beginning(**counts['beginning'])}" if "beginning" in counts else ""
    partial = ", not finished" if found["partial"] else ""
    told = failures_told(counts["failed"], found["overall"])
    failed = f". {told}" if told else ""
    asked = counts.get("planned") or counts["opened"]
    return f"{counts['closed']:,} of {asked:,} episodes closed{partial}{failed}{begun}"


def _shown(run: Path, *, unended: bool, costs_known: bool) -> tuple[Measure, ...]:
    """The measures of the table: those that a terminal shows."""
    from retailsim.analysis.measures.table import shown_in
    from retailsim.analysis.projection.registered import own_measures

    own = own_measures(run)
    return shown_in("terminal", own, unended=unended, costs_known=costs_known)


def _marked(shown: Iterable[Measure], overall: Mapping[str, Any]) -> str:
    """What the mark behind an amount means, where there is one."""
    from retailsim.analysis.measures.value_text import MARKED

    there = any(one.least_of(overall) is not None for one in shown)
    return f"<p>{_text(MARKED)}</p>" if there else ""


def _said(one: Measure, row: Mapping[str, Any]) -> str:
    from retailsim.analysis.measures.value_text import bounded

    value = one.of(row)
    if value is None:
        return _NOTHING
    return " ".join(filter(None, bounded(one.unit, value, one.least_of(row))))


def _row(name: str, row: Mapping[str, Any], shown: Iterable[Measure]) -> str:
    cells = (_cell(_said(one, row), "td", _NUMBER) for one in shown)
    return f"<tr>{_cell(name, 'th')}{''.join(cells)}</tr>"


def _cell(value: object, tag: str = "td", look: str = "") -> str:
    return f"<{tag}{look}>{_text(value)}</{tag}>"


def _text(value: object) -> str:
    return escape(str(value))
