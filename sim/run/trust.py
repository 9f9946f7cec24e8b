"""Trust: whether a run folder may have its code run, and keys sent where it says.

A run folder brings code of its own (plug-ins, a protocol) and names addresses and the variables
whose keys go there. Whoever launched it on this machine knows both; of anybody else's folder they
are a stranger's. Launching a run with either leaves a mark, made of the run's id and of all that
is trusted, in the user's state folder, so that nothing else passes for it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import msgspec

from retailsim.agents.errors import AgentsError
from retailsim.agents.llm.provider.address import base_url, leaves_machine
from retailsim.agents.llm.provider.keys import find_key
from retailsim.agents.llm.types import ModelConfig
from retailsim.agents.protocol import WIRE
from retailsim.agents.wire.address import WireOptions, sent_away, wire_options
from retailsim.market.core.plugin_code import is_foreign
from retailsim.sim.errors import Untrusted
from retailsim.sim.folder.inputs import PLUGINS
from retailsim.sim.folder.run_folder import RunFile, RunFolder, file_digest
from retailsim.sim.folder.state_folder import state_folder
from retailsim.sim.scenario.scenario import Scenario
from retailsim.sim.seats.cast import used_models

_MOST_BYTES = 16 << 20
"""Most that is read of the marks; a mark is 65 bytes."""


class Brought(msgspec.Struct, frozen=True, kw_only=True):
    """What a run folder brings that can harm.

    Parameters
    ----------
    code : tuple of str
        What would be imported: files of the run, and modules that nothing installed has.
    sends : tuple of str
        Which key would go where.
    """

    code: tuple[str, ...] = ()
    sends: tuple[str, ...] = ()


def brought(run: RunFolder, file: RunFile, environ: Mapping[str, str] = os.environ) -> Brought:
    """Return what a run brings. Nothing is imported, and no key is shown."""
    modules = sorted(name for name in _named(file.scenario) if not _installed(name))
    files = [f"inputs/{path.relative_to(run.inputs).as_posix()}" for path in _files(run)]
    models = used_models(file.scenario)
    sends = [_sent(name, models[name], environ) for name in sorted(models)]
    to_agents = [one for wire in _wires(file.scenario) for one in sent_away(wire, environ)]
    return Brought(
        code=tuple(dict.fromkeys((*files, *modules))),
        sends=tuple(dict.fromkeys((*filter(None, sends), *to_agents))),
    )


def check_trust(run: RunFolder, file: RunFile, found: Brought, *, trust: bool, what: str) -> None:
    """Refuse to go on with what a stranger's folder brings.

    Parameters
    ----------
    trust : bool
        Whether the user said so; it is remembered of this run.
    what : str
        What was to be done with it, as "resumed".

    Raises
    ------
    Untrusted
        If it brings anything, and was neither launched here nor trusted.
    """
    if not (found.code or found.sends):
        return
    if trust:
        remember(run, file)
    elif not remembered(run, file):
        raise Untrusted(run.path, (*found.code, *found.sends), what)


def remembered(run: RunFolder, file: RunFile) -> bool:
    """Whether this very run, with this code and these addresses, was launched or trusted here."""
    try:
        with _marks().open("rb") as marks:
            held = marks.read(_MOST_BYTES)
    except OSError:
        return False
    return _mark(run, file).encode() in held.split()


def remember(run: RunFolder, file: RunFile) -> None:
    """Leave a mark; where that cannot be, a later resume asks, and loses nothing."""
    if remembered(run, file):
        return
    path = _marks()
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        place = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    except OSError:
        return
    with os.fdopen(place, "ab") as marks:
        marks.write(f"{_mark(run, file)}\n".encode())


def remember_own(run: RunFolder, file: RunFile) -> None:
    """Leave a mark of a run that the user launches, if there is anything to be trusted of it."""
    found = brought(run, file)
    if found.code or found.sends:
        remember(run, file)


def _marks() -> Path:
    return state_folder() / "trusted"


def _mark(run: RunFolder, file: RunFile) -> str:
    """Return the SHA-256 of all that is trusted with a run; where it lies is no part of it."""
    trusted: dict[str, Any] = {
        "run": file.run.id,
        "code": {path.relative_to(run.inputs).as_posix(): _content(path) for path in _files(run)},
        "named": sorted(_named(file.scenario)),
        "models": used_models(file.scenario),
    }
    sends = [(wire.url, sorted(wire.variables.items())) for wire in _wires(file.scenario)]
    if sends:  # marks of runs without are as they were
        trusted["wires"] = sends
    return sha256(msgspec.json.encode(trusted, order="deterministic")).hexdigest()


def _wires(scenario: Scenario) -> list[WireOptions]:
    """Return what is said of agents over HTTP; what cannot be read is never asked."""
    seats = (seat for seat in (*scenario.sellers, *scenario.buyers) if seat.agent == WIRE)
    found = []
    for seat in seats:
        with suppress(AgentsError):
            found.append(wire_options(seat.id, seat.options))
    return found


def _files(run: RunFolder) -> list[Path]:
    """All that is below the run's plug-ins, whatever it is: an import may find any of it."""
    below = run.inputs / PLUGINS
    return sorted(path for path in below.rglob("*") if path.is_symlink() or not path.is_dir())


def _content(path: Path) -> str:
    if path.is_symlink():  # what it leads to may change, and a launch makes none
        return f"link {os.urandom(16).hex()}"
    return file_digest(path) if path.is_file() else "no file"


def _named(scenario: Scenario) -> Iterator[str]:
    """Yield the modules that a scenario names, as ``module:NAME``."""
    agents = (seat.agent for seat in (*scenario.sellers, *scenario.buyers))
    for name in (*agents, scenario.design.protocol):
        module, colon, _ = name.partition(":")
        if colon:
            yield module


def _installed(module: str) -> bool:
    """Whether a module comes with us, with Python, or with an installed package."""
    top = module.partition(".")[0]
    if not is_foreign(top):
        return True
    try:
        spec = find_spec(top)
    except (ImportError, ValueError):
        return False
    places = [spec.origin or "", *(spec.submodule_search_locations or ())] if spec else []
    return any("site-packages" in Path(place).parts for place in places)


def _sent(name: str, model: ModelConfig, environ: Mapping[str, str]) -> str | None:
    """Say which key would go where, if it is to go anywhere but to its own provider."""
    if model.base_url is None and model.key_env is None:
        return None
    try:
        address = base_url(name, model)
        key = find_key(name, model, environ)
    except AgentsError:
        return None  # nothing is sent, and who plays it says why
    if key is None or not leaves_machine(address):
        return None
    return f"the key in {key.env} goes to {address}"
