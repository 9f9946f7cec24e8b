"""The page on a run: its chapters as they come, kept for the next, and runs that are not whole."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, parse_qsl, urlsplit

import anyio
import pytest

from retailsim.analysis.measures.steps import STEPS
from retailsim.analysis.replay.replay import replay
from retailsim.analysis.report.content import report
from retailsim.events.log.lock import RunLock
from retailsim.sim.studio.overview import page as overview
from retailsim.sim.studio.overview.chapters import Chapters, Overviews
from retailsim.sim.studio.site.studio import Studio
from tests.sim.runs import SMALL, launched, scenario, sim, torn
from tests.studio.server import Client, ask

pytestmark = pytest.mark.slow

FAILING = """
[products]
per_category = 1
[[sellers]]
id = "<b>seller"
agent = "behavioral"
[[buyers]]
id = "keen"
agent = "behavioral"
[[buyers]]
id = "lost"
agent = "lost:Lost"
"""
LOST = """
from retailsim.agents.retail.behavioral.buyer import BehavioralBuyer

class Lost(BehavioralBuyer):
    async def decide(self, request):
        raise KeyError("<i>where am I?</i>")
"""


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("overviews")
    launched(folder / "whole", *SMALL, "--set", "design.price_multipliers=[0.9, 1.1]")
    torn(folder / "whole", folder / "stopped")
    made = tmp_path_factory.mktemp("scenario")
    (made / "lost.py").write_text(LOST)
    launched(folder / "failing", scenario(made, FAILING))
    only = FAILING.replace('id = "keen"\nagent = "behavioral"', 'id = "l"\nagent = "lost:Lost"')
    assert sim("launch", scenario(made, only), "--out", folder / "failed").exit_code
    damaged = folder / "damaged"
    shutil.copytree(folder / "whole", damaged, ignore=shutil.ignore_patterns("derived"))
    [segment] = damaged.glob("events/*.jsonl")
    flipped = bytearray(segment.read_bytes())
    flipped[len(flipped) // 2] ^= 1
    segment.write_bytes(flipped)
    shutil.copytree(folder / "whole", folder / "empty")
    shutil.rmtree(folder / "empty" / "events")
    return folder


@pytest.fixture(scope="module", autouse=True)
def patient() -> Iterator[None]:
    """However busy the machine is, a page waits for its log; one test says otherwise."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(overview, "PATIENCE_S", 600.0)
        yield


async def shown(client: Client, run: str, query: Mapping[str, str] | None = None) -> str:
    async with client.get(f"/runs/{run}/", params=query) as answer:
        assert answer.status == 200
        return await answer.text()


@pytest.fixture(scope="module")
def pages(runs: Path) -> dict[str, str]:
    """The page on each run, asked for once."""
    found: dict[str, str] = {}

    async def questions(client: Client) -> None:
        for run in ("whole", "stopped", "failing", "failed", "damaged", "empty"):
            found[run] = await shown(client, run)
        found["rates"] = await shown(client, "whole", {"measure": "conversion_rate"})
        with RunLock(runs / "stopped" / "lock"):
            found["running"] = await shown(client, "stopped")

    ask(runs, questions)
    return found


def chapters(html: str) -> list[str]:
    return re.findall(r'<section id="([\w-]+)">', html)


def asked(html: str) -> list[dict[str, list[str]]]:
    """The queries of all links to episodes."""
    links = map(unescape, re.findall(r'href="(episodes[^"]*)"', html))
    return [parse_qs(urlsplit(link).query) for link in links]


def test_the_page_has_every_chapter_of_the_report_but_the_examples(
    runs: Path, pages: dict[str, str]
) -> None:
    html = pages["whole"]
    there = {section.name for section in report(runs / "whole", {}).sections}
    assert set(chapters(html)) == there - {"examples"} | {"each-pair"}
    for name in re.findall(r'href="#(\w[\w-]*)"', html):
        assert f'id="{name}"' in html, name
    assert html.rstrip().endswith("</html>")
    assert html.count('"done">200 of 200 episodes<') == 1
    assert "style=" not in html and "<script" not in html


def test_cells_bars_and_rows_lead_to_their_episodes(pages: dict[str, str]) -> None:
    links = asked(pages["whole"])
    pairs = [one for one in links if set(one) == {"seller", "buyer"}]
    assert len(pairs) == 2 * 25  # the map, and the table with intervals
    assert [one for one in links if "step" in one][::2] == [{"step": [one.key]} for one in STEPS]
    assert any(set(one) == {"product"} for one in links)
    failing = asked(pages["failing"])
    [reason] = [one["text"] for one in failing if "text" in one]
    assert "where am I?" in reason[0]
    assert {"status": ["failed"], "stage": ["decision"], "text": reason} in failing
    assert {"status": ["failed"]} in failing


@pytest.mark.parametrize("run", ["whole", "failing", "failed", "stopped"])
def test_what_a_bar_or_a_failure_leads_to_is_as_many_as_it_says(
    run: str, runs: Path, pages: dict[str, str]
) -> None:
    rows = re.findall(r'<tr>\s*<t[hd][^>]*><a href="([^"]+)">.*?</tr>', pages[run], re.DOTALL)
    wholes = re.findall(r"<tr>\s*<t[hd][^>]*><a href.*?</tr>", pages[run], re.DOTALL)
    counted = {
        unescape(link): int(re.findall(r"<td>([\d,]+)</td>", row)[0].replace(",", ""))
        for link, row in zip(rows, wholes, strict=True)
        if link.startswith("episodes?step=") or "text=" in link
    }

    async def questions(client: Client) -> None:
        for link, expected in counted.items():
            query = dict(parse_qsl(urlsplit(link).query)) | {"limit": "1"}
            async with client.get(f"/runs/{run}/episodes.json", params=query) as answer:
                assert (await answer.json())["total"] == expected, link

    assert len(counted) == {"failed": 1, "failing": 7}.get(run, 6)
    ask(runs, questions)


def test_another_measure_has_an_address_of_its_own(pages: dict[str, str]) -> None:
    plain, other = pages["whole"], pages["rates"]
    assert chapters(plain) == chapters(other)
    current = r'<a href="\?measure=(\w+)#pairs" aria-current="true">'
    assert re.findall(current, plain) == ["normalized_revenue_cents"]
    assert re.findall(current, other) == ["conversion_rate"]


def test_what_others_wrote_is_text(pages: dict[str, str]) -> None:
    html = pages["failing"]
    assert "<b>seller" not in html and "<i>where" not in html
    assert "&lt;b&gt;seller" in html and "where am I?" in html


def test_runs_that_are_not_whole_say_so(runs: Path, pages: dict[str, str]) -> None:
    stopped, running, failed = pages["stopped"], pages["running"], pages["failed"]
    assert 'data-state="unfinished"' in stopped
    assert f"resume {runs / 'stopped'}</code>" in stopped
    assert 'data-state="running"' in running and "resume" not in running
    for name, said in (
        ("damaged", r"0000-00000000\.jsonl.*byte [\d,]+"),
        ("empty", "no events/ folder"),
    ):
        assert 'data-state="damaged"' in pages[name]
        assert re.search(said, pages[name]), pages[name]
        assert chapters(pages[name]) == []
    assert "8 failed" in failed and {"summary", "failures", "made"} == set(chapters(failed))


def test_a_row_leads_to_as_many_episodes_as_it_says_also_where_some_came_to_no_decision(
    runs: Path, pages: dict[str, str]
) -> None:
    """Each product was offered to the buyer that decides, and to the one that fails."""
    row = re.compile(r'<a href="(episodes\?product=[^"]*)">[^<]*</a></td><td>(\d+)</td>')
    told = [(unescape(to), int(number)) for to, number in row.findall(pages["failing"])]
    assert {number for _, number in told} == {1}
    assert "4 more came to no decision." in pages["failing"]
    assert "more came to no decision" not in pages["whole"]
    assert len(told) >= 4

    async def questions(client: Client) -> None:
        for to, number in told:
            address = f"/runs/failing/{to}".replace("episodes?", "episodes.json?")
            async with client.get(address) as answer:
                assert (await answer.json())["total"] == number
            everything = address.replace("step=offered", "")
            async with client.get(everything) as answer:
                assert (await answer.json())["total"] == 2 * number

    ask(runs, questions)


def test_what_was_made_is_kept_until_the_log_grows(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = torn(runs / "whole", tmp_path / "run")
    made: list[int] = []
    going_on = Chapters._go_on

    def counted(self: Chapters, have: int) -> None:
        made.append(have)
        going_on(self, have)

    monkeypatch.setattr(Chapters, "_go_on", counted)

    async def questions(client: Client) -> None:
        first = await shown(client, "run")
        once = len(made)
        assert await shown(client, "run") == first
        assert len(made) == once > 10
        [segment] = (run / "events").iterdir()
        segment.write_bytes(b"".join(segment.read_bytes().partition(b'"}\n')[:2]))
        assert await shown(client, "run") != first
        assert len(made) > once

    ask(tmp_path, questions)


def test_two_who_look_at_once_get_the_same_and_each_chapter_is_made_once(runs: Path) -> None:
    async def questions(client: Client) -> None:
        pages: list[str] = []

        async def look() -> None:
            pages.append(await shown(client, "whole"))

        async with anyio.create_task_group() as tasks:
            for _ in range(3):
                tasks.start_soon(look)
        assert pages[0] == pages[1] == pages[2]
        assert len(set(chapters(pages[0]))) == len(chapters(pages[0]))

    ask(runs, questions)


def test_a_page_begins_before_a_log_that_takes_long_is_read(
    runs: Path, pages: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overview, "PATIENCE_S", 0.0)

    async def questions(client: Client) -> None:
        late = await shown(client, "whole")
        before, _, behind = late.partition("<h1>")
        assert re.search(r"Its log is being read: [\d.]+ MB", before)
        assert '"done">200 of 200 episodes<' in behind
        assert chapters(late) == chapters(pages["whole"])
        assert late.count("<div") == late.count("</div")
        damaged = await shown(client, "damaged")
        assert re.search(r"0000-00000000\.jsonl.*byte [\d,]+", damaged)
        assert chapters(damaged) == [] and damaged.count("<div") == damaged.count("</div")

    ask(runs, questions)


def test_memory_for_chapters_is_bounded_but_the_last_is_kept(runs: Path) -> None:
    async def main() -> None:
        studio, kept = Studio(root=runs, token=""), Overviews(most_bytes=1)
        for name in ("whole", "failing"):
            found = await kept.of(runs / name, studio)
            names = [one.name async for one in found.each(studio)]
            assert names and found.complete
            assert found.replay.overall == replay(runs / name).overall
            assert kept.n_bytes == found.n_bytes

    anyio.run(main)
