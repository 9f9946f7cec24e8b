"""Scores by hand: means, votes, ties, agreement; people and models apart; dirty rows named."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import msgspec
import pytest
from rich.console import Console
from scipy.stats import binomtest, t

from retailsim.analysis.annotation import form
from retailsim.analysis.annotation.answers import Filled, read_key, read_ratings
from retailsim.analysis.annotation.errors import BadKey, BadRatings
from retailsim.analysis.annotation.items import AnswerKey
from retailsim.analysis.annotation.score_tables import score_tables
from retailsim.analysis.annotation.scores import Scores, score
from retailsim.analysis.protocols.retail.fidelity import fidelity
from tests.annotation.exports import by, hostile_sheet, key_of, saved

PITCHES = key_of(("i1", "pitch", None), ("i2", "pitch", None), ("i3", "pitch", None))
PAIRS = key_of(
    *((f"p{number}", "buyer_pickiness", "A" if number % 2 else "B") for number in range(5))
)


def read(tmp_path: Path, key: AnswerKey, text: str, name: str = "ratings-ann.csv") -> Filled:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return read_ratings(path, key)


def test_a_mean_is_of_the_items_means_with_students_interval() -> None:
    ann, bo = by("ann", {"i1": 4, "i2": 2, "i3": 3}), by("bo", {"i1": 5, "i2": 2})
    [task] = score(PITCHES, [ann, bo]).tasks
    means = [4.5, 2.0, 3.0]
    middle = sum(means) / 3
    spread = (sum((one - middle) ** 2 for one in means) / 2) ** 0.5
    half = float(t.ppf(0.975, 2)) * spread / 3**0.5
    assert task.mean.value == pytest.approx(middle)
    assert (task.mean.n, task.ratings) == (3, 5)
    assert task.mean.interval is not None
    assert task.mean.interval.low == pytest.approx(max(1.0, middle - half))
    assert task.mean.interval.high == pytest.approx(min(5.0, middle + half))


def test_alpha_is_the_published_example() -> None:
    """Krippendorff (2011), four observers of twelve units: 0.743 nominal, 0.815 ordinal."""
    table = [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
        [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
    ]
    key = key_of(*((f"i{number}", "pitch", None) for number in range(12)))
    raters = [
        by(f"r{row}", {f"i{n}": value for n, value in enumerate(said) if value is not None})
        for row, said in enumerate(table)
    ]
    [task] = score(key, raters).tasks
    assert task.alpha.estimate == pytest.approx(0.815, abs=5e-4)
    assert task.alpha.interval is not None
    assert task.alpha.interval.low < 0.815 < task.alpha.interval.high
    assert task.alpha.note == ""


def test_little_agreement_is_said_to_be_below_the_bar() -> None:
    ann, bo = by("ann", {"i1": 1, "i2": 5, "i3": 3}), by("bo", {"i1": 5, "i2": 1, "i3": 3})
    [task] = score(PITCHES, [ann, bo]).tasks
    assert task.alpha.estimate is not None
    assert task.alpha.estimate < 0.67
    assert task.alpha.note == "below 0.67"


def test_a_majority_decides_a_tie_is_counted_and_the_test_is_exact() -> None:
    rights = {answer.id: answer.right or "" for answer in PAIRS.items}
    wrong = {id_: "B" if right == "A" else "A" for id_, right in rights.items()}
    ann = by("ann", rights)
    bo = by("bo", {**rights, "p0": wrong["p0"], "p1": wrong["p1"]})
    cy = by(
        "cy", {id_: value for id_, value in rights.items() if id_ != "p1"} | {"p0": wrong["p0"]}
    )
    [trait] = score(PAIRS, [ann, bo, cy]).traits
    assert (trait.items, trait.ties, trait.correct, trait.ratings) == (5, 1, 3, 14)
    assert trait.accuracy.n == 4
    assert trait.accuracy.estimate == pytest.approx(3 / 4)
    assert trait.accuracy.p == pytest.approx(binomtest(3, 4, 0.5).pvalue)
    assert trait.accuracy.interval is not None
    assert trait.accuracy.interval.method == "Clopper-Pearson"


def test_where_all_votes_are_ties_table_1_says_why_it_has_no_share() -> None:
    ann, bo = by("ann", {"p0": "A", "p1": "A"}), by("bo", {"p0": "B", "p1": "B"})
    rows = {row.label: row.values for row in fidelity(score(PAIRS, [ann, bo])).rows}
    rated, alpha, *_ = rows["buyer pickiness, by people"]
    assert (rated.measured.value, rated.measured.n) == (None, 0)
    assert rated.measured.note == "nothing was counted"
    assert alpha.measured.value is not None


def test_a_single_rater_has_no_alpha_and_nothing_is_nan() -> None:
    scores = score(PITCHES, [by("ann", {"i1": 4})])
    [task] = scores.tasks
    assert task.alpha.estimate is None
    assert task.alpha.note == "a single rater"
    assert task.mean.interval is None
    assert b"NaN" not in msgspec.json.encode(scores)
    assert scores.traits == ()


def test_people_and_models_are_never_put_together_and_models_are_marked() -> None:
    ann = by("ann", {"i1": 5, "i2": 5})
    model = by("model:openai/m", {"i1": 1, "i2": 1}, "model")
    scores = score(PITCHES, [ann, model])
    assert [(task.kind, task.mean.value) for task in scores.tasks] == [
        ("person", 5.0),
        ("model", 1.0),
    ]
    assert [rater.label for rater in scores.raters] == ["ann", "model: openai/m"]


def test_a_rater_counts_once_and_somebody_has_to_rate() -> None:
    with pytest.raises(BadRatings, match="ann: two files of one rater"):
        score(PITCHES, [by("ann", {"i1": 1}), by("ann", {"i1": 2})])
    with pytest.raises(BadRatings, match="no rating that can be used"):
        score(PITCHES, [by("ann", {})])


def test_csv_and_json_give_the_same_scores(tmp_path: Path) -> None:
    key = key_of(("i1", "pitch", None), ("i2", "seller_friendliness", "B"))
    values = {"i1": "4", "i2": "b"}
    rows = list(csv.DictReader(io.StringIO(form.table(hostile_sheet()))))
    assert [row["rating"] for row in rows] == ["", ""]
    text = io.StringIO()
    writer = csv.DictWriter(text, form.COLUMNS, delimiter=";")
    writer.writeheader()
    writer.writerows({**row, "rating": values[row["item"]]} for row in rows)
    spread = read(tmp_path, key, "\ufeff" + text.getvalue())
    formed = read(tmp_path, key, saved(key, "ann", {"i1": 4, "i2": "B"}), "any.json")
    assert spread.ratings == formed.ratings
    assert not spread.dirty
    both: list[Scores] = [score(key, [one.ratings]) for one in (spread, formed)]
    assert both[0] == both[1]
    assert both[0].traits[0].correct == 1


def test_dirty_rows_are_named_by_line_and_left_out(tmp_path: Path) -> None:
    key = key_of(("i1", "pitch", None), ("i2", "pitch", None), ("p1", "buyer_pickiness", "A"))
    text = 'item,context,rating\ni1,"two\nlines",7\ni2,,4\nzz,,1\np1,,3\ni2,,5\ni1,,\n'
    filled = read(tmp_path, key, text)
    assert filled.ratings.values == {"i2": 4}
    place = tmp_path / "ratings-ann.csv"
    assert filled.dirty == (
        f"{place}:2: item i1: rating '7': 1, 2, 3, 4 or 5 is allowed",
        f"{place}:5: item 'zz': the key has no item of this name",
        f"{place}:6: item p1: rating '3': A or B is allowed",
        f"{place}:7: item i2: rated a second time; the first rating counts",
    )


def test_dirty_entries_of_a_form_are_named_by_line(tmp_path: Path) -> None:
    text = saved(PITCHES, "ann", {"i1": True, "i2": 4.5, "i3": 3})
    filled = read(tmp_path, PITCHES, text, "r.json")
    assert filled.ratings.values == {"i3": 3}
    assert [line.split(": ")[0] for line in filled.dirty] == [
        f"{tmp_path / 'r.json'}:2",
        f"{tmp_path / 'r.json'}:3",
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "it holds no ratings from a form"),
        (saved(key_of(), "a", {}).replace("e1", "other"), "ratings of another export, 'other'"),
        (saved(key_of(), "a", {}, kind="robot"), "it holds no ratings from a form"),
        ("a,b\n1,2\n", "neither a form's JSON nor a table with item and rating"),
        ("", "neither a form's JSON nor a table with item and rating"),
    ],
)
def test_a_file_that_is_no_rating_is_one_clear_line(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(BadRatings, match=says) as caught:
        read(tmp_path, PITCHES, text, "file")
    assert str(caught.value).startswith(str(tmp_path / "file"))
    assert "\n" not in str(caught.value)


def test_bytes_that_are_no_utf8_are_said_to_be_so(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_bytes(b"item,rating\n\xe9,1\n")
    with pytest.raises(BadRatings, match="byte 12 is not UTF-8"):
        read_ratings(tmp_path / "r.csv", PITCHES)


def test_a_key_is_read_from_its_folder_or_refused(tmp_path: Path) -> None:
    with pytest.raises(BadKey, match=r"key\.json: No such file"):
        read_key(tmp_path)
    (tmp_path / "key.json").write_bytes(msgspec.json.encode(PAIRS))
    assert read_key(tmp_path) == read_key(tmp_path / "key.json") == PAIRS
    (tmp_path / "key.json").write_text(json.dumps({"items": 1}))
    with pytest.raises(BadKey, match="it is not a key"):
        read_key(tmp_path)


def test_who_is_called_a_model_is_one_whatever_its_file_says(tmp_path: Path) -> None:
    text = saved(PITCHES, "model:openai/m", {"i1": 4}, kind="person")
    assert read(tmp_path, PITCHES, text, "r.json").ratings.kind == "model"


def test_each_agent_has_its_own_mean_and_its_own_test() -> None:
    def of(agent: str, *numbers: int) -> dict[str, str]:
        return {f"p{number}": agent for number in numbers}

    agents = of("one", 0, 1, 2) | of("two", 3, 4)
    items = tuple(
        msgspec.structs.replace(answer, agent=agents[answer.id]) for answer in PAIRS.items
    )
    key = msgspec.structs.replace(PAIRS, items=items)
    scores = score(key, [by("ann", dict.fromkeys(agents, "A"))])
    one, two = (found.accuracy for found in scores.traits[0].agents)
    assert (one.n, two.n) == (3, 2)
    assert one.estimate == pytest.approx(1 / 3)
    assert two.estimate == pytest.approx(1 / 2)
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(*score_tables(scores))
    assert "Pairs, by who was rated" in console.export_text()
