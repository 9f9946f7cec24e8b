"""Reading a scenario: from a file or built in, with settings laid over it, checked as a whole."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from unicodedata import normalize

import msgspec

from retailsim.agents.errors import AgentsError
from retailsim.agents.persona import checked_persona
from retailsim.agents.protocol import agents_of
from retailsim.events.messages import Role
from retailsim.events.toml_text import parse_toml, unfit_text
from retailsim.events.whole_file import read_bounded
from retailsim.market.protocols.registry import Protocol
from retailsim.sim.errors import BadScenario, NoScenario
from retailsim.sim.scenario.builtin import builtin_scenarios, builtin_text
from retailsim.sim.scenario.explanation import explain
from retailsim.sim.scenario.protocol import scenario_protocol
from retailsim.sim.scenario.protocol_check import check_protocol
from retailsim.sim.scenario.scenario import AgentTable, Scenario
from retailsim.sim.scenario.settings import Tree
from retailsim.sim.scenario.windows_paths import escaped, unfit_path

_MOST_DAYS = 3650
_MOST_DOLLARS = 1e6

_LIMITS = {
    "max_in_flight": (1, 100_000),
    "requests_per_minute": (1, 1e9),
    "tokens_per_minute": (1, 1e12),
    "temperature": (0, 2),
    "thinking_tokens": (0, 1e9),
    "timeout_s": (0.001, 1e6),
    "deadline_s": (0.001, 1e6),
    "max_attempts": (1, 1000),
}
"""Of a model: what no provider and no gateway could make sense of beyond."""

_LIKE_A_RETRY = re.compile(r"~\d+$")
"""Names of markets end like this when failed episodes are repeated."""


def read_tree(name: str) -> tuple[Tree, Path]:
    """Return a scenario's tables and the folder that its paths are relative to.

    Parameters
    ----------
    name : str
        A file, or the name of a built-in scenario.

    Raises
    ------
    NoScenario, BadScenario
        If it is neither, cannot be read, or is not TOML.
    """
    path = Path(name)
    if path.exists() and not path.is_dir():  # a pipe is a file, too
        return _parse(name, _read(path)), path.parent.absolute()
    if path.suffix or path.exists() or name not in builtin_scenarios():
        raise NoScenario(name, builtin_scenarios())
    return _parse(name, builtin_text(name)), Path.cwd()


def _read(path: Path) -> str:
    try:
        return read_bounded(path).decode("utf-8-sig")
    except OSError as error:
        raise BadScenario(str(path), f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise BadScenario(str(path), f"is not UTF-8 at byte {error.start + 1}") from None


def _parse(source: str, text: str) -> Tree:
    try:
        return parse_toml(text)
    except tomllib.TOMLDecodeError as error:
        raise BadScenario(source, f"is not TOML: {error}{escaped(text, error)}") from None


def decode(tree: Mapping[str, Any], source: str, folder: Path | None = None) -> Scenario:
    """Return the scenario that `tree` describes, checked.

    Parameters
    ----------
    folder : Path or None
        Where its protocol is looked for, if it has one of its own; None: the current one.

    Raises
    ------
    BadScenario
        Naming the place and what is wrong there.
    """
    if (place := unfit_text(tree)) is not None:
        raise BadScenario(source, f"{place}: holds the character NUL or half of a character")
    try:
        scenario = msgspec.convert(tree, Scenario)
    except msgspec.ValidationError as error:
        raise BadScenario(source, explain(str(error), tree)) from None
    check(scenario, source, folder or Path.cwd())
    return scenario


def check(scenario: Scenario, source: str, folder: Path) -> None:
    """Refuse designs that no run can hold.

    Raises
    ------
    BadScenario
        Naming the table and what is impossible about it.
    """
    if not scenario.run.name.isprintable():
        raise BadScenario(source, "run.name: must be one line of text without control characters")
    if (unfit := unfit_path(scenario, folder)) is not None:
        raise BadScenario(source, ": ".join(unfit))
    protocol = scenario_protocol(scenario, folder, source)
    for role in ("seller", "buyer"):
        _check_seats(scenario, protocol, role, source)
    check_protocol(scenario, protocol, source)
    _check_pairing(scenario, source)
    multipliers = scenario.design.price_multipliers
    if not multipliers or len(set(multipliers)) < len(multipliers):
        raise BadScenario(source, "design.price_multipliers: give at least one, and each only once")
    if scenario.products.ids is not None and not scenario.products.ids:
        raise BadScenario(
            source, "products.ids: is empty; leave it out to draw products by category"
        )
    if scenario.products.ids is not None and scenario.products.half is not None:
        raise BadScenario(source, "products.half: does not go with products.ids; leave one out")
    weights = scenario.issues.weights
    if weights is not None and not any(weights.values()):
        raise BadScenario(source, "issues.weights: at least one must be above 0")
    _check_days(scenario, source)
    check_models(scenario, source)
    _check_reader(scenario, source)
    waits = scenario.reader or any(seat.model for seat in (*scenario.sellers, *scenario.buyers))
    if waits and not scenario.design.transcripts:
        raise BadScenario(
            source, "design.transcripts: must be true, since models cannot be resumed without texts"
        )


def _check_reader(scenario: Scenario, source: str) -> None:
    name = scenario.reader
    if name is not None and name not in scenario.models:
        known = ", ".join(["rules", "none", *scenario.models])
        problem = f"claims.reader: there is no [models.{name}] table; known: {known}"
        raise BadScenario(source, problem)


def _check_days(scenario: Scenario, source: str) -> None:
    shipping = scenario.shipping
    for key in ("order_days", "delivery_days", "delay_days"):
        if getattr(shipping, key)[1] > _MOST_DAYS:
            raise BadScenario(source, f"shipping.{key}: must not exceed {_MOST_DAYS} days")


def check_models(scenario: Scenario, source: str) -> None:
    """Refuse limits, addresses and prices of models that make no sense."""
    for name, config in scenario.models.items():
        place = f"{source}: models.{name}"
        for key, (low, high) in _LIMITS.items():
            value = getattr(config, key)
            if value is not None and not low <= value <= high:
                raise BadScenario(f"{place}.{key}", f"must be a number from {low:g} to {high:g}")
        if config.base_url is not None and not config.base_url.startswith(("http://", "https://")):
            raise BadScenario(f"{place}.base_url", "must be an address such as https://host/v1")
        for key, dollars in msgspec.structs.asdict(config.price).items() if config.price else ():
            if dollars is not None and not 0.0 <= dollars <= _MOST_DOLLARS:
                raise BadScenario(f"{place}.price.{key}", "must be dollars per million tokens")


def _check_seats(scenario: Scenario, protocol: Protocol, role: Role, source: str) -> None:
    seats = scenario.seats(role)
    if not seats:
        raise BadScenario(source, f"{role}s: there must be at least one [[{role}s]] table")
    ids = [seat.id for seat in seats]
    for one in ids:
        if not one.isprintable() or _LIKE_A_RETRY.search(one):
            problem = "an id must not contain control characters or end in ~ and a number"
            raise BadScenario(source, f"{role}s: {one!r}: {problem}")
    for twice in sorted({one for one in ids if ids.count(one) > 1}):
        raise BadScenario(source, f"{role}s: {twice!r} appears more than once; ids must differ")
    _check_lookalikes(ids, role, source)
    for seat in seats:
        _check_seat(scenario, protocol, seat, role, source)


def _check_lookalikes(ids: Sequence[str], role: Role, source: str) -> None:
    """Refuse ids that read the same: an accented letter may be one character, or two."""
    seen: dict[str, str] = {}
    for one in ids:
        other = seen.setdefault(normalize("NFC", one), one)
        if other != one:
            told = f"{other!a} and {one!a} look alike: write both letters the same way"
            raise BadScenario(source, f"{role}s: {told}, or choose other ids")


def _check_seat(
    scenario: Scenario, protocol: Protocol, seat: AgentTable, role: Role, source: str
) -> None:
    place = f"{role}s.{seat.id}"
    if seat.persona is not None:
        try:
            checked_persona(role, seat.persona)
        except AgentsError as error:
            raise BadScenario(source, f"{place}: {error}") from None
    asks = (seat.agent, role) in agents_of(protocol).models
    if asks and seat.model is None:
        problem = f"give the NAME of the [models.NAME] table that {seat.agent} asks"
        raise BadScenario(source, f"{place}.model: {problem}")
    if asks and seat.model not in scenario.models:
        known = ", ".join(scenario.models) or "none"
        raise BadScenario(source, f"{place}.model: no [models.{seat.model}] table; known: {known}")
    if seat.model is not None and not asks:
        raise BadScenario(source, f'{place}.model: is only for agent = "model"')
    if seat.pitch_file is not None and seat.agent != "script":
        raise BadScenario(source, f'{place}.pitch_file: is only for agent = "script"')
    if seat.agent == "script" and not (seat.pitch_file or seat.options.get("pitch_file")):
        raise BadScenario(source, f"{place}.pitch_file: give a file with the text to speak")


def _check_pairing(scenario: Scenario, source: str) -> None:
    sellers = {seat.id for seat in scenario.sellers}
    buyers = {seat.id for seat in scenario.buyers}
    pairing = scenario.design.pairing
    if pairing == "self" and not sellers & buyers:
        raise BadScenario(
            source,
            "design.pairing: 'self' pairs a seller and a buyer of the same id, but no two match",
        )
    if isinstance(pairing, str):
        return
    if not pairing or len(set(pairing)) < len(pairing):
        raise BadScenario(source, "design.pairing: give at least one pair, and each only once")
    for seller, buyer in pairing:
        if seller not in sellers:
            raise BadScenario(source, f"design.pairing: there is no seller {seller!r}")
        if buyer not in buyers:
            raise BadScenario(source, f"design.pairing: there is no buyer {buyer!r}")
