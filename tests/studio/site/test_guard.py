"""Who may look: the token, the Host, and other sites' pages."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import anyio
import pytest
from yarl import URL

from tests.studio.server import TOKEN, Client, ask, served


async def status(client: Client, path: str, headers: Mapping[str, str] | None = None) -> int:
    """The status of an answer; the path is sent as it stands."""
    address = URL(str(client.make_url("/")).rstrip("/") + path, encoded=True)
    async with client.session.get(address, headers=headers, allow_redirects=False) as answer:
        return answer.status


def test_who_has_no_token_sees_nothing_but_that_the_server_is_there(tmp_path: Path) -> None:
    async def main() -> None:
        async with served(tmp_path, known=False) as client:
            for path in ("/", "/?token=", "/?token=another", "/runs/a/", "/nowhere"):
                assert await status(client, path) == 401
            assert await status(client, "/healthz") == 200
            assert await status(client, "/static/studio.css") == 200

    anyio.run(main)


def test_the_link_is_exchanged_for_a_cookie_and_an_address_without_the_token(
    tmp_path: Path,
) -> None:
    async def main() -> None:
        async with served(tmp_path, known=False) as client:
            link = f"/runs/a/episodes?seller=x&token={TOKEN}&buyer=y"
            async with client.get(link, allow_redirects=False) as answer:
                assert answer.status == 303
                assert answer.headers["Location"] == "./episodes?seller=x&buyer=y"
                cookie = answer.headers["Set-Cookie"]
                assert "HttpOnly" in cookie and "SameSite=Lax" in cookie
                assert str(client.port) in cookie.partition("=")[0]
            assert await status(client, "/") == 200

    anyio.run(main)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, 200),
        ({"Host": "localhost:9000"}, 200),  # a tunnel with another port
        ({"Host": "evil.example"}, 421),
        ({"Host": "127.0.0.1.evil.example"}, 421),
        ({"Host": "[::1"}, 421),
        ({"Host": ""}, 421),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        (
            {
                "Sec-Fetch-Site": "cross-site",
                "Sec-Fetch-Mode": "navigate",
                "Sec-Fetch-Dest": "document",
            },
            200,
        ),
        (
            {
                "Sec-Fetch-Site": "cross-site",
                "Sec-Fetch-Mode": "navigate",
                "Sec-Fetch-Dest": "iframe",
            },
            403,
        ),
    ],
)
def test_another_name_and_another_sites_page_are_refused(
    headers: dict[str, str], expected: int, tmp_path: Path
) -> None:
    async def questions(client: Client) -> None:
        assert await status(client, "/", headers) == expected

    ask(tmp_path, questions)


def test_no_address_leads_out_of_the_runs(tmp_path: Path) -> None:
    (tmp_path / "run.toml").write_text("secret")
    inside = tmp_path / "runs"
    inside.mkdir()

    async def questions(client: Client) -> None:
        for path in (
            "/runs/../",
            "/runs/%2e%2e/",
            "/runs/..%2f/",
            "/runs/~/",
            "/static/../app.py",
            "/static/%2e%2e/app.py",
            "/static/..%2fapp.py",
        ):
            assert await status(client, path) == 404, path

    ask(inside, questions)


def test_every_answer_allows_nothing_that_is_not_the_servers(tmp_path: Path) -> None:
    async def questions(client: Client) -> None:
        for path in ("/", "/nowhere", "/static/studio.css", "/healthz"):
            async with client.get(path) as answer:
                policy = answer.headers["Content-Security-Policy"]
                assert policy.startswith("default-src 'none'; ")
                assert "unsafe" not in policy and "frame-ancestors 'none'" in policy
                assert answer.headers["X-Content-Type-Options"] == "nosniff"

    ask(tmp_path, questions)


def test_what_is_sent_to_a_page_is_refused_in_words(tmp_path: Path) -> None:
    async def questions(client: Client) -> None:
        async with client.post("/", headers={"Sec-Fetch-Site": "same-origin"}) as answer:
            assert answer.status == 405
            assert "can be looked at, and takes nothing" in await answer.text()

    ask(tmp_path, questions)


@pytest.mark.parametrize(
    ("headers", "refused"),
    [
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, False),
        ({"Sec-Fetch-Site": "none"}, True),
        ({}, True),  # no browser
        # What a browser sends to a server that is neither this machine nor encrypted.
        ({"Origin": "http://{host}"}, False),
        ({"Origin": "http://evil.example"}, True),
        ({"Origin": "null"}, True),
        ({"Origin": "http://{host}", "Sec-Fetch-Site": "cross-site"}, True),
    ],
)
def test_what_changes_something_is_taken_from_a_page_of_ours_alone(
    headers: dict[str, str], refused: bool, tmp_path: Path
) -> None:
    async def questions(client: Client) -> None:
        host = f"{client.host}:{client.port}"
        sent = {name: value.format(host=host) for name, value in headers.items()}
        async with client.post("/", headers=sent) as answer:
            assert answer.status == (403 if refused else 405)  # no page of the studio takes any

    ask(tmp_path, questions)
