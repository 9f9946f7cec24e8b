"""A rater's journal: what stands at its end, scored like a form's file; second ratings apart."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rich.console import Console

from retailsim.analysis.annotation.answers import Filled, Value, read_ratings
from retailsim.analysis.annotation.errors import BadRatings
from retailsim.analysis.annotation.items import AnswerKey
from retailsim.analysis.annotation.journal import (
    Act,
    Flagged,
    Head,
    Rated,
    Standing,
    Undone,
    line_of,
)
from retailsim.analysis.annotation.presentation import Place, presented
from retailsim.analysis.annotation.score_tables import score_tables
from retailsim.analysis.annotation.scores import score
from tests.annotation.exports import by, key_of, saved

KEY = key_of(
    *((f"i{number}", "pitch", None) for number in range(8)),
    *((f"p{number}", "buyer_pickiness", "A") for number in range(4)),
)


def journal(folder: Path, *acts: Act, rater: str = "ann", export: str = "e1") -> Path:
    """A journal on the disk."""
    path = folder / f"ratings-{rater}.jsonl"
    lines = [line_of(record) for record in (Head(export=export, rater=rater), *acts)]
    path.write_bytes(b"".join(lines))
    return path


def read(folder: Path, *acts: Act) -> Filled:
    return read_ratings(journal(folder, *acts), KEY)


# -- the order ---------------------------------------------------------------------------------

ITEMS = [f"i{number}" for number in range(60)]


@settings(max_examples=50)
@example(3, 50, 1, "ann")
@given(st.integers(1, 24), st.integers(0, 50), st.integers(), st.text(max_size=9))
def test_everything_is_shown_once_and_a_share_again_half_a_list_later(
    count: int, repeats: int, seed: int, rater: str
) -> None:
    items = [f"i{number}" for number in range(count)]
    shown = presented(items, rater, seed=seed, repeats=repeats)
    first = [place.item for place in shown if not place.again]
    again = [place.item for place in shown if place.again]
    assert sorted(first) == sorted(items)
    assert len(set(again)) == len(again) == min(count // 2, int(count * repeats / 100 + 0.5))
    for item in again:
        between = shown[shown.index(Place(item)) + 1 : shown.index(Place(item, again=True))]
        assert sum(not place.again for place in between) >= count // 2


def test_the_order_hangs_on_the_seed_and_the_rater_and_on_nothing_else() -> None:
    ann = presented(ITEMS, "ann", seed=1)
    assert ann == presented(ITEMS[::-1], "ann", seed=1)
    assert len({ann, presented(ITEMS, "bo", seed=1), presented(ITEMS, "ann", seed=2)}) == 3
    assert len(ann) == 63


def test_over_raters_every_item_stands_everywhere_and_is_as_often_repeated() -> None:
    orders = [presented(ITEMS, f"rater {number}", seed=1) for number in range(400)]
    places = [order.index(Place("i7")) for order in orders]
    assert 28 < sum(places) / 400 < 34  # half of 62; the standard error is 0.9
    repeated = sum(Place("i7", again=True) in order for order in orders)
    assert 8 <= repeated <= 36  # 5 % of 400 is 20, with a standard deviation of 4.4


# -- what stands -------------------------------------------------------------------------------


def test_the_same_answers_by_page_and_by_form_give_the_same_scores(tmp_path: Path) -> None:
    said: dict[str, Value] = {"i0": 4, "i1": 2, "i2": 5, "p0": "A", "p1": "B"}
    form = tmp_path / "ratings-ann.json"
    form.write_text(saved(KEY, "ann", said))
    acts: list[Act] = [Rated(item=item, rating=rating) for item, rating in said.items()]
    acts += [Rated(item="i0", again=True, rating=1), Flagged(item="i1", flag=True)]
    by_form, by_page = (read_ratings(path, KEY) for path in (form, journal(tmp_path, *acts)))
    other = by("bo", {"i0": 3, "i1": 2, "p0": "A"})
    plain, paged = (score(KEY, [one.ratings, other]) for one in (by_form, by_page))
    assert (paged.tasks, paged.traits) == (plain.tasks, plain.traits)
    assert by_page.dirty == by_form.dirty == ()
    assert plain.self_agreement == ()
    [twice] = paged.self_agreement
    assert (twice.rater, twice.items, twice.same.value, twice.difference) == ("ann", 1, 0.0, 3.0)


def test_the_last_rating_counts_and_what_was_taken_back_does_not(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        Rated(item="i0", rating=1),
        Rated(item="i0", rating=2),
        Rated(item="i1", rating=3),
        Undone(),  # i1 is open again
        Rated(item="i2", rating=4),
        Rated(item="i2", rating=5),
        Undone(),  # i2 is 4 again
    )
    assert found.ratings.values == {"i0": 2, "i2": 4}
    assert found.dirty == ()


@given(st.lists(st.sampled_from([1, 2, 3, 0]), max_size=30))
def test_undoing_everything_leaves_nothing_and_undoing_one_what_was_before(
    said: list[int],
) -> None:
    standing, history = Standing(), [dict[str, int]()]
    for line, value in enumerate(said, 2):
        if value == 0:
            assert bool(standing.add(Undone(), line)) is (len(history) == 1)
            history = history[:-1] or history
        else:
            item = f"i{line % 3}"
            assert standing.add(Rated(item=item, rating=value), line) == ""
            history.append({**history[-1], item: value})
        stands = {place.item: stood.rating for place, stood in standing.ratings.items()}
        assert stands == history[-1]


def test_times_add_up_and_flags_can_be_taken_away(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        Rated(item="i0", rating=1, seconds=10.0),
        Undone(),
        Rated(item="i0", rating=2, seconds=5.5),
        Rated(item="i0", again=True, rating=2, seconds=3.0),
        Rated(item="i1", rating=2),
        Flagged(item="i1", flag=True),
        Flagged(item="i2", flag=True),
        Flagged(item="i2", flag=False),
    )
    assert found.ratings.seconds == {"i0": 18.5}
    assert found.ratings.flagged == ("i1",)
    [rater] = score(KEY, [found.ratings]).raters
    assert (rater.rated, rater.seconds, rater.flagged) == (2, 18.5, ("i1",))


def test_what_cannot_be_used_is_named_by_line_and_the_rest_is_scored(tmp_path: Path) -> None:
    path = journal(
        tmp_path,
        Undone(),
        Rated(item="i0", rating=6),
        Rated(item="zz", rating=4),
        Rated(item="i1", rating=4),
        Rated(item="i1", again=True, rating="A"),
    )
    with path.open("ab") as file:
        file.write(b'nonsense\n{"act":"rated","item":"i2","rat')
    found = read_ratings(path, KEY)
    assert (found.ratings.values, found.ratings.again) == ({"i1": 4}, {})
    undone, nonsense, torn, *others = found.dirty
    assert undone == f"{path}:2: there is no rating that could be taken back; it is left out"
    assert nonsense.startswith(f"{path}:7: no line of a journal: ")
    assert torn == f"{path}:8: it breaks off, and was never confirmed to the rater; it is left out"
    assert others == [
        f"{path}:3: item i0: rating '6': 1, 2, 3, 4 or 5 is allowed",
        f"{path}:4: item 'zz': the key has no item of this name",
        f"{path}:6: item i1: rating 'A': 1, 2, 3, 4 or 5 is allowed",
    ]


def test_a_journal_of_another_export_or_without_its_beginning_is_refused(tmp_path: Path) -> None:
    path = journal(tmp_path, Rated(item="i0", rating=3), export="e2")
    with pytest.raises(BadRatings, match=r"ratings of another export, 'e2'; the key is of 'e1'"):
        read_ratings(path, KEY)
    path.write_text('{"journal":2,"export":"e1","rater":"ann"}\n')
    with pytest.raises(BadRatings, match=r"jsonl:1: no beginning of a journal: "):
        read_ratings(path, KEY)


def test_a_rater_called_like_a_model_is_no_person(tmp_path: Path) -> None:
    path = journal(tmp_path, Rated(item="i0", rating=3))
    path.write_bytes(path.read_bytes().replace(b'"rater":"ann"', b'"rater":"model:x"'))
    assert read_ratings(path, KEY).ratings.kind == "model"


# -- self-agreement ----------------------------------------------------------------------------


def said_twice(tmp_path: Path, pairs: list[tuple[str, int | str, int | str]]) -> AnswerKey:
    acts: list[Act] = []
    for item, first, second in pairs:
        acts += [Rated(item=item, rating=first), Rated(item=item, again=True, rating=second)]
    journal(tmp_path, *acts)
    return KEY


def test_self_agreement_is_counted_with_the_exact_interval(tmp_path: Path) -> None:
    key = said_twice(
        tmp_path, [("i0", 4, 4), ("i1", 4, 2), ("i2", 1, 2), ("p0", "A", "A"), ("p1", "A", "B")]
    )
    filled = read_ratings(tmp_path / "ratings-ann.jsonl", key)
    scores = score(key, [filled.ratings])
    [twice] = scores.self_agreement
    assert (twice.items, twice.same.value, twice.difference) == (5, 0.4, 1.0)
    # Clopper-Pearson of 2 in 5, from tables.
    assert twice.same.interval is not None
    assert twice.same.interval.low == pytest.approx(0.0527, abs=1e-4)
    assert twice.same.interval.high == pytest.approx(0.8534, abs=1e-4)
    console = Console(width=80, record=True)
    console.print(*score_tables(scores))
    [line] = [line for line in console.export_text().splitlines() if "5% to 85%" in line]
    assert line.split() == ["ann", "5", "40%", "5%", "to", "85%", "1.00"]


def test_who_rated_only_the_second_showing_agrees_with_nobody(tmp_path: Path) -> None:
    found = read(tmp_path, Rated(item="i0", again=True, rating=4), Rated(item="i1", rating=4))
    assert found.ratings.values == {"i1": 4}
    assert score(KEY, [found.ratings]).self_agreement == ()
