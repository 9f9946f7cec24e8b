"""The first page: the runs there are, the newest first, and two of them to be compared."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from aiohttp import web

from retailsim.events.log.lock import is_held
from retailsim.sim.studio.runs_list.run_summary import began_at, summary_of
from retailsim.sim.studio.runs_list.run_words import Row, row_of, row_of_all
from retailsim.sim.studio.runs_list.studies import studies_of
from retailsim.sim.studio.site.pages import rendered
from retailsim.sim.studio.site.runs import MOST, run_folders
from retailsim.sim.studio.site.studio import STUDIO, Studio
from retailsim.sim.terminal.program_name import program_name

ON_A_PAGE = 50
"""Rows."""
MOST_COMPARED = 200
"""Runs that two may be chosen from."""


class Entry(NamedTuple):
    """A run, or a sweep or an experiment with its runs.

    Parameters
    ----------
    place : str
        What its address begins with, below the studio's.
    """

    key: str
    place: str
    kind: str
    runs: tuple[Path, ...]


class Listed(NamedTuple):
    """An entry and what stands in its row."""

    entry: Entry
    row: Row


async def runs(request: web.Request) -> web.Response:
    """Show the runs."""
    studio = request.app[STUDIO]
    html = await studio.work(_html, request, studio)
    return web.Response(text=html, content_type="text/html")


def _html(request: web.Request, studio: Studio) -> str:
    folders = run_folders(studio.root)
    found = entries(studio.root, folders)
    after = _after(request.query.get("after", ""))
    listed = [_listed(one) for one in found[after : after + ON_A_PAGE]]
    alone = [one.key for one in found if not one.kind][:MOST_COMPARED]
    values: dict[str, Any] = {
        "listed": listed,
        "total": len(found),
        "left_out": MOST if len(folders) == MOST else 0,
        "after": after,
        "more": after + ON_A_PAGE if after + ON_A_PAGE < len(found) else None,
        "asks_models": any(one.row.spent for one in listed),
        "runs": alone,
        "folder": str(studio.root),
        "program": program_name(),
        "launch": f"{program_name()} launch --out {shlex.quote(str(studio.root / 'first'))}",
    }
    return rendered(request, "runs.html", **values)


def _after(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else 0


def entries(root: Path, found: Mapping[str, Path]) -> list[Entry]:
    """Return what is listed of the runs in a folder: who goes on first, then the newest."""
    studies = studies_of(root, found)
    parts = {key for study in studies.values() for key in study.runs}
    listed = [Entry(key, "runs", "", (run,)) for key, run in found.items() if key not in parts]
    listed += [
        Entry(key, "studies", study.kind, tuple(study.runs.values()))
        for key, study in studies.items()
    ]
    return sorted(listed, key=lambda one: _newness(one.runs), reverse=True)


def _newness(runs: Iterable[Path]) -> tuple[bool, datetime]:
    runs = tuple(runs)
    return any(is_held(run / "lock") for run in runs), max(map(began_at, runs))


def _listed(entry: Entry) -> Listed:
    summaries, now = [summary_of(run) for run in entry.runs], datetime.now(UTC)
    row = row_of_all(summaries, now) if entry.kind else row_of(summaries[0], now)
    return Listed(entry, row)


ROUTES = (web.get("/", runs),)
