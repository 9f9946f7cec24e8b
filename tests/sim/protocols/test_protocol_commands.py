"""A command that is about one protocol alone does what that protocol's value says."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from retailsim.market.protocols.registry import BUILT_IN
from retailsim.sim.errors import BadScenario
from retailsim.sim.experiments.presets import LOOPS
from retailsim.sim.scenario import protocol as of_runs
from retailsim.sim.scenario.protocol import run_of, work_of
from tests.sim.runs import ROOT


def asked_for() -> Iterator[str]:
    """Yield the names that the program looks up."""
    for path in (ROOT / "sim").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id="work_of"), args=[ast.Constant(value=str(name))]):
                    yield name
                case ast.Call(func=ast.Name(id="work_of"), args=[ast.JoinedStr()]):
                    yield from (f"experiment {name}" for name in LOOPS)


def test_each_command_of_a_protocol_is_asked_for_once_and_its_function_is_there() -> None:
    said = [(name, one) for one in BUILT_IN for name in run_of(BUILT_IN[one]).commands]
    assert sorted({name for name, _ in said}) == sorted(asked_for()) and said
    for name, protocol in said:
        module, _, function = run_of(BUILT_IN[protocol]).commands[name].partition(":")
        owners = [one for other, one in said if other == name]
        found = work_of(name, protocol=protocol if len(owners) > 1 else None)
        assert (found.__module__, found.__name__) == (module, function)


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
    with pytest.raises(LookupError, match=f"'launch' is a command of {len(both)} protocols"):
        work_of("launch")
    assert work_of("launch", protocol=next(iter(both))).__name__ == "getcwd"
    first = next(iter(both))
    monkeypatch.setattr(of_runs, "BUILT_IN", {first: both[first]})
    assert work_of("launch").__name__ == "getcwd"
    with pytest.raises(BadScenario, match=f"'auction' has no launch, which is for {first}"):
        work_of("launch", protocol="auction")
