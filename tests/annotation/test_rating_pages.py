"""Rating over HTTP: who may see what, what is saved and when, what is refused in one line."""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path

import anyio
import pytest
from aiohttp import web

from retailsim.analysis.annotation.answers import read_key, read_ratings
from retailsim.analysis.annotation.scores import score
from retailsim.sim.rate_page.app import application
from retailsim.sim.rate_page.ratings import Ratings, opened
from retailsim.sim.studio.app import application as studio_application
from retailsim.sim.studio.site.studio import Studio
from tests.annotation import rated
from tests.annotation.exports import HOSTILE, hostile_sheet, key_of, saved
from tests.annotation.rated import NOW, OWN, Rater, browsing, exported, lines, rating, shown_at
from tests.sim.runs import beside_a_browser


def routes(app: web.Application) -> set[tuple[str, str]]:
    """Every method and address of an application, its parameters all 1, and all 2."""
    found = set()
    for route in app.router.routes():
        assert route.resource is not None
        for number in ("1", "2"):
            found.add((route.method, re.sub(r"\{[^}]*\}", number, route.resource.canonical)))
    return found


async def let_in(app: web.Application, token: str, enter: str) -> set[str]:
    """Go in with a token at an address, try every route; returns where it got past the guard."""
    found = set()
    async with browsing(app) as client:
        await client.get(enter, params={"token": token})
        for method, path in routes(app):
            for query in ({}, {"token": token}):
                async with client.request(
                    method, path, params=query, headers=OWN, allow_redirects=False
                ) as answer:
                    if answer.status not in (401, 404):
                        found.add(path)
    return found


STYLES = {f"/static/{name}" for name in ("report.css", "studio.css", "icon.svg")}
OPEN = {"/healthz", "/static/rate.css", "/static/rate.js"} | STYLES


@pytest.mark.slow
def test_a_raters_link_opens_this_raters_pages_and_no_other_of_any_server(tmp_path: Path) -> None:
    place, _ = exported(tmp_path / "out")

    async def main() -> None:
        with opened(place, ("ann", "bo")) as ratings:
            ann, bo = (link.token for link in ratings.links.raters)
            raters = [path for _, path in routes(application(ratings)) if "/rate/" in path]
            of_ann, of_bo = ({one for one in raters if f"/rate/{n}" in one} for n in (1, 2))
            assert len(of_ann) == len(of_bo) == 4
            for enter in ("/rate/1/", "/rate/2/", "/"):
                assert await let_in(application(ratings), ann, enter) == OPEN | of_ann
                assert await let_in(application(ratings), bo, enter) == OPEN | of_bo
                organiser = ratings.links.organiser
                assert await let_in(application(ratings), organiser, enter) == OPEN | {"/"}
                studio = studio_application(Studio(root=tmp_path, token="another"))
                entered = await let_in(studio, ann, enter)
                assert {path for path in entered if not path.startswith("/static/")} == {"/healthz"}
                assert len(routes(studio)) > 20

    with beside_a_browser():
        anyio.run(main)


def test_the_organisers_link_is_no_raters(tmp_path: Path) -> None:
    place, _ = exported(tmp_path)

    async def main() -> None:
        with opened(place, ("ann",)) as ratings:
            async with browsing(application(ratings)) as client:
                token = {"token": ratings.links.organiser}
                for path, status in (("/rate/1/", 401), ("/rate/2/", 401), ("/", 200)):
                    async with client.get(path, params=token) as answer:
                        assert answer.status == status, path
                        policy = answer.headers["Content-Security-Policy"]
                        assert policy.startswith("default-src 'none'; ")
                        assert answer.headers["Referrer-Policy"] == "same-origin"
                for path in ("/rate/0/", "/rate/2/", "/rate/999999/", "/rate/1/1"):
                    async with client.get(path) as answer:
                        assert answer.status == 401, path

    with beside_a_browser():
        anyio.run(main)


def test_a_rating_is_on_the_disk_before_the_answer_and_leads_to_the_next_item(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, _ = exported(tmp_path)
    synced: list[int] = []
    sync = os.fsync

    def noted(fd: int) -> None:
        sync(fd)
        synced.append(fd)

    monkeypatch.setattr(os, "fsync", noted)

    async def questions(ratings: Ratings, ann: Rater) -> None:
        place_of = {number: place for place, number in shown_at(ratings).items()}
        before = len(synced)
        likert = next(n for n, (item, _) in place_of.items() if item.startswith("i"))
        assert await ann.rate(likert, 4) == (303, f"./{likert + 1 if likert > 1 else 2}")
        assert len(synced) == before + 1
        [line] = lines(place)
        assert (line["item"], line["rating"], line["again"]) == (place_of[likert][0], 4, False)

    rating(place, ("ann",), questions)


@pytest.mark.slow
def test_all_answers_by_page_give_the_scores_of_the_same_answers_by_form(tmp_path: Path) -> None:
    """Two raters rate everything, repeats included, and change their minds now and then."""
    place, key = exported(tmp_path)
    said = {
        name: {
            answer.id: ("AB"[number % 2] if answer.right else 1 + (number * step) % 5)
            for number, answer in enumerate(key.items)
        }
        for name, step in (("ann", 2), ("bo", 3))
    }

    async def questions(ratings: Ratings, *raters: Rater) -> None:
        for number, (rater, name) in enumerate(zip(raters, said, strict=True), 1):
            for (item, again), at in shown_at(ratings, number).items():
                rest = ("B", "A") if item.startswith("p") else (5, 1)
                final = said[name][item]
                if at % 5 == 0 and not again:
                    other = next(one for one in rest if one != final)
                    assert (await rater.rate(at, other))[0] == 303
                    assert (await rater.rate(at, final, seen=other))[0] == 303
                else:
                    assert (await rater.rate(at, rest[0] if again else final))[0] == 303
            assert "That was all" in (await rater.get())[1]

    rating(place, ("ann", "bo"), questions)
    found = read_key(place)
    pages = [read_ratings(place / f"ratings-{name}.jsonl", found) for name in said]
    forms = []
    for name, values in said.items():
        path = tmp_path / f"ratings-{name}.json"
        path.write_text(saved(found, name, values))
        forms.append(read_ratings(path, found))
    assert [one.dirty for one in pages] == [(), ()]
    by_page, by_form = (score(found, [one.ratings for one in all_]) for all_ in (pages, forms))
    assert (by_page.tasks, by_page.traits) == (by_form.tasks, by_form.traits)
    assert (
        [one.rated for one in by_page.raters] == [one.rated for one in by_form.raters] == [24] * 2
    )
    assert [one.items for one in by_page.self_agreement] == [1, 1]


def test_what_is_posted_twice_is_saved_once(tmp_path: Path) -> None:
    place, _ = exported(tmp_path, count=6, pairs=0)

    async def questions(ratings: Ratings, ann: Rater) -> None:
        for _ in range(2):
            assert await ann.rate(1, 4) == (303, "./2")
        for _ in range(2):
            assert await ann.rate(1, 5, seen=4) == (303, "./2")
        for _ in range(2):
            assert await ann.post(2, flag="yes") == (303, "./2")
        assert [line.get("rating") for line in lines(place)] == [4, 5, None]
        line = 3  # of the second rating, in the file
        assert await ann.post("undo", latest=line) == (303, "./1?note=undone")
        status, words = await ann.post("undo", latest=line)
        assert status == 409
        assert "taken back already" in words
        assert [one["act"] for one in lines(place)] == ["rated", "rated", "flagged", "undone"]
        assert (
            'value="4" data-key="4" aria-keyshortcuts="4" aria-pressed="true"'
            in (await ann.get(1))[1]
        )

    rating(place, ("ann",), questions)


def test_two_windows_of_a_rater_do_not_overwrite_each_other(tmp_path: Path) -> None:
    place, _ = exported(tmp_path, count=6, pairs=0)

    async def questions(ratings: Ratings, ann: Rater) -> None:
        assert (await ann.rate(1, 4))[0] == 303
        status, html = await ann.rate(1, 2)  # by a window that showed it open
        assert status == 409
        assert "In another window something was changed: item 1 is rated 4 now" in html
        assert 'name="seen" value="4"' in html
        assert [line["rating"] for line in lines(place)] == [4]
        assert (await ann.rate(1, 2, seen=4))[0] == 303  # once more, knowing it
        assert [line["rating"] for line in lines(place)] == [4, 2]

    rating(place, ("ann",), questions)


def test_what_is_no_rating_or_not_the_raters_is_refused_in_one_line(tmp_path: Path) -> None:
    place, _ = exported(tmp_path, count=6, pairs=1)

    async def questions(ratings: Ratings, ann: Rater) -> None:
        at = shown_at(ratings)
        likert, pair = at["i0", False], at["p0", False]
        for page, given, status, words in (
            (likert, "6", 422, f"'6' is no rating of item {likert}: 1, 2, 3, 4, 5 are."),
            (likert, "A", 422, f"'A' is no rating of item {likert}: 1, 2, 3, 4, 5 are."),
            (likert, "", 422, f"'' is no rating of item {likert}: 1, 2, 3, 4, 5 are."),
            (pair, "3", 422, f"'3' is no rating of item {pair}: A, B are."),
            (8, "3", 404, "There is no item 8 for you; yours are 1 to 7."),
            (0, "3", 404, "There is no item 0 for you; yours are 1 to 7."),
        ):
            found, html = await ann.rate(page, given)
            assert (found, words in html.replace("&#39;", "'")) == (status, True), html
        assert (await ann.get(8))[0] == (await ann.get("i0"))[0] == 404
        assert (await ann.post(1, {"Sec-Fetch-Site": "cross-site"}, rating=3))[0] == 403
        assert (await ann.post(1, {}, rating=3))[0] == 403
        assert (await ann.post(1, OWN, rating=3, seen="x" * 5_000))[0] == 413
        async with ann.client.post("/rate/1/1", json={"rating": 3}, headers=OWN) as answer:
            assert answer.status == 415
        form = "application/x-www-form-urlencoded"
        for status, kind in ((415, f"{form}; charset=klingon"), (400, form)):
            headers = {**OWN, "Content-Type": kind}
            async with ann.client.post("/rate/1/1", data=b"rating=\xff", headers=headers) as answer:
                assert answer.status == status
        assert lines(place) == []

    rating(place, ("ann",), questions)


def test_no_page_of_a_rater_says_what_others_answered_or_what_is_a_repeat(tmp_path: Path) -> None:
    place, _ = exported(tmp_path, count=20, pairs=0)

    async def questions(ratings: Ratings, ann: Rater, bo: Rater) -> None:
        at = shown_at(ratings, 2)
        [(item, again)] = [(one, number) for (one, twice), number in at.items() if twice]
        pages = [await bo.get(page) for page in ("", at[item, False], again)]
        [last] = [number for (_, twice), number in shown_at(ratings, 1).items() if twice]
        for number in range(1, 22):
            if number != last:
                assert (await ann.rate(number, 5))[0] == 303
        assert f'Not rated yet: <a href="{last}">' in (await ann.get())[1]
        assert await ann.rate(last, 5) == (303, "./")
        assert [await bo.get(page) for page in ("", at[item, False], again)] == pages

        first, second = (re.sub(r"\b\d+\b", "N", html) for _, html in pages[1:])
        first, second = (re.sub(r'<a class="button".*?</a>', "", one) for one in (first, second))
        assert first == second
        assert f"Thing {item[1:]}" in pages[1][1]
        assert re.search(rf"\b{item}\b", pages[1][1]) is None

    rating(place, ("ann", "bo"), questions)


def test_how_long_an_item_was_looked_at_is_the_pages_word_or_the_servers(tmp_path: Path) -> None:
    place, _ = exported(tmp_path, count=6, pairs=0)

    async def questions(ratings: Ratings, ann: Rater) -> None:
        await ann.get(1)
        NOW[0] += 12.5
        await ann.rate(1, 4)
        await ann.get(2)
        NOW[0] += 99.0
        await ann.post(2, rating=3, seen="", visible_ms=4_250)
        await ann.rate(3, 3)  # nobody saw the page
        await ann.post(4, rating=3, seen="", visible_ms="1e9")
        await ann.post(5, rating=3, seen="", visible_ms=999_999_999)
        assert [line["seconds"] for line in lines(place)] == [12.5, 4.25, None, None, None]

    rating(place, ("ann",), questions)


def test_hostile_texts_and_names_stay_text(tmp_path: Path) -> None:
    sheet = hostile_sheet()
    key = key_of(("i1", "pitch", None), ("i2", "seller_friendliness", "A"))
    rated.write(tmp_path, sheet, key)
    name = "<img src=x>/../\\{{7*7}} ' \""

    async def questions(ratings: Ratings, hostile: Rater) -> None:
        for page in ("", 1, 2):
            status, html = await hostile.get(page)
            assert status == 200
            assert "<img" not in html and "alert(1)</" not in html
            assert "&lt;img src=x&gt;/../\\{{7*7}}" in html
        async with hostile.client.get("/", params={"token": ratings.links.organiser}) as answer:
            html = await answer.text()
        assert "<img" not in html and "{{7*7}}" in html
        await hostile.post(1, flag="yes")
        await hostile.rate(1, 3)

    rating(tmp_path, (name,), questions)
    assert HOSTILE in sheet.items[0].product
    [journal] = tmp_path.glob("ratings-*.jsonl")
    assert journal.name == "ratings-img-src-x-7-7.jsonl"
    assert journal.parent == tmp_path
    assert read_ratings(journal, key).ratings.rater == name


def test_what_cannot_be_saved_is_said_and_leaves_the_journal_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, _ = exported(tmp_path, count=6, pairs=0)

    async def questions(ratings: Ratings, ann: Rater) -> None:
        await ann.rate(1, 4)

        def full(fd: int) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        with monkeypatch.context() as disk:
            disk.setattr(os, "fsync", full)
            status, html = await ann.rate(2, 5)
        assert status == 409
        assert "No space left on device; this was not saved, all before it is; try again" in html
        assert [line["rating"] for line in lines(place)] == [4]
        assert "1 of 6 rated" in (await ann.get(2))[1]
        assert (await ann.rate(2, 5))[0] == 303
        assert [line["rating"] for line in lines(place)] == [4, 5]

    rating(place, ("ann",), questions)


@pytest.mark.slow
def test_agreement_is_shown_to_the_organiser_after_two_raters_as_it_is_scored(
    tmp_path: Path,
) -> None:
    place, key = exported(tmp_path, count=8, pairs=0)

    async def questions(ratings: Ratings, ann: Rater, bo: Rater) -> None:
        async def page() -> str:
            token = {"token": ratings.links.organiser}
            async with ann.client.get("/", params=token) as answer:
                assert answer.status == 200
                return await answer.text()

        for (item, _), number in shown_at(ratings, 1).items():
            await ann.rate(number, 1 + int(item[1:]) % 5)
        assert "Shown once two raters" in await page()
        for (item, _), number in shown_at(ratings, 2).items():
            await bo.rate(number, 1 + int(item[1:]) % 4)
        await bo.post(shown_at(ratings, 2)["i3", False], flag="yes")
        html = await page()
        assert "Shown once two raters" not in html
        both = [
            read_ratings(place / f"ratings-{name}.jsonl", key).ratings for name in ("ann", "bo")
        ]
        [task] = score(key, both).tasks
        assert task.alpha.estimate is not None
        assert f"<td>{task.alpha.estimate:.3f}</td>" in html
        assert "8 of 8" in html and "Thing 3" in html
        assert f"/rate/2/?token={ratings.links.raters[1].token}" in html
        (place / "key.json").write_bytes((place / "key.json").read_bytes() + b" ")
        html = await page()
        assert "key.json: it was changed since raters got their links" in html
        assert f"<td>{task.alpha.estimate:.3f}</td>" not in html

    rating(place, ("ann", "bo"), questions)
