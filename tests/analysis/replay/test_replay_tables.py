"""What a terminal shows of a replay."""

from __future__ import annotations

import io
import re
from collections import Counter
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console, RenderableType

from retailsim.analysis.replay.replay import Replay, replay
from retailsim.analysis.replay.terminal_tables import NOTHING, clip, fold, heatmap, measure_table
from retailsim.events import messages as m
from tests.analysis.fakelog import closed, episode, market, opened, order, review, write_run
from tests.analysis.foreign import foreign_run
from tests.sim.runs import sim

HOSTILE = "[bold red]x[/]\x1b[2J\r\n\u202e"


def printed(what: RenderableType, width: int = 80, colour: str | None = None) -> str:
    console = Console(
        file=io.StringIO(), width=width, color_system=colour,  # type: ignore[arg-type]
        force_terminal=colour is not None,
    )  # fmt: skip
    console.print(what)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def sold(tmp_path: Path, amounts: dict[tuple[str, str], int]) -> Replay:
    """A replay in which each pair sold for so many cents."""
    episodes = [
        closed(f"e{n}", opened(*pair), order(1, cents), review("product", 4))
        for n, (pair, cents) in enumerate(amounts.items())
    ]
    return replay(write_run(tmp_path / "run", market("m", *episodes)))


def grid(sellers: int, buyers: int) -> dict[tuple[str, str], int]:
    return {
        (f"seller-{s}", f"buyer-{b}"): 1000 * (s + 1) * (b + 1)
        for s in range(sellers)
        for b in range(buyers)
    }


@pytest.mark.parametrize(("protocol", "shown"), [("sealed:PLAIN", 0), ("sealed:SEALED", 1)])
def test_where_no_episode_has_a_seller_neither_sellers_nor_pairs_are_shown(
    tmp_path: Path, protocol: str, shown: int
) -> None:
    """One protocol says who came to sell, the other does not."""
    text = sim("replay", foreign_run(tmp_path, protocol=protocol, sold_by="late")).stdout
    assert "Buyers" in text and "1 of 1 episodes closed" in text
    assert text.count("Sellers") == shown
    assert text.count("Net revenue of each pair") == shown


def test_the_table_shows_sellers_buyers_and_all(tmp_path: Path) -> None:
    """Net revenue in money, shares in percent, and what was not counted as nothing."""
    text = printed(measure_table(sold(tmp_path, {("ann", "bob"): 123456, ("cid", "bob"): 2000})))
    lines = {line.split()[0]: line.split()[1:] for line in text.splitlines() if line.strip()}
    assert lines["ann"] == ["1", "100.0%", "$1,234.56", "0.0%", "1.00", "4.00"]
    assert lines["bob"] == ["2", "100.0%", "$1,254.56", "0.0%", "1.00", "4.00"]
    assert lines["All"] == lines["bob"]
    assert "2 of 2 episodes closed, 0 failed" in text


def test_nothing_counted_is_shown_as_nothing(tmp_path: Path) -> None:
    """A seller whose episodes all failed has no rates, and the run says so."""
    failed = episode("e", opened("ann"), m.EpisodeFailed(stage="decide", reason="r"))
    run = write_run(tmp_path / "run", market("m", failed), seal=False)
    text = printed(measure_table(replay(run)))
    (line,) = (line for line in text.splitlines() if " ann " in line)
    assert line.split() == ["ann", "0", NOTHING, "$0.00", NOTHING, NOTHING, NOTHING]
    assert "0 of 1 episodes closed, 1 failed" in text
    assert "(not finished)" in text


@pytest.mark.parametrize("width", [80, 100, 200])
def test_both_fit_into_the_width(tmp_path: Path, width: int) -> None:
    """Long and wide names are shortened, numbers are not."""
    amounts = {("openrouter/meta/llama-3-70b-instruct:free" + "語" * 30, "b" * 50): 10**9}
    found = sold(tmp_path, grid(3, 7) | amounts)
    for what in (measure_table(found), heatmap(found)):
        lines = printed(what, width).splitlines()
        assert max(cell_len(line) for line in lines) <= width
        assert any(amount in line for line in lines for amount in ("$10,000,000.00", "M"))


def test_hostile_names_are_plain_text(tmp_path: Path) -> None:
    """No markup is obeyed, no control character reaches the terminal."""
    found = sold(tmp_path, {(HOSTILE, HOSTILE): 1000})
    for what in (measure_table(found), heatmap(found)):
        text = printed(what)
        assert "[bold" in text
        assert all(char.isprintable() or char == "\n" for char in text)


def test_the_heatmap_shows_deviations_from_the_mean_pair(tmp_path: Path) -> None:
    """With signs, so that it can be read without colours."""
    text = printed(heatmap(sold(tmp_path, {("s", "a"): 1000, ("s", "b"): 3000, ("t", "b"): 2000})))
    cells = {line.split()[0]: line.split()[1:] for line in text.splitlines() if line.strip()}
    assert cells["s"] == ["-$10.00", "+$10.00"]
    assert cells["t"] == [NOTHING, "+$0.00"]
    assert "\x1b" not in text


@pytest.mark.slow
def test_a_pair_with_refunds_that_are_not_known_is_marked(tmp_path: Path) -> None:
    issue = m.IssueRaised(order="o", issue="damaged")
    failure = m.EpisodeFailed(stage="post_inquiry", reason="r")
    parts = (
        closed("known", opened("s", "a"), order(1, 1_000)),
        episode("open", opened("t", "a"), order(1, 2_000), issue, failure),
        closed("beside", opened("t", "a"), order(1, 1_000)),
    )
    found = replay(write_run(tmp_path / "run", market("m", *parts)))
    text = printed(heatmap(found))
    assert "+$10.00*" in text and "-$10.00" in text and "-$10.00*" not in text
    assert "lower, by up to $20.00 (t and a), and the mean" in " ".join(text.split())
    assert "unknown" not in printed(heatmap(sold(tmp_path / "sound", grid(2, 2))))
    table = printed(measure_table(found))
    assert "$30.00*" in table and "≥ $10.00" in table and "$10.00*" not in table


@pytest.mark.parametrize("colour", ["standard", "256", "truecolor"])
def test_a_coloured_cell_sets_letters_and_background(tmp_path: Path, colour: str) -> None:
    """So it can be read on a dark terminal and on a light one."""
    found = sold(tmp_path, {("s", "a"): 1000, ("s", "b"): 3000})
    text = printed(heatmap(found), colour=colour)
    codes = {cell: text.split(cell)[0].rsplit("\x1b[", 1)[1] for cell in ("-$10.00", "+$10.00")}
    assert codes["-$10.00"] != codes["+$10.00"]
    for code in codes.values():
        parts = code.split("m")[0].split(";")
        backgrounds = [*map(str, range(40, 49)), *map(str, range(100, 108))]
        assert any(part in backgrounds for part in parts)
        letters = [*map(str, range(30, 39)), *map(str, range(90, 98))]
        assert any(part in letters for part in parts)


def test_buyers_that_do_not_fit_go_below(tmp_path: Path) -> None:
    """None is lost."""
    text = printed(heatmap(sold(tmp_path, grid(2, 20))))
    assert all(re.search(rf"\b{number}\b", text) for number in range(20))
    assert text.count("seller-1 ") == 4


@pytest.mark.slow
@pytest.mark.parametrize("width", [30, 40, 50, 60, 70, 80, 100, 120])
def test_measures_that_do_not_fit_go_below(tmp_path: Path, width: int) -> None:
    """No number is cut at any width, no name is lost, and no line is wider."""
    amounts = {("bold-showman", "ann"): 123_456_789, ("plain-dealer", "curious-collector"): 1_000}
    table = measure_table(sold(tmp_path, amounts))
    wide, text = printed(table, 200), printed(table, width)
    numbers = [word for word in wide.split() if re.fullmatch(r"[^/]*\d[^/]*", word)]
    assert len(numbers) > 20
    assert Counter(numbers) - Counter(text.split()) == Counter()
    assert max(map(cell_len, text.splitlines())) <= width
    tables = text.count(" ──")
    assert tables == 1 if width >= 80 else tables > 1
    for name in ("bold", "plain", "curio", "ann", "Sellers", "All"):
        assert len(re.findall(rf"^ ?{name}", text, re.MULTILINE)) == tables


def test_too_many_to_compare_are_not_drawn(tmp_path: Path) -> None:
    """And it says how many."""
    found = sold(tmp_path, {(f"s{n:02d}", "b"): 1000 for n in range(45)})
    assert "Not shown: 5 sellers and 0 buyers" in printed(heatmap(found))
    assert "and 5 more" in printed(measure_table(found))


def test_an_empty_replay_is_shown(tmp_path: Path) -> None:
    """A table of nothing and a heatmap of nothing."""
    found = replay(write_run(tmp_path / "run", []))
    assert "0 of 0 episodes closed" in printed(measure_table(found))
    assert "Net revenue of each pair" in printed(heatmap(found))


def test_a_name_is_shortened_in_the_middle() -> None:
    """Ids differ at their ends."""
    assert clip("short", 9) == "short"
    assert clip("model-2024-a", 9) == "mode…24-a"
    assert cell_len(clip("語" * 20, 9)) <= 9
    assert clip("ab", 1) == "…"


def test_a_heading_is_folded_at_the_joints_of_an_id() -> None:
    """It is shortened only where so many lines do not hold it."""
    assert fold("easy", 9, 3) == ["easy"]
    assert fold("curious-collector", 9, 3) == ["curious-", "collector"]
    assert fold("openai:gpt-5.4-mini", 9, 3) == ["openai:", "gpt-5.4-", "mini"]
    assert fold("a-b-c-d", 2, 3) == ["a-", "b-", "c…"]
    assert fold("", 9, 3) == [""]
    assert all(cell_len(line) <= 9 for line in fold("語" * 40 + "-" + "x" * 40, 9, 3))


def test_names_are_shown_whole_where_there_is_room(tmp_path: Path) -> None:
    """And shortened in the middle, once, where there is none."""
    name = "openrouter:meta-llama-3-70b-instruct-free"
    table = measure_table(sold(tmp_path, {(name, "b"): 1000}))
    assert name in printed(table, 120)
    (line,) = (line for line in printed(table, 80).splitlines() if "openrouter" in line)
    assert line.count("…") == 1


def test_large_amounts_are_whole_dollars(tmp_path: Path) -> None:
    """All of them, so that they line up."""
    text = printed(heatmap(sold(tmp_path, {("s", "a"): 100, ("s", "b"): 1_000_100})))
    assert [word for word in text.split() if "$" in word] == ["-$5,000", "+$5,000"]
