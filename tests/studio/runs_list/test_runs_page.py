"""The first page: a row for each run, and for each sweep or experiment one for all of its runs."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from retailsim.events.log.lock import RunLock
from retailsim.sim.execution.progress_file import ProgressFile
from retailsim.sim.play.progress import Progress
from retailsim.sim.studio.runs_list import runs_page as module
from retailsim.sim.studio.runs_list.run_summary import Numbers, RunSummary
from retailsim.sim.studio.runs_list.run_words import (
    age,
    episodes,
    row_of,
    row_of_all,
    size,
    spent,
    worst,
)
from retailsim.sim.studio.runs_list.runs_page import entries
from retailsim.sim.studio.site.runs import run_folders
from retailsim.sim.studio.state import State
from tests.axe import axe
from tests.browser import BREAKS_OFF, LOOKS, expect
from tests.sim.runs import small_run
from tests.studio.server import Client, ask, shown

if TYPE_CHECKING:
    from playwright.sync_api import Page

NOW = datetime(2026, 11, 29, 5, tzinfo=UTC)
DONE = RunSummary(
    state=State.COMPLETE,
    began=NOW - timedelta(hours=2),
    n_bytes=3_200_000,
    scenario="pairwise",
    numbers=Numbers(300, 300, 2, 1_077_415, asked_models=True, nanousd=480_000_000),
)
GOING = RunSummary(
    state=State.RUNNING,
    began=NOW - timedelta(seconds=5),
    n_bytes=999,
    numbers=Numbers(300, 75, 0, None, asked_models=False),
)


def test_words_are_what_one_would_say() -> None:
    assert [size(n) for n in (0, 999, 1_000, 9_949, 12_345, 999_999_999, 2_345_678_901)] == [
        *("0 B", "999 B", "1.0 kB", "9.9 kB", "12 kB", "1,000 MB", "2.3 GB"),
    ]
    assert {size(n) for n in (9_950_000, 9_999_999, 10_000_000)} == {"10 MB"}
    minutes = (-5, 0, 1, 2, 60, 60 * 24, 60 * 24 * 29, 60 * 24 * 30)
    assert [age(timedelta(minutes=n), NOW) for n in minutes] == [
        *("just now", "just now", "1 minute ago", "2 minutes ago", "1 hour ago", "1 day ago"),
        *("29 days ago", "29 Nov 2026"),
    ]
    told = (Numbers(), Numbers(9), Numbers(9, 4), Numbers(9, 9), Numbers(None, 4))
    assert [episodes(one) for one in told] == ["", "of 9", "4 of 9", "9", "4"]
    paid = (Numbers(), Numbers(asked_models=False), Numbers(asked_models=True), DONE.numbers)
    assert [spent(one) for one in paid] == ["", "", "price unknown", "$0.48"]


def test_a_row_says_what_is_known_of_a_run() -> None:
    done, going = row_of(DONE, NOW), row_of(GOING, NOW)
    assert (done.stands, done.episodes, done.failed, done.share) == (
        *("Complete", "300", "2 failed", None),
    )
    assert (done.net, done.spent, done.age, done.size) == (
        *("$10,774.15", "$0.48", "2 hours ago", "3.2 MB"),
    )
    assert (going.stands, going.episodes, going.share, going.net) == (
        *("Running", "75 of 300", 0.25, ""),
    )


def test_the_row_of_a_sweep_adds_up_what_is_known_of_all_its_runs() -> None:
    both = row_of_all([DONE, GOING], NOW)
    assert (both.state, both.stands) == (State.RUNNING, "Running, 1 of 2 runs complete")
    assert (both.episodes, both.share, both.spent, both.net) == ("375 of 600", 0.625, "$0.48", "")
    assert (both.age, both.size) == ("just now", "3.2 MB")
    assert row_of_all([DONE], NOW).stands == "1 run complete"
    unknown = RunSummary(state=State.DAMAGED, began=NOW, n_bytes=0)
    some = row_of_all([DONE, unknown], NOW)
    assert (some.stands, some.episodes, some.spent) == ("Damaged, 1 of 2 runs complete", "", "")
    assert worst([State.COMPLETE, State.UNFINISHED]) is State.UNFINISHED


def made(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).mkdir(parents=True)
        (folder / name / "run.toml").touch()


def test_who_goes_on_is_first_then_the_newest_and_a_sweep_is_one(tmp_path: Path) -> None:
    made(tmp_path, "b", "a", "going", "study/one", "study/two", "folder/one")
    (tmp_path / "study" / "sweep.json").write_text("{}")
    for seconds, name in enumerate(("going", "a", "study/one", "folder/one", "study/two", "b")):
        os.utime(tmp_path / name / "run.toml", (seconds, seconds))
    with RunLock(tmp_path / "going" / "lock"):
        found = entries(tmp_path, run_folders(tmp_path))
    assert [(one.key, one.place, one.kind, len(one.runs)) for one in found] == [
        ("going", "runs", "", 1),
        ("b", "runs", "", 1),
        ("study", "studies", "sweep", 2),
        ("folder~one", "runs", "", 1),
        ("a", "runs", "", 1),
    ]


def test_the_page_lists_what_there_is_in_pages_and_strange_names_stay_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    strange = "<script>alert(1)</script>&#~"
    made(tmp_path, "first", strange.replace("/", "|"), "study/one")
    (tmp_path / "study" / "sweep.json").write_text("{}")
    monkeypatch.setattr(module, "ON_A_PAGE", 2)

    async def look(client: Client) -> None:
        pages = []
        for query in ("", "?after=2", "?after=99", "?after=x"):
            async with client.get(f"/{query}") as answer:
                assert answer.status == 200
                pages.append(await answer.text())
        assert "1 to 2 of 3" in pages[0] and 'href="./?after=2"' in pages[0]
        assert "3 to 3 of 3" in pages[1] and ">Newest<" in pages[1]
        assert "There are no more runs" in pages[2] and pages[3] == pages[0]
        listed = "".join(pages[:2])
        assert "<script>alert" not in listed
        assert unescape(listed).count(strange.replace("/", "|")) >= 1
        assert 'href="./studies/study/"' in listed and "<small>sweep</small>" in listed
        assert listed.count("Damaged") == 3
        assert "holds no run.toml" not in listed and str(tmp_path / "first") not in listed
        assert len(re.findall('<option value="first">first<', pages[0])) == 2
        assert "study~one" not in unescape(pages[0])

    ask(tmp_path, look)


def test_where_there_are_more_runs_than_are_looked_for_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(tmp_path, "first", "second", "third")

    async def look(client: Client) -> None:
        for most, said in ((2, True), (4, False)):
            monkeypatch.setattr("retailsim.sim.studio.site.runs.MOST", most)
            monkeypatch.setattr(module, "MOST", most)
            async with client.get("/") as answer:
                assert (f"No more than {most} runs" in await answer.text()) is said

    ask(tmp_path, look)


def test_where_there_is_no_run_it_says_what_to_type(tmp_path: Path) -> None:
    folder = tmp_path / "my runs"
    folder.mkdir()

    async def look(client: Client) -> None:
        async with client.get("/") as answer:
            page = unescape(await answer.text())
        assert f"launch --out '{folder}/first'" in page
        assert "new catalogue.csv" in page and "<table" not in page

    ask(folder, look)


@pytest.mark.slow
@pytest.mark.parametrize("look", [LOOKS[-1]], ids=str)
def test_a_run_that_goes_on_is_renewed_and_chosen_to_be_compared(
    page: Page, tmp_path: Path
) -> None:
    for name in ("first", "second"):
        small_run(tmp_path / name)
    run = tmp_path / "second"
    with shown(tmp_path) as link:
        with RunLock(run / "lock"), ProgressFile(run, 200, 100, None) as told:
            page.goto(link)
            row = page.locator('tr[data-key="second"]')
            expect(row).to_contain_text("Running")
            expect(row).to_contain_text("100 of 200")
            assert axe(page) == []
            told.latest = Progress(episodes=50)
            told._write("running")
            expect(row).to_contain_text("150 of 200")
        expect(row).to_contain_text("Complete")
        page.locator("select[name=a]").select_option("first")
        page.locator("select[name=b]").select_option("second")
        page.get_by_role("button", name="Compare").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("second")
        assert "a=first&b=second" in page.url
        page.wait_for_load_state()  # before its server ends


@pytest.mark.slow
def test_the_list_is_renewed_to_the_end_whatever_breaks_off_and_whoever_is_in_it(
    page: Page, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    small_run(run)
    with shown(tmp_path) as link:
        with RunLock(run / "lock"), ProgressFile(run, 200, 100, None) as told:
            told.latest = Progress(episodes=50, failed=2)
            told._write("running")
            page.goto(link)
            page.get_by_role("link", name="2 failed").focus()
            page.evaluate(BREAKS_OFF)
        row = page.locator("tr[data-key]")
        expect(row).to_contain_text("Complete")
        expect(row).to_contain_text("150 of 200 2 failed")
        page.get_by_role("link", name="2 failed").blur()
        expect(row).not_to_contain_text("failed")
        expect(row.locator("td").nth(1)).to_have_text("Episodes100")
