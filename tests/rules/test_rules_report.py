"""The report's section on rules."""

from __future__ import annotations

from pathlib import Path

import pytest

from retailsim.analysis.report.content import report
from retailsim.analysis.rules import report as rules_report
from retailsim.analysis.rules.checking import check_run
from retailsim.analysis.rules.report import rules_section
from retailsim.market.rules.rule_file import with_file
from tests.sim.runs import SMALL, launched, small_run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small run of the behavioral sellers, who press buyers to decide."""
    found = tmp_path_factory.mktemp("rules") / "run"
    small_run(found)
    return found


@pytest.mark.slow
def test_the_report_says_which_rules_were_broken_with_a_sentence(run: Path) -> None:
    [section] = [one for one in report(run, {}).sections if one.name == "rules"]
    [shown] = section.tables
    texts = [[cell.text for cell in row] for row in shown.rows]
    pressed = check_run(run).broken.filter(rule="pressing-to-decide", seller="bold-showman")
    [row] = [one for one in texts if one[0] == "pressing-to-decide" and one[2] == "bold-showman"]
    assert row[1] == "report"
    assert row[3] == f"{pressed.height:,}"
    assert row[6] == pressed["by"][0]
    assert "false-urgency" in section.lead
    assert "false-urgency" not in {one[0] for one in texts}


def test_the_section_names_the_rules_that_nobody_broke(run: Path) -> None:
    section = rules_section(run, 100)
    assert section is not None
    checked = check_run(run)
    broken = set(checked.broken["rule"])
    named = section.lead.partition("Never broken: ")[2].removesuffix(".").split(", ")
    assert broken
    assert {"false-urgency"} <= {*named} <= {rule.id for rule in checked.rules.rules} - broken


def test_a_run_without_texts_has_no_section(tmp_path: Path) -> None:
    launched(tmp_path / "run", *SMALL, "--set", "design.transcripts=false")
    assert rules_section(tmp_path / "run", 100) is None


def test_the_table_has_its_title_and_a_head_for_each_column(run: Path) -> None:
    section = rules_section(run, 100)
    assert section is not None
    [shown] = section.tables
    assert shown.title == "Rules that were broken"
    assert shown.columns[:5] == ("", "Level", "Seller", "Times", "Episodes")
    assert {len(row) for row in shown.rows} == {len(shown.columns)}


def test_a_long_sentence_is_cut(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules_report, "_WIDEST", 20)
    section = rules_section(run, 100)
    assert section is not None
    texts = {row[0].text: [cell.text for cell in row] for row in section.tables[0].rows}
    sentence = texts["pressing-to-decide"][6]
    assert len(sentence) == 20
    assert sentence.endswith("...")
    broken = check_run(run).broken.filter(rule="pressing-to-decide")["by"]
    assert any(said.startswith(sentence.removesuffix("...")) for said in broken)


def test_a_budget_is_shown_with_its_limit_and_other_rules_without_one(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(
        '[[rule]]\nid = "greets"\nsource = "house"\nwhy = "No."\nlevel = "budget"\n'
        'limit = 0.125\nsays = ["you"]\n'
    )
    rules = with_file(file)
    monkeypatch.setattr(rules_report, "check_run", lambda run: check_run(run, rules))
    section = rules_section(run, 100)
    assert section is not None
    [shown] = section.tables
    place = shown.columns.index("Limit")
    limits = {row[0].text: row[place].text for row in shown.rows}
    assert limits.pop("greets") == "12.5%"
    assert {*limits.values()} == {""}


def test_a_run_of_just_so_many_episodes_is_gone_through(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules_report, "MOST_EPISODES", 10)
    section = rules_section(run, 10)
    assert section is not None
    assert section.tables


def test_of_a_huge_run_the_section_says_where_to_look(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules_report, "MOST_EPISODES", 10)
    section = rules_section(run, 11)
    assert section is not None
    assert section.lead == "With more than 10 episodes, see policy check."
