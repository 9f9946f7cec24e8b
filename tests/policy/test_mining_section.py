"""The report's chapter of what was mined."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from retailsim.analysis.policy.mining import EVERYONE, mine
from retailsim.analysis.policy.mining_section import MOST_ROWS, mined_section
from retailsim.analysis.policy.mining_words import how, of_buyers, whom
from retailsim.analysis.report.content import report
from retailsim.analysis.report.page import page
from retailsim.sim.studio.overview.reading import read
from tests.policy.planted import log, swayed
from tests.sim.runs import launched


def test_a_chapter_tells_what_holds_and_why_a_weight_is_missing() -> None:
    mined = mine(swayed(1, (0.9, 0.0005), count=4_000))
    section = mined_section(mined)
    assert section is not None
    (less, more) = sorted(section.tables, key=lambda one: one.title, reverse=True)
    assert (more.title, less.title) == ("Moves that go with buying", "Moves that go with leaving")
    ((move, with_, without, change, p, weighted),) = less.rows
    assert (move.text, move.below) == ("Argue", "turn 1, cold; everyone")
    one = next(one for one in mined.patterns if one.move == "Argue")
    assert with_.text == f"{one.association.bought_with:.0%}"
    assert with_.below == f"of {one.association.done:,}"
    assert without.below == f"of {one.association.not_done:,}"
    assert change.text.startswith("-")
    assert p.text == "<0.001"
    assert (weighted.text, weighted.below) == ("–", one.weighted.refused)


def test_how_it_is_compared_names_what_the_errors_are_by() -> None:
    mined = mine(log(1))
    assert f"p and the interval are by {mined.shared}, adjusted by" in how(mined)


def test_patterns_of_some_buyers_are_asked_for_in_any_case() -> None:
    mined = mine(log(1))
    named = {one.value for one in mined.patterns if one.segment != EVERYONE}
    some = sorted(named)[0]
    kept = of_buyers(mined, some.upper())
    assert kept.shared == mined.shared
    assert kept.patterns == tuple(one for one in mined.patterns if some in whom(one))
    assert 0 < len(kept.patterns) < len(mined.patterns)
    assert of_buyers(mined, "nobody of this name").patterns == ()


def test_long_tables_say_what_is_left_out() -> None:
    mined = mine(swayed(1, (0.15, 0.85)))
    many = replace(mined, patterns=mined.patterns * (MOST_ROWS + 2))
    section = mined_section(many)
    assert section is not None
    assert [len(one.rows) for one in section.tables] == [MOST_ROWS, MOST_ROWS]
    assert section.tables[0].note == "2 more with smaller differences are left out."


def test_nothing_told_is_said_and_nothing_supported_is_left_out() -> None:
    section = mined_section(mine(log(1), effect=0.9))
    assert section is not None
    assert section.tables == ()
    assert section.lead.endswith("0 of them told: p at most 5% and at least 90 points apart.")
    assert mined_section(mine(log(1), least=5_000)) is None


@pytest.mark.slow
def test_runs_of_sales_conversations_have_it_and_others_have_not(tmp_path: Path) -> None:
    explored = ("--set", "sellers.csi.options.explore=0.1", "--set", "design.replications=2")
    launched(tmp_path / "sales", "csales", "--sellers", "csi,random-action", *explored)
    found = report(tmp_path / "sales", {})
    assert {"sales", "moves"} < {one.name for one in found.sections}
    assert "Which moves go with buying" in page(found)
    assert "moves" in in_the_studio(tmp_path / "sales")
    launched(tmp_path / "retail", "--set", "products.per_category=1")
    assert "moves" not in [one.name for one in report(tmp_path / "retail", {}).sections]
    assert "moves" not in in_the_studio(tmp_path / "retail")


def in_the_studio(run: Path) -> list[str]:
    """The chapters of the studio's page on a run."""
    return [one.name for make in read(run).sections() if (one := make()) is not None]
