"""`annotate export` and `annotate score`: the way of a run through raters and back."""

from __future__ import annotations

import csv
import errno
import json
import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.annotation.exports import run_of, saved
from tests.sim.runs import launched, sim


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("annotate") / "out"
    done = sim("annotate", "export", run_of("persona-buyers"), "--out", out, "--pairs", 3)
    assert done.exit_code == 0, done.stderr
    assert f"not for raters: {out / 'key.json'}" in done.stdout
    assert "no pairs of seller_assertiveness" in done.stderr
    return out


def rights(out: Path) -> dict[str, str]:
    key = json.loads((out / "key.json").read_text())
    return {item["id"]: item["right"] for item in key["items"]}


def scores(out: Path, *files: Path) -> dict[str, Any]:
    done = sim("annotate", "score", out, *files, "--json")
    assert done.exit_code == 0, done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def filled(out: Path, folder: Path, rater: str, kind: str = "person") -> Path:
    """A file of a rater who finds every right answer, and everything else good."""
    from retailsim.analysis.annotation.answers import read_key

    values = {item: right or 4 for item, right in rights(out).items()}
    path = folder / f"{rater.replace('/', '-')}.json"
    path.write_text(saved(read_key(out), rater, values, kind))
    return path


def test_raters_who_are_right_are_scored_so_by_csv_as_by_json(
    exported: Path, tmp_path: Path
) -> None:
    with (exported / "ratings.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    table = tmp_path / "ratings-cy.csv"
    with table.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        right = rights(exported)
        writer.writerows({**row, "rating": right[row["item"]] or "4"} for row in rows)
    people = [filled(exported, tmp_path, "ann"), filled(exported, tmp_path, "bo")]
    found = scores(exported, *people, table)
    assert [rater["label"] for rater in found["raters"]] == ["ann", "bo", "cy"]
    assert {task["mean"]["value"] for task in found["tasks"]} == {4.0}
    assert {(trait["items"], trait["correct"]) for trait in found["traits"]} == {(3, 3)}
    alone = scores(exported, table)
    assert [task["mean"] for task in alone["tasks"]] == [task["mean"] for task in found["tasks"]]


def test_the_tables_mark_models_and_name_what_is_undefined(exported: Path, tmp_path: Path) -> None:
    files = (filled(exported, tmp_path, "ann"), filled(exported, tmp_path, "openai/m", "model"))
    done = sim("annotate", "score", exported, *files)
    assert done.exit_code == 0, done.stderr
    for words in ("model: openai/m", "people", "models", "undefined: a single", "buyer pickiness"):
        assert words in done.stdout
    assert "nan" not in done.stdout.lower()


def test_a_dirty_row_is_told_and_the_rest_is_scored(exported: Path, tmp_path: Path) -> None:
    path = filled(exported, tmp_path, "ann")
    path.write_text(path.read_text().replace('"rating": 4', '"rating": 9', 1))
    done = sim("annotate", "score", exported, path)
    assert done.exit_code == 0
    assert "rating '9': 1, 2, 3, 4 or 5 is allowed" in done.stderr


def test_a_folder_that_holds_something_is_refused(exported: Path) -> None:
    done = sim("annotate", "export", run_of("persona-buyers"), "--out", exported)
    assert done.exit_code == 2
    assert f"{exported} exists and is not empty" in done.stderr


def test_the_default_place_is_among_what_can_be_made_again(tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(run_of("persona-buyers"), run)
    assert sim("annotate", "export", run, "--each", 1, "--pairs", 0).exit_code == 0
    assert (run / "derived" / "annotation" / "form.html").exists()


@pytest.mark.slow
def test_a_run_without_pairs_of_personas_says_so_and_is_rated(tmp_path: Path) -> None:
    launched(tmp_path / "run", "demographic", "--set", "products.per_category=1")
    done = sim("annotate", "export", tmp_path / "run", "--out", tmp_path / "out")
    assert done.exit_code == 0
    assert "the run has no personas: no pairs, only ratings from 1 to 5" in done.stderr
    assert (tmp_path / "out" / "form.html").exists()


@pytest.mark.parametrize(
    ("scenario", "settings", "says"),
    [
        ("csales", "profiles.count=8", "its protocol has no rating tasks"),
        ("pairwise", "design.transcripts=false", "without texts (design.transcripts)"),
    ],
)
def test_a_run_with_nothing_to_rate_is_one_line_and_status_two(
    tmp_path: Path, scenario: str, settings: str, says: str
) -> None:
    small = ("--set", "products.per_category=1") if scenario == "pairwise" else ()
    launched(tmp_path / "run", scenario, "--set", settings, *small)
    done = sim("annotate", "export", tmp_path / "run", "--out", tmp_path / "out")
    assert done.exit_code == 2
    assert "nothing to rate" in done.stderr
    assert says in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_on_a_full_disk_no_file_is_left_and_the_same_folder_serves_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("annotate", "export", run_of("persona-buyers"), "--out", tmp_path / "out")
    write = Path.write_text

    def full(self: Path, data: str, **more: Any) -> int:
        if self.name == "key.json":
            raise OSError(errno.ENOSPC, "No space left on device", str(self))
        return write(self, data, **more)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_text", full)
        stopped = sim(*words)
    assert stopped.exit_code == 3
    assert "No space left on device" in stopped.stderr
    assert not list(tmp_path.glob("*out*"))
    assert sim(*words).exit_code == 0


def test_the_product_sheet_is_there_to_look_up(exported: Path) -> None:
    with (run_of("persona-buyers") / "inputs" / "products.jsonl").open() as lines:
        features = [json.loads(line)["features"][0] for line in lines]
    with (exported / "ratings.csv").open(encoding="utf-8-sig", newline="") as file:
        pitches = [row for row in csv.DictReader(file) if row["task"] == "pitch"]
    assert pitches
    assert all(any(feature in row["context"] for feature in features) for row in pitches)


def test_the_package_and_its_form_are_shipped() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    assert "retailsim.analysis.annotation" in project["tool"]["setuptools"]["packages"]
    assert "*.html" in project["tool"]["setuptools"]["package-data"]["*"]


@pytest.mark.slow
def test_seats_are_named_and_those_that_differ_in_persona_alone_by_what_plays_them(
    exported: Path, tmp_path: Path
) -> None:
    launched(tmp_path / "run", "pairwise", "--set", "products.per_category=1")
    assert sim("annotate", "export", tmp_path / "run", "--out", tmp_path / "out").exit_code == 0
    assert "bold-showman" in agents(tmp_path / "out", "pitch")
    assert agents(exported, "buyer_pickiness") == agents(exported, "decision") == {"behavioral"}


def agents(out: Path, task: str) -> set[str]:
    key = json.loads((out / "key.json").read_text())
    return {item["agent"] for item in key["items"] if item["task"] == task}
