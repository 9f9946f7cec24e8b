"""The report's section on rules: which were broken, by whom, how often, with a sentence."""

from __future__ import annotations

from pathlib import Path

from retailsim.analysis.exhibits.parts import Cell, ReportTable, Section, row, table
from retailsim.analysis.rules.checking import check_run
from retailsim.analysis.rules.errors import NoConduct, NoTexts
from retailsim.analysis.rules.summary import RuleRow, summarized

MOST_EPISODES = 20_000
"""Episodes of a run of which a report goes through the log once more for its rules."""
_WIDEST = 200


def rules_section(run: Path, episodes: int) -> Section | None:
    """Return the section of a run; None where no rules can be held against it.

    Raises
    ------
    LogDamaged, LogUnreadable
        As `analysis.rules.checking.check_run`.
    """
    if episodes > MOST_EPISODES:
        told = f"With more than {MOST_EPISODES:,} episodes, see policy check."
        return Section(name="rules", title="Rules", lead=told)
    try:
        rows = summarized(check_run(run))
    except (NoConduct, NoTexts):
        return None
    never = dict.fromkeys(one.rule.id for one in rows if not one.times)
    some = [one for one in rows if one.times]
    kept = ", ".join(id_ for id_ in never if id_ not in {one.rule.id for one in some})
    return Section(
        name="rules",
        title="Rules",
        lead="What sellers said and did that a rule speaks of. Phrases are found by rules that "
        f"can be wrong both ways. Never broken: {kept or 'none'}.",
        tables=(_broken(some),) if some else (),
    )


def _broken(rows: list[RuleRow]) -> ReportTable:
    columns = ("", "Level", "Seller", "Times", "Episodes", "Limit", "Such as", "Source")
    cells = [
        row(
            one.rule.id,
            Cell(one.rule.level),
            Cell(one.seller),
            Cell(f"{one.times:,}"),
            Cell(f"{one.share.value or 0.0:.1%}", _between(one)),
            Cell("" if one.rule.limit is None else f"{one.rule.limit:.1%}"),
            Cell(_short(one.example), one.rule.why),
            Cell(one.rule.source),
        )
        for one in rows
    ]
    note = "Episodes: the share in which it was broken, with its 95% interval by cluster."
    return table("Rules that were broken", columns, cells, note)


def _between(one: RuleRow) -> str:
    interval = one.share.interval
    return f"{interval.low:.1%} to {interval.high:.1%}" if interval else ""


def _short(text: str) -> str:
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 3]}..."
