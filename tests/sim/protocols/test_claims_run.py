"""A script that lies no longer wins for free: what is found, what comes back, who is warned."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from retailsim import analysis
from retailsim.analysis.report.content import report
from retailsim.analysis.report.page import page
from tests.sim.runs import launched, sim

OPENING = (
    "Good evening, and thank you for being here. Tonight I have the {title} for you, at {price}."
)
CLOSING = "So have a look at it, and take your time."
HONEST = (
    OPENING,
    "The sheet says: {feature1}. It also says: {feature2}. That is what I can tell you about it"
    " for certain.",
    "Does it suit everybody? No, and you know best what you need. If it is not for you, you can"
    " send it back.",
    CLOSING,
)
LYING = (
    OPENING,
    "The sheet says: {feature1}. And I tell you, it is the best in the world. Doctors recommend it,"
    " and it comes with a lifetime warranty.",
    "Does it suit everybody? Yes. It lasts forever, guaranteed. Nothing else on the market comes"
    " close.",
    CLOSING,
)
LIES = 4
"""Sentences of `LYING` that no sheet carries."""

SCENARIO = """
[run]
name = "scripts"
seed = 5
[products]
per_category = 15
[issues]
weights = { "shipping delay" = 1.0 }
[[sellers]]
id = "honest"
agent = "script"
pitch_file = "honest.txt"
stream = "shop"
[[sellers]]
id = "lying"
agent = "script"
pitch_file = "lying.txt"
stream = "shop"
[[buyers]]
id = "easy-shopper"
agent = "easy-shopper"
[[buyers]]
id = "steady-planner"
agent = "steady-planner"
"""


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("claims")
    (folder / "scripts.toml").write_text(SCENARIO)
    (folder / "honest.txt").write_text("\n\n".join(HONEST))
    (folder / "lying.txt").write_text("\n\n".join(LYING))
    for reader in ("rules", "none"):
        launched(folder / reader, folder / "scripts.toml", "--set", f'claims.reader="{reader}"')
    return {reader: folder / reader for reader in ("rules", "none")}


def sellers(run: Path) -> dict[str, dict[str, Any]]:
    told = json.loads(sim("replay", run, "--json").stdout)
    return {row["seller"]: row for row in told["sellers"]}


@pytest.mark.slow
def test_a_lying_script_sells_more_and_it_comes_back(runs: dict[str, Path]) -> None:
    read, unread = sellers(runs["rules"]), sellers(runs["none"])
    assert read["lying"]["conversion_rate"] > read["honest"]["conversion_rate"] + 0.05
    assert read["lying"]["refund_rate"] > unread["lying"]["refund_rate"] + 0.05
    assert read["lying"]["net_revenue_cents"] < unread["lying"]["net_revenue_cents"]


def test_an_honest_script_is_not_touched(runs: dict[str, Path]) -> None:
    """Negative control: everything it does is the same, whether anybody reads or not."""
    assert sellers(runs["rules"])["honest"] == sellers(runs["none"])["honest"]


def test_each_lie_is_counted_in_each_episode_that_heard_it(runs: dict[str, Path]) -> None:
    read = sellers(runs["rules"])
    assert read["lying"]["unsupported_claims"] == LIES
    assert read["honest"]["unsupported_claims"] == 0
    assert sellers(runs["none"])["lying"]["unsupported_claims"] == 0


def test_the_issue_of_a_lie_is_not_as_described(runs: dict[str, Path]) -> None:
    episodes = analysis.load(runs["rules"]).episodes
    wrong = episodes.filter(pl.col("issue") == "not as described")
    assert set(wrong["seller"]) == {"lying"}
    bought = episodes.filter(pl.col("seller") == "lying", pl.col("orders") > 0)
    assert 0.6 < wrong.height / bought.height < 0.9  # 1 - 0.7 ** 4 is 0.76
    unread = analysis.load(runs["none"]).episodes
    assert "not as described" not in set(unread["issue"])


@pytest.mark.slow
def test_the_published_setting_is_one_key_away(runs: dict[str, Path]) -> None:
    """Claims are found and change no order: as nobody checked them in the published runs."""
    scenario, out = runs["rules"].parent / "scripts.toml", runs["rules"].parent / "published"
    launched(out, scenario, "--set", "issues.overclaim_rate=0")
    loaded = analysis.load(out)
    assert loaded.tables["claims"].height == analysis.load(runs["rules"]).tables["claims"].height
    assert "not as described" not in set(loaded.episodes["issue"])
    assert "not as described" in set(analysis.load(runs["rules"]).episodes["issue"])


def test_there_is_a_frame_of_claims(runs: dict[str, Path]) -> None:
    claims = analysis.load(runs["rules"]).tables["claims"]
    assert set(claims["seller"]) == {"lying"}
    assert claims["episode"].null_count() == claims.height == LIES * 60
    assert set(claims["kind"]) == {"superlative", "endorsement", "guarantee"}
    assert "It lasts forever, guaranteed." in set(claims["sentence"])
    assert analysis.load(runs["none"]).tables["claims"].is_empty()


def test_replay_warns_of_claims(runs: dict[str, Path]) -> None:
    said = " ".join(sim("replay", runs["rules"]).stdout.split())
    assert "claims no product sheet supports, per episode: lying 4.0; see the report" in said
    assert "claims no product sheet" not in sim("replay", runs["none"]).stdout


@pytest.mark.slow
def test_the_report_shows_the_sentences(runs: dict[str, Path]) -> None:
    found = report(runs["rules"], {})
    [warning] = [one for one in found.warnings if "product sheets do not carry" in one]
    assert "(lying 240 sentences)" in warning
    [section] = [one for one in found.sections if one.name == "claims"]
    assert "It lasts forever, guaranteed." in page(found)
    assert section.tables[0].rows[0][0].text == "lying"
    quiet = report(runs["none"], {})
    assert not any("product sheets" in one for one in quiet.warnings)
    assert "claims" not in [one.name for one in quiet.sections]


def test_an_unknown_reader_is_one_line(runs: dict[str, Path]) -> None:
    scenario = runs["rules"].parent / "scripts.toml"
    done = sim("launch", scenario, "--set", 'claims.reader="gpt"', "--dry-run")
    assert done.exit_code == 2
    assert "claims.reader" in done.stderr
    assert "none" in done.stderr
    assert "rules" in done.stderr
