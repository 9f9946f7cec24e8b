"""A command that is about one protocol alone does what that protocol's value says."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from retailsim.market.protocols.registry import BUILT_IN
from retailsim.sim.scenario import protocol as of_runs
from retailsim.sim.scenario.protocol import run_of, work_of
from tests.sim.runs import ROOT


def asked_for() -> Iterator[str]:
    """Yield the names that the command line looks up."""
    for path in (ROOT / "sim" / "cli").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id="work_of"), args=[ast.Constant(value=str(name))]):
                    yield name


def test_each_command_of_a_protocol_is_asked_for_once_and_its_function_is_there() -> None:
    said = [name for one in BUILT_IN.values() for name in run_of(one).commands]
    assert sorted(said) == sorted(asked_for()) and said
    for name in said:
        module, _, function = _place(name).partition(":")
        found = work_of(name)
        assert (found.__module__, found.__name__) == (module, function)


def _place(command: str) -> str:
    return next(
        run_of(one).commands[command]
        for one in BUILT_IN.values()
        if command in run_of(one).commands
    )


def test_a_command_of_no_protocol_and_one_of_two_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(LookupError, match="'launch' is a command of 0 protocols"):
        work_of("launch")
    both = {
        name: replace(one, run=replace(run_of(one), commands={"launch": "os:getcwd"}))
        for name, one in BUILT_IN.items()
    }
    monkeypatch.setattr(of_runs, "BUILT_IN", both)
    with pytest.raises(LookupError, match="'launch' is a command of 2 protocols"):
        work_of("launch")
    first = next(iter(both))
    monkeypatch.setattr(of_runs, "BUILT_IN", {first: both[first]})
    assert work_of("launch").__name__ == "getcwd"
