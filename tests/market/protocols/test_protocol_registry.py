"""Protocols are found by name: built in, in an installed package, or beside the scenario."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from retailsim.market.core.protocol import MarketRules
from retailsim.market.core.spec import MarketSpec
from retailsim.market.errors import BadProtocol, UnknownProtocol
from retailsim.market.protocols import registry
from retailsim.market.protocols.registry import (
    BUILT_IN,
    DEFAULT,
    Protocol,
    find_protocol,
    imported,
    layer,
    protocol_modules,
    protocol_names,
    rules_of,
)

MINE = """
from retailsim.market.core.admission import Admission
from retailsim.market.core.protocol import MarketRules
from retailsim.market.core.spec import MarketSpec
from retailsim.market.protocols.registry import Protocol


class Spec(MarketSpec, frozen=True, kw_only=True):
    pass


RULES = MarketRules(spec=Spec, open=lambda spec, rules, seed: None, admissions={})
PROTOCOL = Protocol(name="mine", market=RULES, agents=None, run=None)
NOTHING = 3
"""


@pytest.fixture(autouse=True)
def clean_modules() -> Iterator[None]:
    """Forget the modules that a test imported."""
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if not name.startswith("retailsim"):
            del sys.modules[name]


def write(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def install(folder: Path, package: str, points: str) -> None:
    """Lay out an installed distribution with entry points, as pip would."""
    write(folder, f"{package}-1.2.dist-info/METADATA", f"Name: {package}\nVersion: 1.2\n")
    write(folder, f"{package}-1.2.dist-info/entry_points.txt", f"[{registry.GROUP}]\n{points}\n")


def problem(name: str, folder: Path | None = None) -> str:
    with pytest.raises(BadProtocol) as caught:
        find_protocol(name, folder)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_built_in_protocol_says_what_it_is_in_each_layer(name: str) -> None:
    protocol = find_protocol(name)
    assert protocol.name == name
    assert isinstance(rules_of(protocol), MarketRules)
    assert issubclass(rules_of(protocol).spec, MarketSpec)
    assert all(layer(protocol, part) is not None for part in ("agents", "analysis", "run"))


def test_nothing_of_a_protocol_stands_in_the_registry_but_its_name() -> None:
    """So that finding one imports no other."""
    assert DEFAULT in BUILT_IN
    for protocol in BUILT_IN.values():
        assert all(isinstance(getattr(protocol, part), str) for part in ("market", "agents", "run"))


def test_a_part_may_be_the_value_itself_or_missing_in_analysis() -> None:
    rules = rules_of(find_protocol(DEFAULT))
    protocol = Protocol(name="p", market=rules, agents=None, run=None)
    assert rules_of(protocol) is rules
    assert layer(protocol, "analysis") is None
    assert imported("retailsim.market.protocols.registry:DEFAULT") == DEFAULT


def test_a_protocol_beside_the_scenario_is_found(tmp_path: Path) -> None:
    write(tmp_path, "my_protocol.py", MINE)
    assert find_protocol("my_protocol:PROTOCOL", tmp_path).name == "mine"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("my_protocol:NOTHING", "is a int, not a Protocol"),
        ("my_protocol:ABSENT", "there is no ABSENT in "),
        ("no_such_module:PROTOCOL", "there is no module no_such_module in "),
        ("my_protocol.py:PROTOCOL", "there is no module my_protocol.py in "),
        ("my-protocol:PROTOCOL", "write it as module:"),
        ("my_protocol:", "write it as module:"),
        ("broken:PROTOCOL", "importing broken failed: ZeroDivisionError: division by zero"),
    ],
)
def test_what_is_no_protocol_is_refused_in_one_line(tmp_path: Path, name: str, said: str) -> None:
    write(tmp_path, "my_protocol.py", MINE)
    write(tmp_path, "broken.py", "1 / 0\n")
    found = problem(name, tmp_path)
    assert found.startswith(f"protocol {name!r}: ")
    assert said in found


def test_a_protocol_of_an_installed_package_has_a_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "installed_protocol.py", MINE)
    install(
        tmp_path,
        "sales",
        "mine = installed_protocol:PROTOCOL\nodd = installed_protocol:NOTHING\n"
        "retail = installed_protocol:PROTOCOL",
    )
    monkeypatch.syspath_prepend(tmp_path)
    assert protocol_names() == [*BUILT_IN, "mine", "odd"]
    assert find_protocol("mine").name == "mine"
    assert "is a int, not a Protocol" in problem("odd")
    assert find_protocol("retail") is BUILT_IN["retail"]  # nobody stands in for what is ours


def test_a_name_that_two_packages_offer_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for package in ("sales", "wares"):
        install(tmp_path, package, "mine = installed_protocol:PROTOCOL")
    monkeypatch.syspath_prepend(tmp_path)
    said = "sales 1.2 and wares 1.2 both offer it; name it as module:NAME"
    assert problem("mine") == f"protocol 'mine': {said}"


def test_an_unknown_name_says_what_there_is() -> None:
    with pytest.raises(UnknownProtocol) as caught:
        find_protocol("retial")
    known = ", ".join(BUILT_IN)
    assert str(caught.value) == (
        f"no protocol is called 'retial'; known: {known}; "
        "or name one as module:NAME; did you mean retail?"
    )


def test_the_modules_of_a_protocol_of_others_are_those_of_its_classes(tmp_path: Path) -> None:
    write(tmp_path, "my_protocol.py", MINE)
    [module] = protocol_modules(find_protocol("my_protocol:PROTOCOL", tmp_path))
    assert module.endswith(".my_protocol")
    assert Path(str(sys.modules[module].__file__)).parent == tmp_path.resolve()


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_protocol_of_ours_has_no_modules_of_others(name: str) -> None:
    assert protocol_modules(find_protocol(name)) == frozenset()
