"""The scenario's table [rules], and the rules that a run keeps."""

from __future__ import annotations

from pathlib import Path

import pytest

from retailsim.market.rules.rule import RuleSet
from retailsim.market.rules.rule_file import built_in, parsed
from retailsim.sim.rules.rules_table import RULES_FILE, written
from tests.sim.runs import launched, sim

FEW = ("--set", "profiles.count=4", "--sellers", "csi,random-action")


def test_rules_are_written_and_read_as_they_are() -> None:
    assert parsed(written(built_in()).decode(), RULES_FILE, RuleSet()) == built_in()


@pytest.mark.slow
def test_a_run_keeps_its_rules_and_is_verified_by_them(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(
        '[[rule]]\nid = "no-framing"\nwhy = "House."\nsource = "house"\nlevel = "mask"\n'
        'option = ["Persuasion: Framing*"]\n[levels]\nfee-before-purchase = "off"\n'
    )
    run = tmp_path / "run"
    rules = ("--set", f"rules.file={tmp_path / 'mine.toml'}")
    launched(run, "csales", *FEW, *rules)
    (tmp_path / "mine.toml").unlink()
    log = "".join(one.read_text() for one in (run / "events").glob("*.jsonl"))
    assert "Persuasion: Evidence-Based" in log
    assert "Persuasion: Framing" not in log
    assert "ShippingNamed" not in log
    verified = sim("verify", run)
    assert verified.exit_code == 0, verified.stderr
    assert sim("policy", "check", run).exit_code == 0


@pytest.mark.slow
def test_a_retail_run_keeps_its_rules_and_is_verified_by_them(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(
        '[[rule]]\nid = "no-today"\nwhy = "House."\nsource = "house"\nlevel = "mask"\n'
        'says = ["today"]\n'
    )
    few = (
        "--set",
        "products.per_category=1",
        "--sellers",
        "plain-dealer",
        "--buyers",
        "easy-shopper",
    )
    rules = ("--set", f"rules.file={tmp_path / 'mine.toml'}")
    for name, masks in (("kept", "true"), ("not", "false")):
        launched(tmp_path / name, "pairwise", *few, *rules, "--set", f"rules.masks={masks}")
        verified = sim("verify", tmp_path / name)
        assert verified.exit_code == 0, verified.stderr
    assert sim("policy", "check", tmp_path / "kept").exit_code == 0
    found = sim("policy", "check", tmp_path / "not")
    assert found.exit_code == 1
    assert "no-today (mask), plain-dealer" in found.stdout


@pytest.mark.slow
def test_without_masks_everything_is_as_it_was_before_them(tmp_path: Path) -> None:
    run = tmp_path / "run"
    launched(run, "csales", *FEW, "--set", "rules.masks=false")
    log = "".join(one.read_text() for one in (run / "events").glob("*.jsonl"))
    assert "ShippingNamed" not in log
    found = sim("policy", "check", run)
    assert found.exit_code == 1
    assert "fee-before-purchase (mask), csi" in found.stdout


@pytest.mark.parametrize(
    ("setting", "problem"),
    [
        ("rules.masks=3", "rules.masks"),
        ("rules.mask=true", "unknown"),
        ("rules.levels.no-means-no=never", "levels.no-means-no = 'never': choose one of mask"),
        ("rules.levels.no-mean-no=off", "there is no such rule; did you mean no-means-no?"),
        ("rules.file=nowhere.toml", "nowhere.toml: cannot be read: No such file or directory"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(tmp_path: Path, setting: str, problem: str) -> None:
    result = sim("launch", "csales", *FEW, "--set", setting, "--out", tmp_path / "run")
    assert result.exit_code == 2
    assert problem in result.stderr
    assert result.stderr.count("\n") == 1
