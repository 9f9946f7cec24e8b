"""The gateway against a server that is not ours: the npm package ``@copilotkit/aimock``."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from retailsim.agents.llm.errors import KeyRefused
from retailsim.agents.llm.gateway.attempts import Attempt
from retailsim.agents.llm.gateway.gateway import Gateway
from retailsim.agents.llm.types import ModelConfig, Provider
from tests.llm.faultserver import KEY, SPOKEN, TEXT
from tests.llm.gateway_calls import CALL, ENVIRON, PROVIDERS_SPOKEN

PACKAGE = "@copilotkit/aimock@1.43.0"
CHAOS = (
    *("--chaos-drop", "0.1", "--chaos-malformed", "0.1"),
    *("--chaos-disconnect", "0.1", "--chaos-ratelimit", "0.02"),
)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package, installed beside one fixture; skips where that is impossible."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("needs node and npm")
    folder = tmp_path_factory.mktemp("aimock")
    flags = ("--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(folder))
    done = subprocess.run(
        [npm, "install", *flags, PACKAGE], capture_output=True, timeout=240, check=False
    )
    if done.returncode:
        pytest.skip("npm could not install the package: no network?")
    says = {"match": {"userMessage": "Pitch it."}, "response": {"content": TEXT}}
    (folder / "says.json").write_text(json.dumps({"fixtures": [says]}))
    return folder


@contextmanager
def serving(folder: Path, flags: Sequence[str] = (), key: str = KEY) -> Iterator[str]:
    """Run the server; gives its address."""
    command = ["node", str(folder / "node_modules/.bin/llmock"), "--port", "0"]
    process = subprocess.Popen(
        [*command, "--fixtures", str(folder / "says.json"), *flags],
        env={"PATH": os.environ["PATH"], "AIMOCK_API_KEYS": key},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    rest = threading.Thread(target=process.stdout.read)  # so that what it says never blocks it
    with process:
        try:
            address = _address(process.stdout)
            rest.start()
            yield address
        finally:
            process.kill()
            if rest.ident is not None:
                rest.join()


def _address(output: Iterable[str]) -> str:
    """Wait until the server says where it listens."""
    said = []
    for line in output:
        if found := re.search(r"listening on (http://\S+)", line):
            return found[1]
        said.append(line)
    raise AssertionError("it needs node 20.15 or later; it said: " + "".join(said))


def config(provider: Provider, address: str) -> ModelConfig:
    # Only this server's OpenRouter lives below another path.
    base = f"{address}/api/v1" if provider == "openrouter" else address
    return ModelConfig(
        provider=provider,
        model=SPOKEN[provider].model,
        base_url=base,
        key_env="TEST_KEY",
        timeout_s=20,
    )


async def ask(made: ModelConfig, times: int) -> tuple[set[str], list[Attempt]]:
    """Ask `times` times at once; return the texts, and every attempt."""
    attempts: list[Attempt] = []
    door = Gateway({"m": made}, environ=ENVIRON, observe=attempts.append, jitter=lambda: 0.01)
    async with door:
        answers = await asyncio.gather(*(door.ask("m", CALL) for _ in range(times)))
    assert all(answer.finish == "stop" for answer in answers)
    return {answer.text for answer in answers}, attempts


@pytest.mark.parametrize("provider", PROVIDERS_SPOKEN)
def test_every_wire_format_is_understood_by_somebody_elses_server(
    folder: Path, provider: Provider
) -> None:
    with serving(folder) as address:
        texts, attempts = asyncio.run(ask(config(provider, address), 10))
    assert texts == {TEXT}
    assert [attempt.outcome for attempt in attempts] == ["answered"] * 10


@pytest.mark.parametrize("provider", ["openai", "anthropic", "google"])
def test_its_chaos_is_survived(folder: Path, provider: Provider) -> None:
    with serving(folder, CHAOS) as address:
        texts, attempts = asyncio.run(ask(config(provider, address), 100))
    assert texts == {TEXT}
    assert len(attempts) > 100
    assert {"answered", "server"} <= {attempt.outcome for attempt in attempts}


def test_its_refusal_of_a_key_is_understood(folder: Path) -> None:
    with (
        serving(folder, key="another-key") as address,
        pytest.raises(KeyRefused) as caught,
    ):
        asyncio.run(ask(config("openai", address), 1))
    assert KEY not in str(caught.value)
