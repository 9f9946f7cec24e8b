"""The page "your first run with a model" works as it stands, offline."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from examples.rehearsal_server import reply_to
from retailsim.agents.csales.model.replies import SalesBuyerEnvelope, SalesSellerEnvelope
from retailsim.agents.llm.talk.shape import portable
from retailsim.agents.llm.types import ModelConfig
from retailsim.agents.retail.model.replies import ENVELOPES
from tests.sim.ports import free_port
from tests.site.page_steps import warnings_in

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "first-model-run.md").read_text()
PORT = "8080"

_SECTION = re.compile(r"^## (.*?)\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
SECTIONS = dict(_SECTION.findall(PAGE))
TOML = re.findall(r"^```toml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def commands(section: str) -> list[str]:
    """The commands of one section, in their order."""
    return re.findall(
        r"^    (\S.*)$", re.sub(r"```.*?```", "", SECTIONS[section], flags=re.DOTALL), re.M
    )


def shown(section: str) -> list[tuple[str, list[str]]]:
    """The lines that a section shows below its commands, with the command before them."""
    found = re.findall(r"^    (\S[^\n]*)\n\n```\n(.*?)^```$", SECTIONS[section], re.M | re.DOTALL)
    return [(command, output.splitlines()) for command, output in found]


def plain(text: str) -> str:
    """Text without what differs from one time to another, and without the widths of tables."""
    text = re.sub(r"\b[0-9a-f]{64}\b|\b[0-9a-f]{12}\b|\bin \d+ s\b|\u2500", "", text)
    return " ".join(text.replace(PORT, "PORT").split())


@contextmanager
def serving(port: int) -> Iterator[None]:
    """The rehearsal server as the page starts it, but for the port."""
    words = [sys.executable, "-u", *commands("Rehearse")[0].split()[1:], "--port", str(port)]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            assert f"Running on http://127.0.0.1:{port}" in process.stdout.readline()
            yield
        finally:
            process.terminate()


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run one of the page's lines in `folder` by a shell, with this environment's Python."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"PATH": path, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        command, shell=True, cwd=folder, env=environment, capture_output=True, text=True
    )


@pytest.mark.slow
def test_the_page_can_be_followed_literally(tmp_path: Path) -> None:
    port = free_port()
    (tmp_path / "first.toml").write_text(TOML[0].replace(PORT, str(port)))
    said = {}
    with serving(port):
        for command in commands("Rehearse")[1:]:
            done = run(command, tmp_path)
            said[command] = done.stdout + done.stderr
            assert done.returncode == 0, f"{command}: {done.stderr}"
            assert not [one for one in warnings_in(done.stderr) if one not in PAGE], command
            if "grep" in command:
                assert done.stdout.startswith('{"type":"ModelCalled"')
    assert "every event is the same" in done.stdout
    launch, resume = commands("When the model goes away")
    stopped = run(launch, tmp_path)
    assert stopped.returncode == 3
    said[launch] = stopped.stdout + stopped.stderr
    with serving(port):
        resumed = run(resume, tmp_path)
    assert resumed.returncode == 0, resumed.stderr
    for command, lines in [*shown("Rehearse")[1:], *shown("When the model goes away")]:
        came = plain(said[command].replace(str(port), PORT))
        for line in lines:
            assert line == "[...]" or plain(line) in came, f"{command} no longer shows {line!r}"
    both = run("python -m sim replay runs/first runs/second --json", tmp_path)
    first, second = json.loads(both.stdout)["runs"]
    assert first["episodes"] == second["episodes"]
    assert first["overall"] == second["overall"]
    assert (first["episodes"]["closed"], first["rejected_outputs"]) == (16, 0)


def test_every_models_table_on_the_page_is_one() -> None:
    tables = [tomllib.loads(text)["models"]["local"] for text in TOML]
    assert len(tables) == 4
    for table in tables:
        assert msgspec.convert(table, ModelConfig).provider == "openai-compatible"


def test_the_page_names_the_start_of_each_free_server() -> None:
    starts = commands("A real model")
    for program in ("llama-server -m", "ollama serve", "ollama pull", "vllm serve"):
        assert any(program in start for start in starts), program


@pytest.mark.parametrize(
    "envelope",
    [*ENVELOPES, SalesSellerEnvelope, SalesBuyerEnvelope],
    ids=lambda envelope: envelope.__name__,
)
def test_the_rehearsal_answers_every_kind_as_its_schema_says(
    envelope: type[msgspec.Struct],
) -> None:
    """Strictly decoded, without a contradiction, and the same each time."""
    schema = portable(envelope)
    reply = schema["properties"]["reply"]
    for branch in reply.get("anyOf", [reply]):
        (kind,) = branch["properties"]["kind"]["enum"]
        for number in range(50):
            asked = {"role": "user", "content": f'{number}: Reply of kind "{kind}".'}
            body = {
                "messages": [asked],
                "response_format": {"json_schema": {"schema": schema}},
            }
            answer = reply_to(body)
            decoded = msgspec.json.decode(answer, type=envelope, strict=True)
            assert decoded.reply.problem() is None  # type: ignore[attr-defined]
            assert reply_to(body) == answer
