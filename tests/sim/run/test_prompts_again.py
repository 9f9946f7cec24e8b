"""The prompts of a market, made again from its log: what was sent, or why they cannot be."""

from __future__ import annotations

from html import unescape
from pathlib import Path
from typing import Any

import msgspec
import pytest

from retailsim.agents.llm.types import Call
from retailsim.events.messages import LoggedRecord, ModelCalled
from retailsim.sim.run.prompts import prompts
from tests.sim.modelserver import by_rote, serving
from tests.sim.runs import launched, outside_lines, scenario
from tests.studio.server import Client, ask

pytestmark = pytest.mark.slow

SCENARIO = """
[products]
ids = ["RSHO000001"]
[[sellers]]
id = "seller"
agent = "model"
model = "m"
[[buyers]]
id = "buyer"
agent = "model"
model = "m"
[[buyers]]
id = "other"
agent = "easy-shopper"
[models.m]
provider = "openai-compatible"
model = "rote"
base_url = "{address}"
price = {{ input = 1.0, output = 1.0 }}
"""


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[dict[str, Any]]]:
    folder = tmp_path_factory.mktemp("prompts")
    with serving(by_rote) as server:
        text = SCENARIO.format(address=server.url)
        launched(folder / "run", scenario(folder, text))
        return folder / "run", list(server.bodies)


def recorded(run: Path) -> tuple[str, list[LoggedRecord]]:
    """The run's one market and its recorded answers."""
    decode = msgspec.json.Decoder(LoggedRecord).decode
    records = [decode(line) for line in outside_lines(run)]
    [market] = {one.market for one in records}
    return market, records


def said(call: Call) -> list[tuple[str, str]]:
    return [("system", call.system), *((one.role, one.text) for one in call.says)]


def messages(body: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["role"], one["content"]) for one in body["messages"]]


def test_what_is_made_again_is_what_was_sent(sent: tuple[Path, list[dict[str, Any]]]) -> None:
    run, bodies = sent
    market, records = recorded(run)
    found = prompts(run, market, records)
    assert found.obstacle is None and len(found.calls) == len(records) == len(bodies) > 10
    made = [said(call) for call in found.calls.values()]
    assert sorted(made, key=str) == sorted(map(messages, bodies), key=str)


def test_of_an_open_market_there_are_those_that_were_answered(
    sent: tuple[Path, list[dict[str, Any]]],
) -> None:
    run, _ = sent
    market, records = recorded(run)
    for count in (0, 3):
        found = prompts(run, market, records[:count])
        assert len(found.calls) == count and found.obstacle is None


def test_what_was_not_sent_is_not_shown_and_said(
    sent: tuple[Path, list[dict[str, Any]]], tmp_path: Path
) -> None:
    run, _ = sent
    market, records = recorded(run)
    first = records[0]
    assert isinstance(first, ModelCalled)
    other = msgspec.structs.replace(first, request_sha256="0" * 64)
    found = prompts(run, market, [other, *records[1:]])
    assert len(found.calls) < len(records) and found.obstacle
    text = (run / "run.toml").read_text()
    (tmp_path / "run.toml").write_text(text.replace('package = "', 'package = "0.0.1 not '))
    found = prompts(tmp_path, market, records)
    assert not found.calls and "made by version 0.0.1" in (found.obstacle or "")


def test_the_page_of_a_conversation_shows_them_when_asked(
    sent: tuple[Path, list[dict[str, Any]]],
) -> None:
    run, bodies = sent
    market, _ = recorded(run)
    last = max(map(messages, bodies), key=len)

    async def questions(client: Client) -> None:
        asked = {"id": f"{market}/buyer"}
        async with client.get("/runs/run/episode", params=asked) as answer:
            plain = unescape(await answer.text())
        assert "Make them again" in plain
        async with client.get("/runs/run/episode", params=asked | {"prompts": "1"}) as answer:
            page = unescape(await answer.text())
        assert "could not be made again" not in page
        for role, text in last[:-1]:
            if role != "assistant":
                assert text in page and text not in plain

    ask(run.parent, questions)
