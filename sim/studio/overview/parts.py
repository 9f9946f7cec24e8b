"""Parts of an overview that depend on who looks, or when: what stands before the chapters."""

from __future__ import annotations

import shlex

from retailsim.sim.folder.currency import in_currency_of
from retailsim.sim.studio.overview.chapters import Chapter, Chapters
from retailsim.sim.studio.overview.heatmap import heatmap
from retailsim.sim.studio.overview.reading import PAIRS
from retailsim.sim.studio.site.pages import fragment
from retailsim.sim.studio.state import State
from retailsim.sim.terminal.program_name import program_name


def preface(chapters: Chapters, state: State) -> str:
    """Return what stands before the chapters, as HTML: how much it is, cautions, contents."""
    resume = (
        f"{program_name()} resume {shlex.quote(str(chapters.run))}"
        if state is State.UNFINISHED
        else ""
    )
    return fragment("preface.html", chapters=chapters, resume=resume)


def shown(one: Chapter, chapters: Chapters, measure: str) -> str:
    """Return a chapter as HTML; the map of pairs shows the measure that is asked for."""
    if one.name != PAIRS:
        return one.html
    with in_currency_of(chapters.run):
        found = heatmap(chapters.replay, chapters.own, measure)
        return "" if found is None else fragment("heatmap.html", map=found, link=chapters.link)
