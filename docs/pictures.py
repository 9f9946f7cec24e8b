"""The pictures in docs/pictures, taken anew from runs of this version: ``make pictures``.

Runs, exports and servers are made in a folder that is removed afterwards, and looked at in Chromium
(the extra ``browser``). All draws have a seed, so pictures differ only where the version does, and
in what a page says of the time. ``flow.svg`` is drawn by hand.
"""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, sync_playwright

PICTURES = Path(__file__).resolve().parent / "pictures"
MOST_BYTES = 200_000
PROGRAM = (sys.executable, "-m", "sim")
LINK = re.compile(r"http://\S+")
EPISODE = "RSEL000001/bold-showman/0/1/easy-shopper"
"""A conversation that is refunded, so that its ledger has something to show."""
STUDY = Path(__file__).resolve().parent.parent / "examples/study/shop.toml"


def sim(folder: Path, *words: str) -> None:
    """Run a command of the program to its end."""
    subprocess.run((*PROGRAM, *words), cwd=folder, check=True, capture_output=True)


@contextmanager
def served(folder: Path, count: int, *words: str) -> Iterator[list[str]]:
    """Run a command that serves pages, and hand out the links it prints; Ctrl-C ends it."""
    with subprocess.Popen(
        (*PROGRAM, *words), cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        links: list[str] = []
        for line in process.stdout:
            links += LINK.findall(line)
            if len(links) >= count:
                break
        try:
            yield links
        finally:
            process.send_signal(signal.SIGINT)
            process.stdout.read()


def scrolled(part: Locator, below: int) -> None:
    """Scroll until a part of a page begins so far below the upper edge."""
    part.evaluate("(one, y) => scrollTo(0, scrollY + one.getBoundingClientRect().top - y)", below)


def take(page: Page, name: str, *, height: int | None = None) -> None:
    """Write what the window shows, or so much of it from the top, as a picture."""
    page.wait_for_timeout(500)
    size = page.viewport_size
    assert size is not None
    path = PICTURES / f"{name}.png"
    page.screenshot(
        path=path, clip={"x": 0, "y": 0, "width": size["width"], "height": height or size["height"]}
    )
    if path.stat().st_size > MOST_BYTES:
        raise SystemExit(f"{path} has more than {MOST_BYTES:,} bytes: show less of the page")
    sys.stdout.write(f"{path.name}: {path.stat().st_size:,} bytes\n")


def report(browser: Browser, folder: Path) -> None:
    """Of a report: headline numbers, and how sales become a profit."""
    sim(folder, "report", "runs/list-price")
    page = browser.new_page(viewport={"width": 1100, "height": 2400})
    page.goto((folder / "runs/list-price/derived/report.html").as_uri())
    scrolled(page.locator("#summary"), 0)
    table = page.get_by_role("heading", name="From sales to profit", exact=True).bounding_box()
    assert table is not None
    take(page, "report", height=round(table["y"]))


def studio(browser: Browser, folder: Path) -> None:
    """Who sells well to whom, and one conversation beside its ledger."""
    page = browser.new_page(viewport={"width": 1180, "height": 640})
    with served(folder, 1, "studio", "runs") as (link,):
        page.goto(link)
        page.get_by_role("link", name="list-price").click()
        heat = page.locator("#pairs")
        page.locator("#made").wait_for()  # the last chapter: nothing moves any more
        scrolled(heat, 88)
        box = heat.bounding_box()
        assert box is not None
        take(page, "studio-overview", height=round(box["y"] + box["height"] + 24))
        page.goto(f"{page.url.split('#')[0]}episode?id={EPISODE.replace('/', '%2F')}")
        asked = page.locator("article.buyer.speech").filter(has_text="decide").first
        page.goto(f"{page.url}#{asked.get_attribute('id')}")
        scrolled(asked, 140)
        take(page, "studio-conversation")


def rating(browser: Browser, folder: Path) -> None:
    """An item of the raters' page: two texts side by side."""
    sim(folder, "launch", "persona-buyers", "--set", "products.per_category=1", "--out", "personas")
    sim(folder, "annotate", "export", "personas", "--out", "ratings")
    page = browser.new_page(viewport={"width": 1100, "height": 760})
    with served(folder, 2, "annotate", "serve", "ratings", "--raters", "ann") as (_, link):
        page.goto(link)
        page.get_by_role("button", name="Begin").or_(page.get_by_role("link", name="Begin")).click()
        for number in range(1, 200):
            page.get_by_text(f"Item {number} of ").wait_for()
            two = page.get_by_role("heading", name="Text A").count() == 1
            if two and number > 8:
                break
            page.locator(f'button[name="rating"][value="{"A" if two else "4"}"]').click()
        take(page, "annotate-serve")


def play(browser: Browser, folder: Path) -> None:
    """The page of a person who buys: the chat, the product, and what is asked."""
    page = browser.new_page(viewport={"width": 1180, "height": 880})
    with served(folder, 1, "play", "--as", "buyer", "--seed", "3", "--out", "played") as (link,):
        page.goto(link)
        page.get_by_label("Shipping").check()
        page.get_by_role("button", name="Go on").click()
        page.get_by_role("textbox").first.fill("How soon could it be here?")
        page.get_by_role("button", name="Send").click()
        page.get_by_text("How soon could it be here?").wait_for()
        page.get_by_role("button", name="Send").wait_for()
        page.evaluate("scrollTo(0, 0)")
        take(page, "play")


def study(browser: Browser, folder: Path) -> None:
    """The organiser's page of a study in which three people take part."""
    words = ("study", str(STUDY), "--seats", "8", "--out", "two-ways")
    with served(folder, 2, *words) as (room, organiser):
        for agrees in (True, True, False):
            person = browser.new_context().new_page()
            person.goto(room)
            if agrees:
                person.get_by_role("button", name="I agree and take part").click()
        page = browser.new_page(viewport={"width": 1180, "height": 760})
        page.goto(organiser)
        page.locator("#room").evaluate("one => { one.value = one.value.replace(/\\.[^.]*$/, '') }")
        take(page, "study-organiser")


TAKEN: Mapping[str, Callable[[Browser, Path], None]] = {
    "report": report,
    "studio": studio,
    "rating": rating,
    "play": play,
    "study": study,
}


def main(names: list[str]) -> None:
    """Take the pictures of these names, or all."""
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        folder = Path(place)
        (folder / "runs").mkdir()
        sim(folder, "launch", "--out", "runs/list-price")
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        for name in names or TAKEN:
            TAKEN[name](browser, folder)
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
