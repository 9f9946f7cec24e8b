"""A stranger's run folder runs no code and sends no key, until the user says so."""

from __future__ import annotations

import os
import shutil
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from retailsim.agents.llm.types import ModelConfig
from retailsim.sim.folder.run_folder import (
    FORMAT,
    Identity,
    RunFile,
    RunFolder,
    file_digest,
    versions,
)
from retailsim.sim.run.trust import brought, remember, remembered
from retailsim.sim.scenario.scenario_file import decode
from tests.sim.budget.test_estimate import MODELS as SLOW_MODELS
from tests.sim.modelserver import serving
from tests.sim.run.test_verify import AGENT
from tests.sim.runs import event_lines, launched, scenario, sim, torn

SEATS = '[products]\nper_category = 1\n[[sellers]]\nid = "s"\n[[buyers]]\nid = "b"\n'
MODELS = SLOW_MODELS.replace("requests_per_minute = 120", "")
SECRET = "a-key-of-more-than-twelve-characters"


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where trust is remembered, empty at first."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    yield tmp_path / "state" / "retailsim" / "trusted"
    sys.modules.pop("mine", None)


@pytest.fixture
def played(tmp_path: Path, state: Path) -> Path:
    """A run with a buyer of its own code, which its user launched."""
    source = tmp_path / "source"
    source.mkdir()
    (source / "mine.py").write_text(AGENT)
    launched(tmp_path / "run", scenario(source, f'{SEATS}agent = "mine:Mine"\n'))
    shutil.rmtree(source)
    return tmp_path / "run"


def of_a_stranger(run: Path, state: Path, more: str = "") -> Path:
    """Make it somebody else's: nothing is remembered; its digests are those of what it holds."""
    state.unlink()
    code = run / "inputs" / "plugins" / "mine.py"
    before = file_digest(code)
    code.write_text(f"{more}\n{code.read_text()}")
    told = run / "run.toml"
    told.write_text(told.read_text().replace(before, file_digest(code)))
    return run


def test_what_its_user_launched_is_played_without_a_word(played: Path, state: Path) -> None:
    assert len(state.read_text().split()) == 1
    assert state.stat().st_mode & 0o777 == 0o600
    assert "every event is the same" in sim("verify", played).stdout
    half = torn(played, played.parent / "half")
    assert sim("resume", half).exit_code == 0
    assert event_lines(half) == event_lines(played)


def test_a_strangers_code_is_not_run_and_its_log_is_checked_all_the_same(
    played: Path, state: Path, tmp_path: Path
) -> None:
    trace = tmp_path / "it ran"
    run = of_a_stranger(played, state, f"open({str(trace)!r}, 'w').close()")
    result = sim("verify", run)
    assert result.exit_code == 0
    assert "the hash chain is intact" in result.stdout
    assert "not re-executed: it was not launched on this machine by you" in result.stdout
    assert "inputs/plugins/mine.py" in result.stdout
    assert "--trust" in result.stdout
    half = torn(run, tmp_path / "half")
    before = {path: path.read_bytes() for path in half.rglob("*") if path.is_file()}
    for command in ("resume", "verify", "replay", "report"):
        refused = sim(command, half)
        assert (refused.exit_code == 2) is (command == "resume"), refused.stderr
    assert "half cannot be resumed: it was not launched on this machine" in (
        sim("resume", half).stderr
    )
    assert not trace.exists()
    assert all(path.read_bytes() == held for path, held in before.items())


@pytest.mark.slow
def test_with_trust_it_is_played_and_that_is_remembered_of_this_run_alone(
    played: Path, state: Path, tmp_path: Path
) -> None:
    trace = tmp_path / "it ran"
    run = of_a_stranger(played, state, f"open({str(trace)!r}, 'w').close()")
    half = torn(run, tmp_path / "half")
    assert sim("resume", half, "--trust").exit_code == 0
    assert trace.exists()
    assert "every event is the same" not in sim("verify", half, "--no-code").stdout
    other = half / "inputs" / "plugins" / "other.py"
    other.write_text("import os\n")
    assert "not re-executed" in sim("verify", half).stdout
    other.unlink()
    assert "not re-executed: it brings code" in sim("verify", half, "--no-code").stdout


@pytest.mark.slow
def test_a_run_that_brings_nothing_needs_no_trust(tmp_path: Path, state: Path) -> None:
    launched(tmp_path / "run", "--set", "products.per_category=1")
    assert not state.exists()
    assert "every event is the same" in sim("verify", tmp_path / "run", "--no-code").stdout


def test_code_is_all_that_an_import_may_find(played: Path, state: Path) -> None:
    run = RunFolder(played)
    file = run.read()
    assert remembered(run, file)
    below = run.inputs / "plugins"
    for name in ("json.so", "deep/er.pyc", "x.txt"):
        (below / name).parent.mkdir(exist_ok=True)
        (below / name).write_bytes(b"x")
        assert f"inputs/plugins/{name}" in brought(run, file).code
        assert not remembered(run, file)
        (below / name).unlink()
    (below / "deep").rmdir()
    assert remembered(run, file)
    (below / "link").symlink_to(played)
    remember(run, file)
    assert not remembered(run, file), "what a link leads to may change"


@pytest.mark.slow
def test_a_module_that_nothing_installed_has_is_code_too(
    tmp_path: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the current folder, say, which `python -m` imports from."""
    (tmp_path / "lying_here.py").write_text("raise SystemExit('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    launched(tmp_path / "run", "--set", "products.per_category=1")
    run = RunFolder(tmp_path / "run")
    toml = tmp_path / "run" / "run.toml"
    told = toml.read_text().replace('agent = "behavioral"', 'agent = "lying_here:X"')
    assert "lying_here" in told
    toml.write_text(told)
    assert brought(run, run.read()).code == ("lying_here",)
    assert "not re-executed: it was not launched" in sim("verify", run.path).stdout
    toml.write_text(told.replace("lying_here:X", "json.decoder:JSONDecoder"))
    assert brought(run, run.read()).code == ()


def models_of(run: Path, **fields: str) -> tuple[RunFolder, RunFile]:
    """The run with another table of its model."""
    toml = run / "run.toml"
    lines = [line for line in toml.read_text().splitlines() if not line.startswith("base_url")]
    place = lines.index("[scenario.models.local]") + 1
    lines[place:place] = [f"{name} = {value!r}" for name, value in fields.items()]
    toml.write_text("\n".join(lines))
    return RunFolder(run), RunFolder(run).read()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("base_url", "environ", "sends"),
    [
        ("https://elsewhere.example/v1", {"HOME_KEY": SECRET}, True),
        ("elsewhere.example", {"HOME_KEY": SECRET}, True),
        ("http://10.0.0.7:8000", {"HOME_KEY": SECRET}, True),
        ("http://127.0.0.1:8000", {"HOME_KEY": SECRET}, False),
        ("http://localhost:8000", {"HOME_KEY": SECRET}, False),
        ("http://[::1]:8000", {"HOME_KEY": SECRET}, False),
        ("http://localhost.elsewhere.example", {"HOME_KEY": SECRET}, True),
        ("https://elsewhere.example/v1", {}, False),
    ],
)
def test_a_key_that_would_leave_the_machine_needs_trust(
    base_url: str, environ: dict[str, str], sends: bool, tmp_path: Path, state: Path
) -> None:
    with serving() as server:
        launched(tmp_path / "run", scenario(tmp_path, MODELS.format(url=server.url, products=1)))
    run, file = models_of(tmp_path / "run", base_url=base_url, key_env="HOME_KEY")
    found = brought(run, file, environ)
    assert bool(found.sends) is sends
    assert SECRET not in str(found)
    if sends:
        assert "the key in HOME_KEY goes to" in found.sends[0]


@pytest.mark.slow
def test_the_usual_key_goes_to_its_own_provider_without_asking(tmp_path: Path, state: Path) -> None:
    run, file = RunFolder(tmp_path), launched_file(tmp_path)
    environ = {"OPENAI_API_KEY": SECRET}
    own = with_model(file, ModelConfig(provider="openai", model="x"))
    other = with_model(
        file, ModelConfig(provider="openai", model="x", base_url="https://elsewhere.example")
    )
    assert brought(run, own, environ).sends == ()
    assert len(brought(run, other, environ).sends) == 1, "the provider's key, to somebody else"


def launched_file(folder: Path) -> RunFile:
    with serving() as server:
        path = scenario(folder, MODELS.format(url=server.url, products=1))
        launched(folder / "run", path)
    return RunFolder(folder / "run").read()


def with_model(file: RunFile, model: ModelConfig) -> RunFile:
    from msgspec.structs import replace

    return replace(file, scenario=replace(file.scenario, models={"local": model}))


@pytest.mark.slow
def test_a_strangers_run_does_not_send_a_key_when_it_is_resumed(
    tmp_path: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME_KEY", SECRET)
    with serving() as server:
        launched(tmp_path / "run", scenario(tmp_path, MODELS.format(url=server.url, products=1)))
        asked = len(server.bodies)
        half = torn(tmp_path / "run", tmp_path / "half")
        models_of(half, base_url="https://elsewhere.example/v1", key_env="HOME_KEY")
        result = sim("resume", half)
        assert result.exit_code == 2
        assert "the key in HOME_KEY goes to https://elsewhere.example/v1" in result.stderr
        assert len(server.bodies) == asked
    assert SECRET not in result.output


@pytest.mark.slow
def test_where_nothing_can_be_remembered_a_launch_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", os.fspath(tmp_path / "file"))
    (tmp_path / "mine.py").write_text(AGENT)
    launched(tmp_path / "run", scenario(tmp_path, f'{SEATS}agent = "mine:Mine"\n'))
    assert "--trust" in sim("verify", tmp_path / "run").stdout
    assert "every event is the same" in sim("verify", tmp_path / "run", "--trust").stdout


WIRED = """
[[sellers]]
id = "s"
[[buyers]]
id = "b"
agent = "http"
options = {{ url = "{url}", key_env = "WIRE_KEY", headers_env = {{ X-Team = "WIRE_TEAM" }} }}
"""


@pytest.mark.parametrize(
    ("url", "sends"),
    [
        ("http://127.0.0.1:9/", ()),
        (
            "https://agents.example/",
            (
                "the value of WIRE_TEAM goes to https://agents.example/",
                "the value of WIRE_KEY goes to https://agents.example/",
            ),
        ),
    ],
)
def test_what_a_strangers_agents_over_http_would_be_sent_is_named(
    url: str, sends: tuple[str, ...], tmp_path: Path
) -> None:
    text = "[products]\nper_category = 1\n" + WIRED.format(url=url)
    file = RunFile(
        run=Identity(format=FORMAT, id="r", scenario_folder="."),
        versions=versions(),
        scenario=decode(tomllib.loads(text), "s", tmp_path),
        inputs={},
        plugins={},
    )
    environ = {"WIRE_KEY": SECRET, "WIRE_TEAM": "blue"}
    assert brought(RunFolder(tmp_path), file, environ).sends == sends
    assert not brought(RunFolder(tmp_path), file, {}).sends
