"""Agents are found by name: built in, beside the scenario, or in an installed package."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from retailsim.agents import registry
from retailsim.agents.base import Agent
from retailsim.agents.errors import BadAgent, UnknownAgent
from retailsim.agents.registry import digest, known, resolve
from retailsim.agents.retail.base import SellerAgent
from retailsim.events.messages import Role

BARE = """
from retailsim.agents.base import Agent

class Bare(Agent):
    async def receive(self, message):
        return ()
"""

SELLER = """
from retailsim.agents.retail.base import SellerAgent

class Shouty(SellerAgent):
    '''Shouts.

    Always.
    '''
    async def strategy(self, request): ...
    async def pitch(self, request): ...
    async def answer(self, request): ...
    async def support(self, request): ...
"""


@pytest.fixture(autouse=True)
def clean_modules() -> Iterator[None]:
    """Forget the modules that a test imported."""
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if not name.startswith(("agents", "market", "events")):
            del sys.modules[name]


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def install(folder: Path, package: str, points: str) -> None:
    """Lay out an installed distribution with entry points, as pip would."""
    write(folder, f"{package}-1.2.dist-info/METADATA", f"Name: {package}\nVersion: 1.2\n")
    write(folder, f"{package}-1.2.dist-info/entry_points.txt", f"[{registry.GROUP}]\n{points}\n")


def problem(name: str, role: Role, folder: Path | None = None) -> str:
    with pytest.raises(BadAgent) as caught:
        resolve(name, role, folder=folder)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_built_in_name_gives_the_class_of_the_role() -> None:
    seller = resolve("script", "seller")
    assert (seller.__module__, seller.__name__) == (
        "retailsim.agents.retail.behavioral.script",
        "ScriptSeller",
    )


def test_a_built_in_name_of_the_other_role_is_unknown() -> None:
    with pytest.raises(UnknownAgent, match="no buyer agent is called 'script'; known: behavioral"):
        resolve("script", "buyer")


def test_a_class_is_found_beside_the_scenario(tmp_path: Path) -> None:
    write(tmp_path, "my_agents.py", SELLER)
    cls = resolve("my_agents:Shouty", "seller", folder=tmp_path)
    assert issubclass(cls, SellerAgent)
    assert cls.__name__ == "Shouty"


def test_a_class_is_found_in_a_package_beside_the_scenario(tmp_path: Path) -> None:
    write(tmp_path, "shop/__init__.py", "")
    write(tmp_path, "shop/loud.py", "from .base import Base\nclass Loud(Base): ...\n")
    write(tmp_path, "shop/base.py", BARE.replace("Bare", "Base"))
    assert resolve("shop.loud:Loud", "buyer", folder=tmp_path).__name__ == "Loud"


def test_a_module_beside_the_scenario_imports_its_neighbours(tmp_path: Path) -> None:
    write(tmp_path, "mine.py", "from mine_helpers import Bare\n")
    write(tmp_path, "mine_helpers.py", BARE)
    assert resolve("mine:Bare", "seller", folder=tmp_path).__name__ == "Bare"


def test_looking_beside_the_scenario_leaves_the_import_path_alone(tmp_path: Path) -> None:
    write(tmp_path, "my_agents.py", BARE)
    before = list(sys.path)
    resolve("my_agents:Bare", "seller", folder=tmp_path)
    assert sys.path == before
    assert "my_agents" not in sys.modules


def test_two_scenarios_may_each_have_a_module_of_the_same_name(tmp_path: Path) -> None:
    for place in ("one", "two"):
        write(tmp_path / place, "my_agents.py", BARE + f"    place = '{place}'\n")
    one, two = (resolve("my_agents:Bare", "seller", folder=tmp_path / x) for x in ("one", "two"))
    assert (one.place, two.place) == ("one", "two")  # type: ignore[attr-defined]


def test_the_scenarios_folder_goes_before_the_library(tmp_path: Path) -> None:
    """A user's random.py is taken for the user's own, and the library's stays what it was."""
    library = sys.modules["random"]
    write(tmp_path, "random.py", BARE)
    assert issubclass(resolve("random:Bare", "seller", folder=tmp_path), Agent)
    assert sys.modules["random"] is library


def test_the_normal_import_path_comes_second(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "site", "installed_agents.py", BARE)
    monkeypatch.syspath_prepend(tmp_path / "site")
    assert issubclass(resolve("installed_agents:Bare", "seller", folder=tmp_path), Agent)
    assert issubclass(resolve("installed_agents:Bare", "seller"), Agent)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("Bare = 3", "is a int, not a class"),
        ("class Bare: ...", "is not an agent: subclass SellerAgent, BuyerAgent or Agent"),
        (
            "from retailsim.agents.retail.base import BuyerAgent as Bare",
            "is a BuyerAgent and cannot be a seller",
        ),
        (
            "from retailsim.agents.retail.base import SellerAgent\n"
            "class Bare(SellerAgent):\n async def answer(self, request): ...\n",
            "lacks pitch, strategy, support: define them in Bare",
        ),
        ("other = 1", "there is no Bare in "),
        ("1 / 0", "importing bad failed: ZeroDivisionError: division by zero (bad.py, line 1)"),
        ("x = (", "importing bad failed: SyntaxError"),
        ("import no_such_thing", "failed: ModuleNotFoundError: No module named 'no_such_thing'"),
        ("raise SystemExit('leave')", "importing bad failed: SystemExit: leave (bad.py, line 1)"),
        ("raise ValueError('two\\nlines')", "ValueError: two lines"),
    ],
)
def test_what_is_wrong_with_a_class_is_said_in_one_line(
    tmp_path: Path, code: str, said: str
) -> None:
    write(tmp_path, "bad.py", code)
    message = problem("bad:Bare", "seller", tmp_path)
    assert said in message
    assert message.startswith("agent 'bad:Bare': ")


def test_a_missing_module_says_where_it_was_looked_for(tmp_path: Path) -> None:
    message = problem("no_such:Bare", "seller", tmp_path)
    assert message == (
        f"agent 'no_such:Bare': there is no module no_such in {tmp_path}, and none installed"
    )
    assert problem("no.such:Bare", "seller").endswith("there is no module no.such installed")


@pytest.mark.parametrize("name", ["my_agents.py:Bare", "a/b:Bare", ":Bare", "bad:", "a:b:c"])
def test_a_name_that_is_no_class_path_says_how_to_write_it(name: str, tmp_path: Path) -> None:
    message = problem(name, "seller", tmp_path)
    assert "write it as module:Class" in message or "there is no module" in message


def test_a_plug_in_is_found_by_its_entry_point(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "shouting.py", SELLER)
    install(tmp_path, "shouting", "shouty = shouting:Shouty")
    monkeypatch.syspath_prepend(tmp_path)
    assert resolve("shouty", "seller").__name__ == "Shouty"
    assert "cannot be a buyer" in problem("shouty", "buyer")


def test_a_name_offered_twice_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for package in ("one", "two"):
        install(tmp_path, package, "shouty = shouting:Shouty")
    monkeypatch.syspath_prepend(tmp_path)
    assert "one 1.2 and two 1.2 both offer it" in problem("shouty", "seller")


def test_the_list_of_agents_holds_plug_ins_with_their_role_and_broken_ones_with_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "shouting.py", SELLER)
    write(tmp_path, "broken.py", "1 / 0")
    install(tmp_path, "shouting", "shouty = shouting:Shouty\nbroken = broken:Any")
    monkeypatch.syspath_prepend(tmp_path)
    sellers = {info.name: info for info in known("seller")}
    assert sellers["script"].origin == "built-in"
    assert sellers["script"].description
    assert (sellers["shouty"].origin, sellers["shouty"].description) == ("shouting 1.2", "Shouts.")
    assert "ZeroDivisionError" in sellers["broken"].description
    assert "shouty" not in {info.name for info in known("buyer")}
    with pytest.raises(UnknownAgent, match="known: behavioral, broken, policy, script, shouty;"):
        resolve("nobody", "seller")


def test_a_plug_in_made_from_a_built_in_agent_does_not_inherit_its_trust(tmp_path: Path) -> None:
    """What it returns is checked, and it gets deadlines, as any other plug-in."""
    source = (
        "from retailsim.agents.retail.behavioral.buyer import BehavioralBuyer\n"
        "class Mine(BehavioralBuyer): ..."
    )
    write(tmp_path, "mine.py", source)
    mine, built_in = resolve("mine:Mine", "buyer", folder=tmp_path), resolve("behavioral", "buyer")
    assert (mine.trusted, built_in.trusted) == (False, True)


def test_the_digest_follows_the_source_of_the_class_and_of_its_own_bases(tmp_path: Path) -> None:
    digests = []
    for place, base, own in (("a", "", ""), ("b", "", ""), ("c", "#", ""), ("d", "", "#")):
        folder = tmp_path / place
        write(folder, "mine.py", "from .base import Bare\nclass Mine(Bare): ...\n" + own)
        write(folder, "base.py", BARE + base)
        digests.append(digest(resolve("mine:Mine", "seller", folder=folder)))
    same, moved, other_base, other_own = digests
    assert same == moved
    assert len({same, other_base, other_own}) == 3
    assert len(same) == 64


def test_the_digest_of_a_built_in_agent_is_that_of_its_module() -> None:
    source = (Path(registry.__file__).parent / "retail" / "behavioral" / "script.py").read_bytes()
    assert digest(resolve("script", "seller")) == sha256(source).hexdigest()
