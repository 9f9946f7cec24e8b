"""Seats: from what a scenario says of an agent to the agents that sit in a market."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from typing import Protocol as Protocol_

import msgspec

from retailsim.agents.base import Agent, ModelAccess, Seat
from retailsim.agents.errors import AgentsError, UnknownAgent
from retailsim.agents.host import Checked, Host, Hosting, Trusted
from retailsim.agents.llm.types import PROVIDERS, ModelConfig
from retailsim.agents.profiles import profiles
from retailsim.agents.protocol import MODEL, PERSON, POLICY, WIRE, agents_of
from retailsim.agents.reading.reader import REASKS, ROLE, ModelReader
from retailsim.agents.registry import digest, fit, resolve
from retailsim.agents.wire.address import WireOptions, shown_url, wire_options, wire_url
from retailsim.events.kernel import Kernel, Receive
from retailsim.events.messages import Role, SeatKind
from retailsim.events.outside import Door
from retailsim.events.streams import Seed
from retailsim.market.catalogue.product import Category
from retailsim.market.claims.reading import READINGS
from retailsim.market.core.plugin_code import is_foreign, source_digest
from retailsim.market.core.spec import MarketSpec
from retailsim.market.protocols.registry import DEFAULT, Protocol, protocol_modules
from retailsim.sim.errors import BadScenario, PlayedByPeople, PlayedOutside
from retailsim.sim.scenario.scenario import AgentTable, Scenario

if TYPE_CHECKING:
    from retailsim.agents.person.desk import Desk
    from retailsim.agents.wire.post import Post

REPLY_S = 24 * 3600.0
"""Replies of models have the gateway's deadlines; the host's is far behind them."""

ROLES: tuple[Role, Role] = ("seller", "buyer")


def expand(seat: AgentTable, role: Role) -> AgentTable:
    """Replace the name of a profile by what the profile says; what the seat says itself wins."""
    profile = profiles(role).get(seat.agent)
    if profile is None:
        return seat
    return msgspec.structs.replace(
        seat,
        agent="behavioral",
        persona=seat.persona or (dict(profile.persona) if profile.persona else None),
        gender=seat.gender or profile.gender,
        options={**profile.options, **seat.options},
    )


def named(name: str, role: Role, models: Mapping[str, ModelConfig]) -> dict[str, Any]:
    """Return the seat that an entry of ``--sellers`` or ``--buyers`` means, as a table.

    The entry is policy:FILE, the http(s) address of an agent, or the name of a [models] table, of
    a profile, of an agent, or PROVIDER/MODEL.

    Raises
    ------
    BadScenario
        If it names a folder as a policy, or no file.
    """
    if name.startswith(f"{POLICY}:"):
        file = Path(name.removeprefix(f"{POLICY}:")).absolute()
        if file.is_dir():  # also where nothing follows the colon
            raise BadScenario(f"--{role}s {name}", f"names no file: write {POLICY}:FILE")
        return {"id": file.stem, "agent": POLICY, "options": {"file": str(file)}}
    url = wire_url(name)
    if url is not None:
        place = shown_url(url).partition("://")[2].strip("/")
        return {"id": place.replace("/", ":"), "agent": WIRE, "options": {"url": url}}
    if name in models or _is_model(name):
        return {"id": name.replace("/", ":"), "agent": "model", "model": name}
    if name in profiles(role):
        return {"id": name, "agent": name}
    return {"id": name.replace("/", ":"), "agent": name}


def model_table(name: str) -> dict[str, Any] | None:
    """Return the [models] table that PROVIDER/MODEL stands for, if it is one."""
    provider, _, model = name.partition("/")
    return {"provider": provider, "model": model} if _is_model(name) else None


def _is_model(name: str) -> bool:
    provider, slash, model = name.partition("/")
    return bool(slash and model and provider in PROVIDERS)


def used_models(scenario: Scenario) -> dict[str, ModelConfig]:
    """Return the [models] tables that seats name, and the one that reads claims."""
    seats = (*scenario.sellers, *scenario.buyers)
    names = [*(seat.model for seat in seats), scenario.reader]
    return {name: scenario.models[name] for name in names if name is not None}


def reader_seat(scenario: Scenario) -> tuple[AgentTable, ...]:
    """Return the reader of claims as if it had a seat, for those who count calls; none: ()."""
    if scenario.reader is None:
        return ()
    options = {"reasks": REASKS}
    return (AgentTable(id=ROLE, agent=MODEL, model=scenario.reader, options=options),)


class SeatModels(Protocol_):
    """The language models of a run, as far as seats need them."""

    def access(self, name: str, door: Door) -> ModelAccess:
        """Return a seat's way to the model of this name in one market."""
        ...


class SeatedAgent:
    """One seat of the scenario, from which every market gets an agent of its own.

    Raises
    ------
    BadScenario
        If the agent is unknown or does not accept its options; says which seat.
    """

    def __init__(
        self,
        table: AgentTable,
        role: Role,
        protocol: Protocol,
        seed: Seed,
        folder: Path,
        source: str,
        session_class: type[Agent] | None = None,
        wallet: Mapping[Category, float] = MappingProxyType({}),
    ) -> None:
        self.table = table
        self.protocol = protocol
        self.role = role
        self.of_session = session_class is not None
        self.models: SeatModels | None = None
        self.post: Post | None = None
        self.desk: Desk | None = None
        place = f"{source}: {role}s.{table.id}"
        try:
            self.kind = (
                resolve(table.agent, role, folder=folder, protocol=protocol)
                if session_class is None
                else fit(table.agent, role, protocol, session_class)
            )
            self._seat = Seat(
                id=table.id,
                stream=table.stream,
                role=role,
                seed=seed,
                persona=table.persona,
                gender=table.gender,
                options=table.options,
                wallet=wallet,
            )
            self.kind(self._seat)
        except UnknownAgent as error:
            raise BadScenario(place, f"{error}{_hint(table.agent, role, protocol)}") from None
        except AgentsError as error:
            raise BadScenario(place, str(error)) from None
        except Exception as error:
            problem = f"{table.agent} cannot be made: {type(error).__name__}: {error}"
            raise BadScenario(place, problem) from error

    @property
    def is_plugin(self) -> bool:
        """Whether the agent is not one of ours, so that its code belongs to the run."""
        if self.wired or self.by_person:
            return False
        target = agents_of(self.protocol).target(self.table.agent, self.role)
        return target is None or is_foreign(self.kind.__module__)

    @cached_property
    def sits(self) -> SeatKind:
        """What takes the seat, as the log says it."""
        agents = agents_of(self.protocol)
        if (self.table.agent, self.role) in agents.models:
            return "model"
        if self.outside or self.table.agent == POLICY:
            return "policy"
        if self.wired:
            return "wire"
        if self.by_person:
            return "person"
        return "plug-in" if self.is_plugin else "behavioral"

    @property
    def wired(self) -> bool:
        """Whether its agent is asked over HTTP."""
        return self.table.agent == WIRE and not self.of_session

    @property
    def by_person(self) -> bool:
        """Whether a person takes it."""
        return self.table.agent == PERSON and not self.of_session

    @property
    def source(self) -> str:
        """The name under which it is asked."""
        return f"{self.role}:{self.table.id}"

    @property
    def outside(self) -> bool:
        """Whether only an environment can play it."""
        return (self.table.agent, self.role) in agents_of(self.protocol).outside

    def join(self, kernel: Kernel, door: Door, hosting: Hosting) -> Agent:
        """Make this seat's agent for one market and register it there."""
        model = None
        if self.table.model is not None and self.models is not None:
            model = self.models.access(self.table.model, door)
            hosting = msgspec.structs.replace(hosting, reply_s=REPLY_S)
        seat = msgspec.structs.replace(self._seat, outside=door, model=model)
        if self.post is not None and self.wired:
            seat = msgspec.structs.replace(seat, wire=self.post.at(door))
        if self.desk is not None and self.by_person:
            seat = msgspec.structs.replace(seat, desk=self.desk.at(door))
        agent = self.kind(seat)
        receive = self._way_to(agent, door, hosting)
        kernel.add_agent(agent.source, receive, waits=agent.waits, eager=agent.eager)
        return agent

    def _way_to(self, agent: Agent, door: Door, hosting: Hosting) -> Receive:
        """Return what stands between the bus and the agent: as much as it is not ours."""
        if agent.trusted:
            return Trusted(agent, hosting.admissions).receive
        if self.is_plugin:
            return Host(agent, door, hosting).receive
        return Checked(agent, hosting.admissions).receive


def _hint(name: str, role: Role, protocol: Protocol) -> str:
    """Say what may be meant: a profile or an agent of a similar name, or something else."""
    other: Role = "buyer" if role == "seller" else "seller"
    if protocol.name != DEFAULT:
        return f"; it has to serve the protocol {protocol.name}"
    if name in profiles(other):
        return f"; it is the profile of a {other}"
    if "/" in name:
        return f"; PROVIDER/MODEL begins with one of {', '.join(PROVIDERS)}"
    known = [*profiles(role), *agents_of(protocol).names(role)]
    close = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {close[0]}?" if close else f"; profiles: {', '.join(profiles(role))}"


class Cast:
    """All seats of a scenario.

    Parameters
    ----------
    protocol : Protocol
        What they play by.
    folder : Path
        Where ``module:Class`` is looked for.
    source : str
        The scenario's file, which errors name.
    classes : mapping of str to type
        Agents that are looked up nowhere, because only this process has them.
    """

    def __init__(
        self,
        scenario: Scenario,
        protocol: Protocol,
        seed: Seed,
        folder: Path,
        source: str = "run.toml",
        classes: Mapping[str, type[Agent]] = MappingProxyType({}),
    ) -> None:
        self.protocol = protocol
        self._named = scenario.design.protocol
        self._reader = scenario.reader
        self._models: SeatModels | None = None
        wallet = scenario.behavioral.wallet
        self._seats = {
            (role, table.id): SeatedAgent(
                table, role, protocol, seed, folder, source, classes.get(table.agent), wallet
            )
            for role in ROLES
            for table in scenario.seats(role)
        }

    def connect(self, models: SeatModels) -> None:
        """Give those who ask language models their way to them."""
        self._models = models
        for seat in self._seats.values():
            seat.models = models

    def wires(self) -> dict[str, WireOptions]:
        """The seats whose agents are asked over HTTP, by their sources."""
        seats = (seat for seat in self._seats.values() if seat.wired)
        return {seat.source: wire_options(seat.source, seat.table.options) for seat in seats}

    def connect_wires(self, post: Post) -> None:
        """Give those who are asked over HTTP their connections."""
        for seat in self._seats.values():
            seat.post = post

    def people(self) -> list[str]:
        """The seats that people take, by their sources."""
        return [seat.source for seat in self._seats.values() if seat.by_person]

    def connect_desk(self, desk: Desk) -> None:
        """Give the seats that people take the desk where they are asked."""
        for seat in self._seats.values():
            seat.desk = desk

    def join_reader(self, kernel: Kernel, door: Door) -> None:
        """Register the model that reads claims for one market, if the scenario has one.

        Without models, as where a design is played in memory, it fails and the rules read.
        """
        if self._reader is None:
            return
        access = self._models.access(self._reader, door) if self._models else None
        reader = ModelReader(self._reader, access)
        kernel.add_agent(reader.source, Checked(reader, READINGS).receive, waits=True, eager=True)

    def seat(self, role: Role, name: str) -> SeatedAgent:
        """The seat of this name."""
        return self._seats[role, name]

    def seated(self, spec: MarketSpec) -> MarketSpec:
        """Return a market with what takes each of its seats; of one that nobody takes, nothing."""

        def kind(role: Role, name: str) -> SeatKind | None:
            seat = self._seats.get((role, name))
            return None if seat is None else seat.sits

        return spec.with_kinds(kind)

    @property
    def waits(self) -> bool:
        """Whether anybody waits for the outside, so that markets are worth interleaving."""
        return self._reader is not None or any(s.kind.waits for s in self._seats.values())

    @property
    def has_plugins(self) -> bool:
        """Whether an agent sits here that is not ours, or the protocol is not."""
        ours = not protocol_modules(self.protocol)
        return not ours or any(seat.is_plugin for seat in self._seats.values())

    def plugin_digests(self) -> dict[str, str]:
        """SHA-256 of each plug-in's source, by the name that the scenario gives it."""
        digests = {seat.table.agent: digest(seat.kind) for seat in self._importable()}
        modules = protocol_modules(self.protocol)
        return digests | ({self._named: source_digest(modules)} if modules else {})

    def session_agents(self) -> dict[str, type[Agent]]:
        """The classes that only this process has, by the name that the scenario gives them."""
        seats = (seat for seat in self._seats.values() if seat.of_session)
        return {seat.table.agent: seat.kind for seat in seats}

    def _importable(self) -> list[SeatedAgent]:
        """The plug-ins that another process finds, too."""
        return [s for s in self._seats.values() if s.is_plugin and not s.of_session]

    def outside(self) -> list[str]:
        """The seats that only an environment can play, as ``sellers.ID``."""
        seats = [seat for seat in self._seats.values() if seat.outside]
        return [f"{seat.role}s.{seat.table.id}" for seat in seats]

    def modules_in(self, folder: Path) -> list[Path]:
        """The Python files below `folder` that the plug-ins are made of, as far as imported.

        Installed packages, which may be below it, too, are not the folder's, and neither are we.
        """
        if not self._importable() and not protocol_modules(self.protocol):
            return []
        root = folder.resolve()
        foreign = (module for name, module in list(sys.modules.items()) if is_foreign(name))
        files = (getattr(module, "__file__", None) for module in foreign)
        paths = {Path(file).resolve() for file in files if file}
        own = (path for path in paths if path.is_relative_to(root))
        return sorted(path for path in own if "site-packages" not in path.parts)


def refuse_outside(source: object, cast: Cast, what: str, *, desk: bool = False) -> None:
    """Refuse to play seats that only an environment can, or people where there is no desk.

    Raises
    ------
    PlayedOutside, PlayedByPeople
        If there are any.
    """
    if cast.outside():
        raise PlayedOutside(source, cast.outside(), what)
    if cast.people() and not desk:
        raise PlayedByPeople(source, cast.people(), what)
