"""Files of pages are sent from memory, by each application, with their kinds."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest
from aiohttp import ClientSession, web

from retailsim.sim.play_page import app as play_app
from retailsim.sim.rate_page import app as rate_app
from retailsim.sim.studio.site.static_files import KINDS, STUDIOS, add_static
from retailsim.sim.study.organiser import app as organiser_app
from tests.serving import serving

FOLDERS = (STUDIOS, play_app.STATIC, rate_app.STATIC, organiser_app.STATIC)


def served(folder: Path, *names: str) -> list[tuple[int, str, bytes]]:
    """Status, kind and body of the answers for some names."""
    app = web.Application()
    add_static(app, folder)

    async def asked(address: str) -> list[tuple[int, str, bytes]]:
        async with ClientSession(address) as client:
            found = []
            for name in names:
                async with client.get(f"/static/{name}") as answer:
                    found.append((answer.status, answer.content_type, await answer.read()))
            return found

    with serving(app) as address:
        return anyio.run(asked, address)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda one: one.parent.name)
def test_every_file_is_sent_as_what_it_is(folder: Path) -> None:
    files = [*folder.iterdir(), STUDIOS / "icon.svg", STUDIOS / "studio.css"]
    assert served(folder, *(file.name for file in files)) == [
        (200, KINDS[file.suffix], file.read_bytes()) for file in files
    ]


def test_no_file_is_left_open_by_who_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are read as the application is made; afterwards nothing is opened."""
    app = web.Application()
    add_static(app, STUDIOS)

    def refused(*args: object, **more: object) -> None:
        pytest.fail(f"opened: {args}")

    async def asked(address: str) -> int:
        async with ClientSession(address) as client, client.get("/static/icon.svg") as answer:
            return answer.status

    with serving(app) as address:
        monkeypatch.setattr(Path, "open", refused)
        assert anyio.run(asked, address) == 200


def test_what_is_not_there_is_not_found(tmp_path: Path) -> None:
    (tmp_path / "page.js").write_text("1")
    answers = served(tmp_path, "page.js", "other.js", "..%2fpage.js", "page.js/", "")
    assert [status for status, _, _ in answers] == [200, 404, 404, 404, 404]


def test_a_folder_of_its_own_has_precedence(tmp_path: Path) -> None:
    (tmp_path / "studio.css").write_text("p { color: red }")
    [(_, _, body)] = served(tmp_path, "studio.css")
    assert body == b"p { color: red }"


def test_a_file_of_no_kind_that_pages_need_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("1")
    with pytest.raises(KeyError, match=r"\.txt"):
        add_static(web.Application(), tmp_path)
