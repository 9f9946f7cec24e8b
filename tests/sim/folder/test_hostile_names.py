"""Names and folders that nobody means: each is refused in one line, or cleared away."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path
from typing import Any

import pytest

import retailsim
from retailsim.events.errors import RetailSimError
from retailsim.sim.errors import CannotWrite
from retailsim.sim.folder.run_folder import NewRun
from tests.sim.runs import sim, small_run

SEATS: dict[str, Any] = {
    "sellers": [{"id": "s", "agent": "behavioral"}],
    "buyers": [{"id": "b", "agent": "behavioral"}],
}
PLACES: dict[str, tuple[dict[str, Any], str]] = {
    "catalog": ({"products": {"catalog": "a\0.csv"}}, "products.catalog"),
    "categories": ({"products": {"categories": "a\0.toml"}}, "products.categories"),
    "parameters": ({"behavioral": {"parameters": "a\0.toml"}}, "behavioral.parameters"),
    "cache": ({"cache": {"file": "a\0"}}, "cache.file"),
    "anchor": ({"anchor": {"run": "a\0"}}, "anchor.run"),
    "rules": ({"rules": {"file": "a\0"}}, "rules.file"),
    "profiles": ({"profiles": {"file": "a\0"}}, "profiles.file"),
    "pitch": (
        {"sellers": [{"id": "s", "agent": "script", "pitch_file": "a\0"}]},
        "sellers[0].pitch_file",
    ),
    "options": (
        {"sellers": [{"id": "s", "agent": "policy", "options": {"file": ["x", "\ud800"]}}]},
        "sellers[0].options.file[1]",
    ),
    "key": ({"models": {"a\0": {}}}, r"models.'a\x00'"),
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("whole") / "run"
    small_run(out)
    return out


@pytest.mark.parametrize(("tables", "place"), PLACES.values(), ids=PLACES)
def test_no_text_of_a_scenario_holds_what_no_name_can(
    tables: dict[str, Any], place: str, tmp_path: Path
) -> None:
    with pytest.raises(RetailSimError) as caught:
        retailsim.run({**SEATS, **tables}, out=tmp_path / "run")
    assert str(caught.value).endswith(f"{place}: holds the character NUL or half of a character")
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["a\0b", "a\ud800b"])
def test_what_can_name_no_file_is_refused_by_python_calls_too(name: str, whole: Path) -> None:
    loaded = retailsim.load(whole)
    for call in (
        lambda: retailsim.run(out=name),
        lambda: retailsim.run(name),
        lambda: retailsim.load(name),
        lambda: retailsim.compare(loaded, name),
        lambda: retailsim.experiment("persona-effects", out=name),
        lambda: loaded.report(name),
    ):
        with pytest.raises(RetailSimError):
            call()


@pytest.mark.slow
def test_a_megabyte_is_not_echoed(tmp_path: Path) -> None:
    long = "x" * 2**20
    for words in (
        ("--catalog", f"{long}.csv"),
        ("--catalog", f"{long}/" * 2 + "y.csv"),
        ("--set", f"products.catalog={long}.csv"),
        ("--set", f"run.{long}=1"),
        ("--set", long),
        ("--sellers", long),
        ("--set", f'sellers=[{{id="{long}", agent="{long}"}}]'),
    ):
        result = sim("launch", *words, "--out", tmp_path / "run")
        assert result.exit_code == 2
        assert result.stderr.startswith("error: ")
        assert len(result.stderr) < 5_000, words[0]


def test_ids_that_read_the_same_are_refused(tmp_path: Path) -> None:
    one, other = "caf\u00e9", "cafe\u0301"
    tables = {**SEATS, "buyers": [{"id": one, "agent": "behavioral"}] * 1}
    tables["buyers"].append({"id": other, "agent": "behavioral"})
    with pytest.raises(RetailSimError, match=r"buyers: 'caf\\xe9' and 'cafe\\u0301' look alike"):
        retailsim.run(tables, out=tmp_path / "run")
    tables["buyers"][1] = {"id": "cafe", "agent": "behavioral"}
    tables["products"] = {"per_category": 1}
    assert retailsim.run(tables, out=tmp_path / "run").finished


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("[run]\n", "[later]\nx = 1\n[run]\n", "unknown field `later`"),
        ("[versions]\n", "[versions]\nlibc = 1\n", "unknown field `libc`"),
        ("[run]\n", "[run]\nhost = 1\n", "unknown field `host`"),
        ("[inputs]\n", '[inputs]\n"../out" = "x"\n', "'../out' leads out of it"),
        ("[inputs]\n", '[inputs]\n"/out" = "x"\n', "'/out' leads out of it"),
        ("[inputs]\n", '[inputs]\n"a\\u0000" = "x"\n', r"inputs.'a\x00': holds the character"),
    ],
)
def test_a_run_file_with_more_in_it_is_not_understood(
    whole: Path, tmp_path: Path, before: str, after: str, said: str
) -> None:
    run = tmp_path / "run"
    shutil.copytree(whole, run)
    path = run / "run.toml"
    assert before in path.read_text()
    path.write_text(path.read_text().replace(before, after, 1))
    for command in ("verify", "resume"):
        result = sim(command, run)
        assert result.exit_code == 2, command
        assert said in result.stderr
        assert len(result.stderr.splitlines()) == 1


def test_what_killed_launches_were_building_goes_with_the_next_one(tmp_path: Path) -> None:
    dead = NewRun(tmp_path / "dead")
    dead._release()  # as the system does at a process's end
    living = NewRun(tmp_path / "living")
    small_run(tmp_path / "run")
    assert {path.name for path in tmp_path.iterdir()} == {"run", living.folder.path.name}
    living.discard()


def test_what_a_kill_left_in_a_run_goes_with_its_resume(whole: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(whole, run)
    (run / ".run.toml.new-1-01234567").touch()
    assert sim("resume", run).exit_code == 0
    assert not list(run.glob(".*"))


def test_a_folder_that_cannot_be_begun_leaves_nothing_and_holds_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = Path.mkdir

    def full(path: Path, *words: Any, **more: Any) -> None:
        if path.name == "telemetry":
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        make(path, *words, **more)

    before = len(list(Path("/proc/self/fd").iterdir()))
    with monkeypatch.context() as patch:
        patch.setattr(Path, "mkdir", full)
        with pytest.raises(CannotWrite):
            NewRun(tmp_path / "run")
    assert list(tmp_path.iterdir()) == []
    assert len(list(Path("/proc/self/fd").iterdir())) == before
