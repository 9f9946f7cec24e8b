"""`sweep`: arms in a folder that goes on, a table, and the best with what is as good."""

from __future__ import annotations

import json
import shutil
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from retailsim.analysis.measures.interval_text import MARKED_ROUGH, ROUGH_MARK
from retailsim.analysis.projection.loader import load
from tests.sim.modelserver import serving
from tests.sim.runs import sim

SMALL = ("--set", "products.per_category=2")
KEY = "design.discount=0,0.3"


def swept(*words: object) -> dict[str, Any]:
    result = sim("sweep", "pairwise", *words, *SMALL, "--json")
    assert result.exit_code == 0, result.stderr
    said: dict[str, Any] = json.loads(result.stdout)
    return said


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("sweep") / "out"
    swept(KEY, "--out", out)
    return out


def test_arms_are_what_launches_of_one_seed_are(folder: Path, tmp_path: Path) -> None:
    """The second way: a launch with --set, and the differences added up by hand."""
    said = swept(KEY, "--out", folder)
    assert list(said["runs"]) == ["0", "0.3"]
    result = sim("launch", *SMALL, "--set", "design.discount=0.3", "--out", tmp_path / "run")
    assert result.exit_code == 0, result.stderr
    own = load(tmp_path / "run").episodes
    arm = load(Path(said["runs"]["0.3"])).episodes
    assert arm.equals(own)
    outcome = said["outcome"]
    assert outcome["pairs"] == own.height == 200
    before, after = (
        int(frame["profit_cents"].sum()) for frame in (load(Path(said["runs"]["0"])).episodes, own)
    )
    best = outcome["best"]
    behind = best["rivals"][0]["behind"]["estimate"]
    assert behind == pytest.approx(abs(after - before) / 200)
    assert best["label"] == ("0.3" if after > before else "0")


@pytest.mark.slow
def test_the_same_words_go_on_with_what_is_missing(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(folder, out)
    shutil.rmtree(out / "02-0.3")
    [log] = (out / "01-0" / "events").glob("*.jsonl")
    written = log.stat().st_mtime_ns
    first, again = swept(KEY, "--out", folder), swept(KEY, "--out", out)
    assert again["outcome"] == first["outcome"]
    assert log.stat().st_mtime_ns == written


@pytest.mark.parametrize("words", [("design.discount=0,0.2",), (KEY, "--seed", 2)])
def test_other_words_are_refused(words: tuple[object, ...], folder: Path) -> None:
    result = sim("sweep", "pairwise", *words, *SMALL, "--out", folder)
    assert result.exit_code == 2
    line = (
        f"error: {folder} holds the runs of another sweep: choose another --out, or go on with it "
    )
    assert (
        result.stderr == line + f"by the words that it was begun with ({folder / 'sweep.json'})\n"
    )
    launch = sim("launch", *SMALL, "--out", folder)
    assert launch.stderr == f"error: {folder} exists and is not empty: choose another --out\n"


@pytest.mark.slow
def test_what_a_person_reads_fits_80_columns_and_says_the_verdict_first(folder: Path) -> None:
    result = sim("sweep", "pairwise", KEY, *SMALL, "--out", folder)
    assert result.exit_code == 0, result.stderr
    lines = result.stdout.splitlines()
    verdict = next(n for n, line in enumerate(lines) if line.startswith("Best by profit per"))
    assert "discount = " in lines[verdict + 1]
    assert all(len(line.rstrip()) <= 80 for line in lines if str(folder) not in line)
    assert sum(line.startswith(("0 ", "0.3 ")) and "o" in line for line in lines) == 2
    assert lines.count(MARKED_ROUGH) == 1
    assert sum(f" {ROUGH_MARK}$" in line for line in lines) == 2, "the refunds of both"


@pytest.mark.slow
def test_that_no_cost_is_known_is_said_where_revenue_stands_for_profit(
    folder: Path, tmp_path: Path
) -> None:
    shop = tmp_path / "shop.csv"
    rows = [f"{n},Lamp {n},{n + 5}.00,Home" for n in range(4)]
    shop.write_text("\n".join(("id,title,price,category", *rows)))
    words = ("pairwise", KEY, "--catalog", shop, "--sellers", "quiet-clerk")
    result = sim("sweep", *words, "--out", tmp_path / "out")
    assert "Best by net revenue per episode: " in result.stdout
    assert "No profit: no unit cost is known" in result.stdout
    assert "No profit" not in sim("sweep", "pairwise", KEY, *SMALL, "--out", folder).stdout


@pytest.mark.slow
def test_a_setting_that_changes_nothing_is_said_to(tmp_path: Path) -> None:
    said = swept("design.start=2026-01-05,2026-02-02", "--out", tmp_path / "out")
    assert said["verdict"] == ["All runs are the same: design.start changed no profit."]


@pytest.mark.slow
def test_a_file_that_is_missing_is_found_before_anything_is_played(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Here is the {title} for {price}.\n")
    asked = tmp_path / "shop.toml"
    asked.write_text(
        '[[sellers]]\nid = "s"\nagent = "script"\npitch_file = "a.txt"\n[[buyers]]\nid = "b"\n'
    )
    out = tmp_path / "out"
    result = sim("sweep", asked, "sellers.s.pitch_file=a.txt,b.txt", *SMALL, "--out", out)
    assert result.exit_code == 2
    assert f"there is no file {tmp_path / 'b.txt'}" in result.stderr
    assert "1 of 2" not in result.stderr
    (tmp_path / "b.txt").write_text("Take the {title}.\n")
    result = sim("sweep", asked, "sellers.s.pitch_file=a.txt,b.txt", *SMALL, "--out", out)
    assert result.exit_code == 0, result.stderr
    end = next(line for line in result.stdout.splitlines() if line.endswith("their draws"))
    assert "sellers.s.pitch_file" not in end  # folded, as a long path leaves no room


def test_a_wrong_value_is_found_before_anything_is_played(tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = sim("sweep", "pairwise", "design.discount=0,7", *SMALL, "--out", out)
    assert result.exit_code == 2
    assert "discount" in result.stderr
    assert not out.exists()


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ((KEY, "--measure", "conversoin"), "did you mean conversion?"),
        (("design.discuont=0,1",), "did you mean discount?"),
        (("discount=0,1",), "did you mean design.discount?"),
    ],
)
def test_a_wrong_name_gets_the_one_that_is_meant(
    words: tuple[str, ...], problem: str, tmp_path: Path
) -> None:
    result = sim("sweep", "pairwise", *words, "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert problem in result.stderr


@pytest.mark.slow
def test_one_budget_is_for_all_arms_and_more_of_it_goes_on(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with serving() as server:
        model = (
            f'models.m={{provider="openai-compatible", model="x", base_url="{server.url}", '
            "price={input=1.0, output=4.0}}"
        )
        words = (
            "sweep", "pairwise", KEY, "--sellers", "m", "--buyers", "easy-shopper",
            "--set", model, "--set", "products.per_category=1", "--out", out, "--json",
        )  # fmt: skip
        stopped = sim(*words, "--budget", 0.0001)
        ended = sim(*words, "--budget", 5)
    assert stopped.exit_code == 3
    assert f"to continue the sweep, repeat the command with --out {out}" in stopped.stderr
    assert ended.exit_code == 0, ended.stderr


def test_the_size_of_all_arms_is_told_before_anything_is_played(tmp_path: Path) -> None:
    words = (KEY, "--dry-run", "--out", tmp_path / "out", *SMALL)
    result = sim("sweep", "pairwise", *words)
    assert result.exit_code == 0
    assert "2 runs, 400 episodes" in result.stdout
    assert not (tmp_path / "out").exists()
    assert json.loads(sim("sweep", "pairwise", *words, "--json").stdout)["episodes"] == 400


@pytest.mark.parametrize(
    ("keys", "best"),
    [(("design.discount=0,0.3",), "discount = 0"), (("design.start=2026-01-05,2026-02-02",), "")],
)
@pytest.mark.slow
def test_a_page_holds_the_verdict_a_figure_for_each_measure_and_every_arm(
    keys: tuple[str, ...], best: str, tmp_path: Path
) -> None:
    """Numbers are a curve, other values points below one another; the second way is the JSON."""
    words = (*keys, "--out", tmp_path / "out")
    said = swept(*words)
    result = sim("sweep", "pairwise", *words, *SMALL, "--html")
    assert result.exit_code == 0, result.stderr
    path = tmp_path / "out" / "sweep.html"
    assert f"page: {path}" in result.stderr
    text = unescape(path.read_text())
    assert " ".join(said["verdict"]) in text
    assert best in text
    assert text.count("<figure") == text.count("<svg") == len(said["outcome"]["shown"]) == 4
    for arm in said["outcome"]["arms"]:
        conversion = arm["estimates"]["conversion_rate"]["value"]
        assert f"<td>{conversion:.1%}<small" in text
    assert "<script" not in text
    assert text.count("allows for being picked as the best") == 1
    assert "one of the same kind, at least as wide, for it was picked" in text


@pytest.mark.slow
def test_the_interval_at_the_top_holds_that_of_the_same_number_in_the_table(tmp_path: Path) -> None:
    """And no net revenue is below nothing, though six dear and cheap products say so little."""
    asked = ("pairwise", "design.discount=0,0.1", "--measure", "net_revenue")
    size = ("--sellers", "plain-dealer", "--set", "products.per_category=1")
    result = sim("sweep", *asked, *size, "--out", tmp_path / "out", "--json", "--html")
    assert result.exit_code == 0, result.stderr
    outcome = json.loads(result.stdout)["outcome"]
    best = outcome["best"]
    [arm] = (one for one in outcome["arms"] if one["label"] == best["label"])
    own = arm["estimates"]["net_revenue_cents"]
    assert best["over"] is None and own["value"] == best["value"]
    assert 0.0 <= best["interval"]["low"] <= own["interval"]["low"]
    assert best["interval"]["high"] >= own["interval"]["high"]
    assert best["interval"]["method"] == own["interval"]["method"]
    text = unescape((tmp_path / "out" / "sweep.html").read_text())
    for ends in (best["interval"], own["interval"]):
        assert f"${ends['low'] / 100:,.2f} to ${ends['high'] / 100:,.2f}" in text
