"""The three regularities, for every agent that plays the buyers: judged, or put in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from retailsim.agents.retail.behavioral.parameters import load_parameters
from retailsim.analysis.experiments.verdicts import (
    NOT_REPRODUCED,
    PUT_IN,
    REPRODUCED,
    UNDECIDED,
)
from retailsim.analysis.projection.loader import load
from retailsim.market.catalogue.product import CATEGORIES
from retailsim.sim.run.launch import read_scenario
from retailsim.sim.run.launch_options import Options
from tests.sim.runs import sim

MINE = """
from retailsim.agents.retail.behavioral.buyer import BehavioralBuyer

class Mine(BehavioralBuyer):
    pass
"""


@pytest.mark.slow
def test_every_agent_is_judged_by_its_own_episodes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A profile of the behavioral buyers, and an agent of one's own: nothing was put into that."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(MINE, encoding="utf-8")
    words = ("--buyers", "careful-saver,mine:Mine", "--set", "design.replications=1")
    result = sim("experiment", "economics", "--out", tmp_path / "out", "--json", *words)
    assert result.exit_code == 0, result.stderr
    outcome = json.loads(result.stdout)["outcome"]
    assert len(outcome["findings"]) == 6
    for finding in outcome["findings"]:
        mine = finding["claim"].startswith("mine:Mine")
        assert mine or finding["verdict"] == PUT_IN
        assert mine == (finding["put_in"] == "")
        assert not mine or finding["verdict"] in (REPRODUCED, NOT_REPRODUCED, UNDECIDED)
    episodes = load(tmp_path / "out" / "demographic").episodes
    for who in ("careful-saver", "mine:Mine"):
        [row] = [row for row in outcome["rows"] if row["label"] == f"{who}: bought"]
        for value, own in zip(row["values"], (True, False), strict=True):
            some = [
                one
                for one in episodes.iter_rows(named=True)
                if one["buyer"].endswith(f"@{who}")
                and one["audience"] in ("men", "women")
                and ((one["audience"] == "men") == (one["buyer_gender"] == "male")) == own
            ]
            share = sum(one["orders"] > 0 for one in some) / len(some)
            assert value["measured"]["value"] == pytest.approx(share)


BLIND = """
[buyer.choice]
price = 0.0
deal = 0.0
"""
SMALL = ("--set", "design.replications=1")


def played(out: Path, parameters: str = "", *words: str) -> dict[str, Any]:
    """The outcome with a file of parameters of one's own."""
    file = out.with_suffix(".toml")
    file.write_text(parameters, encoding="utf-8")
    own = ("--set", f"behavioral.parameters={file}") if parameters else ()
    result = sim("experiment", "economics", "--out", out, "--json", *SMALL, *own, *words)
    assert result.exit_code == 0, result.stderr
    outcome: dict[str, Any] = json.loads(result.stdout)["outcome"]
    return outcome


def judged(out: Path, parameters: str = "", *words: str) -> list[tuple[str, str]]:
    """What each finding is about and its verdict, with a file of parameters of one's own."""
    return _said(played(out, parameters, *words))


def _said(outcome: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["put_in"], one["verdict"]) for one in outcome["findings"]]


@pytest.mark.slow
def test_what_a_file_of_parameters_changes_is_judged_and_nothing_else(tmp_path: Path) -> None:
    blind = played(tmp_path / "blind", BLIND)
    fit, falls, minds = _said(blind)
    marks = [[bool(value["put_in"]) for value in row["values"]] for row in blind["rows"]]
    assert marks == [[True, True], [False], [False, False], [False, False]]
    assert fit == ("Table 2: gender", PUT_IN)
    for mark, said in (falls, minds):
        assert mark == ""
        assert said in (NOT_REPRODUCED, UNDECIDED)
    other = "[buyer.gender_fit.men]\nmale = 1.0\nfemale = -1.0\n"
    fit, falls, minds = judged(tmp_path / "other", other)
    assert fit in (("Table 2: gender", PUT_IN), ("", UNDECIDED))
    assert (falls[1], minds[1]) == (PUT_IN, PUT_IN)


@pytest.mark.slow
def test_a_file_that_says_again_what_is_shipped_puts_it_in_again(tmp_path: Path) -> None:
    shipped = load_parameters(None).buyer.choice
    same = f"[buyer.choice]\nprice = {shipped.price}\ndeal = {shipped.deal}\n"
    assert [said for _, said in judged(tmp_path / "same", same)] == [PUT_IN] * 3


EPSILON = """
[buyer.choice]
price = 1.2500001
[buyer.wallet]
spread = 0.7000001
[buyer.gender_fit]
men = { male = 0.5446001, female = 0.2270 }
"""


@pytest.mark.slow
def test_a_change_too_small_to_tell_changes_no_mark(tmp_path: Path) -> None:
    assert [said for _, said in judged(tmp_path / "epsilon", EPSILON)] == [PUT_IN] * 3


def first_of(
    name: str, out: Path, *settings: str, size: tuple[str, ...] = SMALL
) -> tuple[str, str, str]:
    """The first finding's mark and verdict among those that have one, and all notes."""
    words = [word for setting in settings for word in ("--set", setting)]
    result = sim("experiment", name, "--out", out, "--json", *size, *words)
    assert result.exit_code == 0, result.stderr
    outcome = json.loads(result.stdout)["outcome"]
    first = next(one for one in outcome["findings"] if one["verdict"])
    return first["put_in"], first["verdict"], "\n".join(outcome["notes"])


def for_all(name: str, options: str) -> list[str]:
    """Settings that give all buyers of a scenario the same options."""
    seats = read_scenario(Options(scenario=name))[0].buyers
    return [f"buyers.{seat.id}.options={options}" for seat in seats]


@pytest.mark.slow
def test_options_are_judged_like_parameters_where_all_seats_have_them(tmp_path: Path) -> None:
    one = "buyers.sensitive-1.options.price=0.0"
    assert first_of("elasticity", tmp_path / "one", one)[:2] == ("Elasticity: gap", PUT_IN)
    blind = for_all("elasticity", "{ price = 0.0, deal = 0.0 }")
    mark, said, _ = first_of("elasticity", tmp_path / "all", *blind)
    assert (mark, said in (NOT_REPRODUCED, UNDECIDED)) == ("", True)


@pytest.mark.slow
def test_price_effects_of_another_set_or_an_anchor_are_put_in_by_it(tmp_path: Path) -> None:
    own = 'behavioral.parameters="field"'
    mark, said, notes = first_of("price-demand", tmp_path / "field", own, size=())
    assert (mark, said) == ("Table 3: price", PUT_IN)
    assert "set by the parameter set field" in notes
    assert "targets" not in notes
    # The presets' buyers have an inclination of their own, so levels stand in for a solved anchor.
    steep = ", ".join(f"{name} = {{ price = 2.0 }}" for name in CATEGORIES)
    anchored = for_all("price-demand", f"{{ levels = {{ {steep} }} }}")
    mark, said, notes = first_of("price-demand", tmp_path / "anchor", *anchored, size=())
    assert (mark, said) == ("Table 3: price", PUT_IN)
    assert "set by levels of the buyers ([anchor])" in notes
    assert "targets" not in notes
