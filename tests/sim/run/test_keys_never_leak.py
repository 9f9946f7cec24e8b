"""Keys never leak: everything that commands write or print is scanned for the key."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from examples.rehearsal_server import reply_to
from tests.sim.modelserver import Server, serving
from tests.sim.runs import process, replayed, scenario, sim

pytestmark = pytest.mark.slow

KEY = 'Zq7+wX9/mN3=pL5&vB2"rT8~secret'
FORMS = {
    "plain": KEY,
    "quoted": quote(KEY, safe=""),
    "as a path": quote(KEY),
    "as a form": quote_plus(KEY),
    "in JSON": json.dumps(KEY)[1:-1],
    "base64": base64.b64encode(KEY.encode()).decode().rstrip("="),
    "base64 for addresses": base64.urlsafe_b64encode(KEY.encode()).decode().rstrip("="),
    "its beginning": KEY[:12],
    "its end": KEY[-12:],
}
ECHO = " and ".join(FORMS[form] for form in list(FORMS)[:7])
SCENARIO = """
[products]
per_category = 1
[[sellers]]
id = "s"
agent = "model"
model = "local"
[[buyers]]
id = "b"
agent = "model"
model = "local"
[models.local]
provider = "openai-compatible"
model = "m"
base_url = "{url}"
key_env = "LEAK_TEST_KEY"
max_attempts = 2
timeout_s = 60.0
deadline_s = 120.0
price = {{ input = 1.0, output = 1.0 }}
"""

Answering = Callable[[dict[str, Any]], tuple[int, Any]]


def good(body: dict[str, Any]) -> tuple[int, Any]:
    return 200, reply_to(body)


def error(status: int, **told: Any) -> Answering:
    """Fail with a body that repeats the key in every form."""
    return lambda _: (status, {"error": {"message": f"your key {ECHO} is bad", **told}})


def after(calls: int, then: Answering) -> Answering:
    """Answer well at first."""
    seen = iter(range(calls))
    return lambda body: good(body) if next(seen, None) is not None else then(body)


def echoed(body: dict[str, Any]) -> tuple[int, Any]:
    """Answer with words of the key instead of an object."""
    return 200, f"Debug: Authorization: Bearer {ECHO}"


def politely(body: dict[str, Any]) -> tuple[int, Any]:
    """Answer well, with the key in every text."""
    reply = json.loads(reply_to(body))
    if "text" in reply["reply"]:
        reply["reply"]["text"] = f"My key is {ECHO}"
    return 200, json.dumps(reply)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LEAK_TEST_KEY", KEY)
    return tmp_path


def scanned(folder: Path, *printed: str) -> None:
    """No file below the folder and nothing printed holds the key in any form."""
    found = [path for path in folder.rglob("*") if path.is_file()]
    texts = {str(path): path.read_bytes().decode("utf-8", "replace") for path in found}
    texts |= {f"printed {number}": text for number, text in enumerate(printed)}
    for place, text in texts.items():
        for form, key in FORMS.items():
            assert key not in text, f"the key, {form}, in {place}"


def launched(server: Server, folder: Path, *arguments: str) -> tuple[int, str, str]:
    path = scenario(folder, SCENARIO.format(url=server.url))
    done = process("launch", path, "--out", folder / "run", "--verbose", *arguments)
    return done.returncode, done.stdout, done.stderr


def test_the_scan_finds_a_key(folder: Path) -> None:
    """The scan itself can fail."""
    (folder / "log").write_text(f"... {quote_plus(KEY)} ...")
    with pytest.raises(AssertionError, match="the key, "):
        scanned(folder)
    with pytest.raises(AssertionError, match="printed 0"):
        scanned(folder / "none", f"x{KEY}x")


@pytest.mark.parametrize(
    ("answering", "status"),
    [
        (good, 0),
        (error(401), 2),
        (after(20, error(401)), 3),
        (error(403), 2),
        (error(402), 2),
        (error(404), 2),
        (error(429, code="insufficient_quota"), 2),
        (error(400), 2),
        (error(500), 3),
        (after(20, error(400)), 0),
        (echoed, 1),
        (politely, 0),
    ],
    ids=[
        "good",
        "401",
        "401-late",
        "403",
        "402",
        "404",
        "quota",
        "400",
        "500",
        "400-late",
        "echoed",
        "politely",
    ],
)
def test_no_command_writes_or_prints_the_key(
    folder: Path, answering: Answering, status: int
) -> None:
    run = folder / "run"
    with serving(answering) as server:
        code, out, err = launched(server, folder, "--json")
        assert code == status, err
        assert "Traceback" not in err
        printed = [out, err]
        for words in (
            ("resume", run),
            ("resume", run, "--retry-failed"),
            ("replay", run),
            ("replay", run, "--json"),
            ("verify", run),
        ):
            result = sim(*words)
            printed += [result.stdout, result.stderr]
        if status in (2, 3):
            server.answering = good
            resumed = sim("resume", run, "--verbose", "--retry-failed")
            assert resumed.exit_code == 0, resumed.stderr
            printed += [resumed.stdout, resumed.stderr]
            assert replayed(run)["episodes"]["closed"] == 4
    scanned(folder, *printed)
    assert (run / "telemetry").is_dir()


def test_a_key_that_is_no_more_than_sent_still_reaches_its_server(folder: Path) -> None:
    """What is scanned for was really in use: the answers came because the key was there."""
    with serving(good) as server:
        code, out, err = launched(server, folder)
    assert code == 0, err
    assert server.headers
    assert {head["Authorization"] for head in server.headers} == {f"Bearer {KEY}"}
    scanned(folder, out, err)


def test_a_provider_that_is_down_leaks_nothing(folder: Path) -> None:
    with serving(good) as server:
        pass
    code, out, err = launched(server, folder)
    assert code == 3
    scanned(folder, out, err)


def test_a_key_where_its_variables_name_belongs_is_not_shown(folder: Path) -> None:
    """The commonest mistake: key_env = "sk-...", which must not echo it into a terminal's log."""
    path = scenario(folder, SCENARIO.format(url="http://127.0.0.1:9/v1"))
    for key in (KEY, "sk-live-0123456789abcdef", "hf_0123456789abcdef"):
        setting = f"models.local.key_env={json.dumps(key)}"
        result = sim("launch", path, "--out", folder / "run", "--set", setting)
        assert result.exit_code == 2
        assert "key_env is the name of an environment variable" in result.stderr
        assert key not in result.stdout + result.stderr
    assert not (folder / "run").exists()


def test_the_environment_of_a_run_is_not_recorded(folder: Path) -> None:
    """No other variable is written either."""
    marker = "an-unlikely-value-in-the-environment"
    with serving(good) as server:
        path = scenario(folder, SCENARIO.format(url=server.url))
        done = process("launch", path, "--out", folder / "run", "--verbose", OTHER=marker)
    assert done.returncode == 0
    assert os.environ["LEAK_TEST_KEY"] == KEY
    for file in (folder / "run").rglob("*"):
        assert not file.is_file() or marker.encode() not in file.read_bytes()
