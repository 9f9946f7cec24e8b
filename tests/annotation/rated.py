"""Exports that are being rated over HTTP: a client for each rater, and what lies on the disk."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import msgspec
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from retailsim.analysis.annotation import form
from retailsim.analysis.annotation.excerpts import Excerpt
from retailsim.analysis.annotation.items import AnswerKey, Block, Item, RaterSheet
from retailsim.analysis.annotation.tasks import TASKS
from retailsim.sim.rate_page.app import application
from retailsim.sim.rate_page.ratings import Ratings, opened
from tests.annotation.exports import key_of
from tests.sim.runs import beside_a_browser

OWN = {"Sec-Fetch-Site": "same-origin"}
"""What a browser says of a form on the page itself."""
NOW = [0.0]
"""The clock of the pages, for tests to move."""

Client = TestClient[web.Request, web.Application]


def exported(folder: Path, count: int = 20, pairs: int = 4) -> tuple[Path, AnswerKey]:
    """An export of so many presentations and pairs, by hand."""
    folder.mkdir(parents=True, exist_ok=True)
    key = key_of(
        *((f"i{number}", "pitch", None) for number in range(count)),
        *((f"p{number}", "buyer_pickiness", "A") for number in range(pairs)),
    )
    sheet = RaterSheet(
        export=key.export,
        tasks=(TASKS["pitch"], TASKS["buyer_pickiness"]),
        items=tuple(_item(answer.id, answer.task) for answer in key.items),
    )
    write(folder, sheet, key)
    return folder, key


def write(folder: Path, sheet: RaterSheet, key: AnswerKey) -> None:
    """Write what raters get, and the key."""
    (folder / "form.html").write_text(form.page(sheet))
    (folder / "key.json").write_bytes(msgspec.json.encode(key))


def _item(id_: str, task: str) -> Item:
    name = f"{'Pair' if id_.startswith('p') else 'Thing'} {id_[1:]}"  # what is shown has no id
    said = (Excerpt("Seller", f"What {name} is about."), Excerpt("Buyer", "I see."))
    return Item(
        id=id_,
        task=task,
        product=name,
        price="$5.00",
        context=(Block("Product sheet", (Excerpt("", f"Sheet of {name}."),)),),
        a=said,
        b=said[::-1] if id_.startswith("p") else (),
    )


@dataclass
class Rater:
    """A rater's browser."""

    client: Client
    number: int

    async def get(self, page: object = "") -> tuple[int, str]:
        """Look at one of the rater's pages."""
        async with self.client.get(f"/rate/{self.number}/{page}") as answer:
            return answer.status, await answer.text()

    async def post(
        self, page: object, headers: Mapping[str, str] = OWN, **fields: object
    ) -> tuple[int, str]:
        """Send the form of a page; returns the status, and where it leads or what it says."""
        data = {name: str(value) for name, value in fields.items()}
        path = f"/rate/{self.number}/{page}"
        async with self.client.post(
            path, data=data, headers=headers, allow_redirects=False
        ) as answer:
            return answer.status, answer.headers.get("Location") or await answer.text()

    async def rate(self, page: object, rating: object, seen: object = "") -> tuple[int, str]:
        """Press a button."""
        return await self.post(page, rating=rating, seen=seen)


@asynccontextmanager
async def browsing(app: web.Application) -> AsyncIterator[Client]:
    """A browser that knows nothing."""
    async with TestClient(TestServer(app)) as client:
        yield client


def rating(
    place: Path,
    names: tuple[str, ...],
    questions: Callable[..., Awaitable[None]],
    **options: Any,
) -> None:
    """Serve an export while `questions` is asked: it gets the ratings and each rater."""

    async def main() -> None:
        NOW[0] = 1_000.0
        with opened(place, names, clock=lambda: NOW[0], **options) as ratings:
            async with browsing(application(ratings)) as client:
                raters = []
                for number, link in enumerate(ratings.links.raters, 1):
                    rater = Rater(client, number)
                    status, _ = await rater.get(f"?token={link.token}")
                    assert status == 200
                    raters.append(rater)
                await questions(ratings, *raters)

    with beside_a_browser():
        anyio.run(main)


def lines(place: Path, rater: str = "ann") -> list[dict[str, Any]]:
    """What a rater's journal holds after its first line."""
    text = (place / f"ratings-{rater}.jsonl").read_text()
    assert text.endswith("\n")
    return [json.loads(line) for line in text.splitlines()[1:]]


def shown_at(ratings: Ratings, rater: int = 1) -> dict[tuple[str, bool], int]:
    """Where each item, and each repeat, stands for a rater."""
    desk = ratings.desks[rater - 1]
    return {(place.item, place.again): number for place, number in desk._numbers.items()}
