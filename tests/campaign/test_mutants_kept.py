"""What is kept of mutants: how long it holds, what judges say, and what the page makes of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from campaign.mutants.hunt import Tried
from campaign.mutants.journal import Entry, Journal
from campaign.mutants.judged import EQUIVALENT, JUDGES, LEFT, Judgement, equivalent, judged
from campaign.mutants.mutant import Mutant, mutants
from campaign.mutants.packages import Package
from campaign.mutants.page import BEGIN, END, PAGE, table, write
from campaign.mutants.trial import KILLED, SURVIVED, TIMEOUT, Outcome

CODE, KILLER, OTHER = "code/m.py", "checks/test_m.py", "checks/test_other.py"
PACKAGE = Package(("code",), ("checks",))
SURVIVES = Outcome(SURVIVED, "", 5)
DIES = Outcome(KILLED, f"{KILLER}::test_it", 5)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A tree with a module and two files of tests."""
    for name, text in ((CODE, "def f(a):\n    return a + 1\n"), (KILLER, "1"), (OTHER, "2")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def drawn(place: Path) -> Mutant:
    return mutants(CODE, (place / CODE).read_bytes())[0]


@pytest.mark.parametrize(
    ("outcome", "changed", "holds"),
    [
        (DIES, None, True),
        (DIES, OTHER, True),
        (DIES, KILLER, False),
        (DIES, CODE, False),
        (SURVIVES, None, True),
        (SURVIVES, OTHER, False),
        (SURVIVES, CODE, False),
        (Outcome(KILLED, "", 0), OTHER, False),
    ],
)
def test_what_became_of_a_mutant_holds_while_what_decided_is_the_same(
    place: Path, outcome: Outcome, changed: str | None, holds: bool
) -> None:
    mutant, file = drawn(place), place / "journal"
    entry = Journal(file, place).add("toy", PACKAGE, mutant, outcome, 1.0)
    if changed is not None:
        (place / changed).write_text((place / changed).read_text() + "\n")
    known = Journal(file, place).known("toy", PACKAGE, mutant)
    assert known == (entry if holds else None)
    assert Journal(file, place).known("other", PACKAGE, mutant) is None


@pytest.mark.parametrize("outcome", [DIES, SURVIVES])
@pytest.mark.parametrize("gone", [KILLER, OTHER, CODE])
def test_what_is_gone_since_ends_in_no_traceback(place: Path, outcome: Outcome, gone: str) -> None:
    """A package may name a file that a tree of before has not."""
    package = Package(("code",), (KILLER, OTHER))
    mutant, file = drawn(place), place / "journal"
    entry = Journal(file, place).add("toy", package, mutant, outcome, 1.0)
    (place / gone).unlink()
    known = Journal(file, place).known("toy", package, mutant)
    assert known == (entry if outcome == DIES and gone == OTHER else None)


def test_what_was_found_last_counts_also_of_another_process(place: Path) -> None:
    mutant, file = drawn(place), place / "journal"
    first, second = Journal(file, place), Journal(file, place)
    first.add("toy", PACKAGE, mutant, SURVIVES, 1.0)
    second.add("toy", PACKAGE, mutant, DIES, 1.0)
    first.read()
    known = first.known("toy", PACKAGE, mutant)
    assert known is not None
    assert known.outcome == DIES


# -- judges and the page ---------------------------------------------------------------------------


def judge(folder: Path, **said: str) -> Path:
    for name in JUDGES:
        text = f'[{{key}}]\nverdict = "{said[name]}"\nreason = "a | b"\n' if name in said else ""
        (folder / f"judged-{name}.toml").write_text(text)
    return folder


def with_key(folder: Path, key: str) -> None:
    for name in JUDGES:
        path = folder / f"judged-{name}.toml"
        path.write_text(path.read_text().replace("{key}", f'"{key}"'))


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [(EQUIVALENT, EQUIVALENT, True), (EQUIVALENT, LEFT, False), (LEFT, EQUIVALENT, False)],
)
def test_equivalent_is_what_both_judges_call_so(
    tmp_path: Path, first: str, second: str, same: bool
) -> None:
    with_key(judge(tmp_path, first=first, second=second), "a1")
    assert equivalent("a1", tmp_path) is same
    assert not equivalent("b2", tmp_path)


def test_another_verdict_is_refused() -> None:
    with pytest.raises(ValueError, match="'fine' is neither 'equivalent' nor 'left'"):
        Judgement("fine", "")


def entries(place: Path, outcomes: list[Outcome]) -> list[Entry]:
    journal, mutant = Journal(place / "journal", place), drawn(place)
    return [journal.add("toy", PACKAGE, mutant, outcome, 1.0) for outcome in outcomes]


def test_the_page_counts_and_lists(place: Path) -> None:
    late = Outcome(TIMEOUT, f"{KILLER}::test_it", 1)
    hunted = [
        Tried("one", 1200, entries(place, [DIES, DIES, late, SURVIVES])),
        Tried("two", 9, entries(place, [DIES])),
    ]
    folder = judge(place, first=EQUIVALENT, second=EQUIVALENT)
    with_key(folder, drawn(place).key)
    assert table(hunted, folder).splitlines()[2:] == [
        "| one | 1,200 | 4 | 3 | 1 | 1 | 1 | 75.0% |",
        "| two | 9 | 1 | 1 | 0 | 0 | 0 | 100.0% |",
        "| all | 1,209 | 5 | 4 | 1 | 1 | 1 | 80.0% |",
    ]
    page = place / "page.md"
    page.write_text(f"before\n{BEGIN}old\n{END}after\n")
    write(hunted, page, folder)
    text = page.read_text()
    assert text.startswith(f"before\n{BEGIN}| package |")
    assert text.endswith(f"{END}after\n")
    assert "old" not in text
    (row,) = [line for line in text.splitlines() if line.startswith(f"| {drawn(place).key}")]
    assert "`code/m.py` f" in row
    assert row.endswith("| equivalent: a \\| b | equivalent: a \\| b |")


def test_every_survivor_of_the_page_is_judged_and_nothing_else() -> None:
    text = PAGE.read_text(encoding="utf-8")
    listed = set(re.findall(r"^\| ([0-9a-f]{10}), ", text, re.MULTILINE))
    assert set(judged("first")) == listed
    assert set(judged("second")) <= listed
    equal = sum(equivalent(key) for key in listed)
    total = re.search(r"^\| all \|.*$", text, re.MULTILINE)
    if total is not None:
        cells = [cell.strip() for cell in total[0].strip("|").split("|")]
        tried, killed, _, survived, called = map(int, cells[2:7])
        assert (killed + survived, survived, called) == (tried, len(listed), equal)
        assert called <= 0.03 * tried
        assert killed >= 0.9 * tried
