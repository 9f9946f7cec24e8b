"""The page docs/mutation.md: its table and its survivors, from what became of the mutants."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from campaign.mutants.hunt import Tried
from campaign.mutants.journal import Entry
from campaign.mutants.judged import FOLDER, JUDGES, equivalent, judged
from campaign.mutants.packages import ROOT
from campaign.mutants.trial import KILLED, TIMEOUT

PAGE = ROOT / "docs" / "mutation.md"
BEGIN, END = "<!-- mutants: begin -->\n", "<!-- mutants: end -->\n"


def is_killed(entry: Entry) -> bool:
    """Whether a test failed, or did not end."""
    return entry.outcome.result in (KILLED, TIMEOUT)


def survivors(hunted: Sequence[Tried]) -> list[Entry]:
    """All that no test has killed."""
    return [one for tried in hunted for one in tried.entries if not is_killed(one)]


def write(hunted: Sequence[Tried], page: Path = PAGE, folder: Path = FOLDER) -> None:
    """Write the table and the survivors anew."""
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    text = f"{table(hunted, folder)}\n{listed(hunted, folder)}"
    page.write_text(f"{before}{BEGIN}{text}{END}{rest.partition(END)[2]}", encoding="utf-8")


def table(hunted: Sequence[Tried], folder: Path = FOLDER) -> str:
    """Return a row for each package, and one for all."""
    rows = [
        "| package | mutants there are | tried | killed | of these by time | survived "
        "| called equivalent | killed of tried |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
        *(_row(one.package, one.there_are, one.entries, folder) for one in hunted),
    ]
    every = [entry for one in hunted for entry in one.entries]
    return "\n".join([*rows, _row("all", sum(one.there_are for one in hunted), every, folder), ""])


def _row(name: str, there_are: int, entries: Sequence[Entry], folder: Path) -> str:
    killed = [one for one in entries if is_killed(one)]
    late = sum(one.outcome.result == TIMEOUT for one in killed)
    left = [one for one in entries if not is_killed(one)]
    same = sum(equivalent(one.key, folder) for one in left)
    share = f"{len(killed) / len(entries):.1%}"
    return (
        f"| {name} | {there_are:,} | {len(entries)} | {len(killed)} | {late} | {len(left)} "
        f"| {same} | {share} |"
    )


def listed(hunted: Sequence[Tried], folder: Path = FOLDER) -> str:
    """Return a row for each survivor with what the judges say of it."""
    said = [judged(judge, folder) for judge in JUDGES]
    rows = ["| survivor | change | first judge | second judge |", "|---|---|---|---|"]
    for entry in survivors(hunted):
        mutant = entry.mutant
        words = [one.get(entry.key) for one in said]
        judges = [f"{one.verdict}: {_cell(one.reason)}" if one else "" for one in words]
        where = f"`{mutant.path}` {mutant.scope}".strip()
        change = f"`{_code(mutant.before)}` becomes `{_code(mutant.after)}`"
        rows.append(f"| {entry.key}, {where} | {change} | {judges[0]} | {judges[1]} |")
    return "\n".join([*rows, ""])


def _code(text: str) -> str:
    return _cell(" ".join(text.split())[:90]).replace("`", "'")


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
