"""What a protocol is to a run: its design, the keys of a scenario that are its own, its inputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from retailsim.agents.llm.talk.workload import TalkLoad
from retailsim.agents.protocol import agents_of
from retailsim.events.messages import Event
from retailsim.events.streams import Seed
from retailsim.market.catalogue.product import Category, Product
from retailsim.market.core.event_tags import tag_of
from retailsim.market.errors import BadProtocol, MarketError
from retailsim.market.protocols.logged_events import logged_events
from retailsim.market.protocols.registry import (
    BUILT_IN,
    Protocol,
    find_protocol,
    imported,
    rules_of,
    typed_layer,
)
from retailsim.sim.errors import BadScenario
from retailsim.sim.scenario.anchor_record import AnchorRecord
from retailsim.sim.scenario.anchor_table import AnchorTable
from retailsim.sim.scenario.behavioral_values import BehavioralValues
from retailsim.sim.scenario.design import Design
from retailsim.sim.scenario.product_design import ProductDesign
from retailsim.sim.scenario.scenario import AgentTable, Scenario
from retailsim.sim.scenario.study_design import StudyDesign

Files = Mapping[str, bytes]
"""Input files of a run beside its products: name -> contents."""
Talks = Callable[[Any], Sequence[tuple[AgentTable, Sequence[TalkLoad]]]]
"""A market -> what each seat that asks a language model talks about in it."""
Work = Callable[..., int]
"""``(terminal, **options) -> exit status``: what a command of the program does."""


def _each_product(
    scenario: Scenario, products: Sequence[Product], files: Files, seed: Seed
) -> Design:
    return ProductDesign(scenario, products, seed)


Changed = Callable[[Scenario, Path, Scenario], Mapping[str, str]]
"""A run's scenario, the folder of its inputs and the built-in scenario it was made from -> dotted
keys of its behavioral agents' parameters that are not as they were fitted -> who set them."""


def _nothing_changed(scenario: Scenario, inputs: Path, shipped: Scenario) -> Mapping[str, str]:
    return {}


class Posed(msgspec.Struct, frozen=True):
    """A scenario as it was written, and with everything filled in that it leaves open."""

    asked: Scenario
    filled: Scenario


class Anchored(msgspec.Struct, frozen=True):
    """A scenario with what its anchor was solved to, and the record of that."""

    scenario: Scenario
    record: AnchorRecord


def _no_files(scenario: Scenario, folder: Path, seed: Seed) -> Files:
    return {}


def _as_it_is(scenario: Scenario) -> Scenario:
    return scenario


def _none_behavioral(asked: Scenario, scenario: Scenario) -> BehavioralValues | None:
    return None


def _at_any_price(scenario: Scenario, typical: Mapping[Category, float]) -> Scenario:
    return scenario


class ProtocolRun(msgspec.Struct, frozen=True, kw_only=True):
    """One protocol, as a run knows it.

    Parameters
    ----------
    design : callable
        ``(scenario, products, files, seed) -> Design``; by default a market for each product and
        replication, with everybody in it (`ProductDesign`).
    own_keys : tuple of str
        Keys of a scenario that no other protocol understands, such as ``design.discount``.
    rules : type or None
        What the scenario's table [rules] holds, as a struct; None: the protocol takes none.
    whole_catalogue : bool
        Whether all products are for sale in every market, rather than a sample's.
    files : callable
        ``(scenario, folder, seed) -> files``: inputs of its own, read where the scenario stands.
    file_names : tuple of str
        What they are called in the run folder.
    defaults : callable
        ``scenario -> scenario``: what the scenario leaves open, filled in.
    anchored : callable, str or None
        ``(played, baseline, products, protocol, folder, source) -> Anchored``: solves the [anchor]
        on the baseline and applies it to what is played; both are `Posed`. Or where that stands.
    priced : callable
        ``(scenario, typical) -> scenario``: what is left open and follows from what the goods of
        each category typically cost in the catalogue, in cents.
    behavioral : callable
        ``(asked, scenario) -> values``: what behavioral agents go by and where it came from, given
        the scenario as it was written and as it is played; None where nothing is to be said.
    talks : callable or None
        ``scenario -> talks``: what its model agents talk about in a market; None: no models.
    commands : mapping
        Commands of the program that are about this protocol, or do something of its own there ->
        ``module:FUNCTION`` of a `Work`, imported when the command runs. Only those of built-in
        protocols are looked up.
    changed : callable
        See `Changed`; experiments ask it what was put into a run.
    rewards : str or None
        Where the terms of its rewards stand, as ``module:NAME`` of a mapping of term to text; None:
        there are none.
    environments : mapping
        Gymnasium's names of the environments of its seats -> ``module:CLASS``; looked up likewise.
    """

    design: Callable[[Scenario, Sequence[Product], Files, Seed], Design] = _each_product
    own_keys: tuple[str, ...] = ()
    rules: type[msgspec.Struct] | None = None
    whole_catalogue: bool = False
    files: Callable[[Scenario, Path, Seed], Files] = _no_files
    file_names: tuple[str, ...] = ()
    defaults: Callable[[Scenario], Scenario] = _as_it_is
    anchored: Any = None
    priced: Callable[[Scenario, Mapping[Category, float]], Scenario] = _at_any_price
    behavioral: Callable[[Scenario, Scenario], BehavioralValues | None] = _none_behavioral
    talks: Callable[[Scenario], Talks] | None = None
    commands: Mapping[str, str] = {}
    changed: Changed = _nothing_changed
    rewards: str | None = None
    environments: Mapping[str, str] = {}


def scenario_protocol(scenario: Scenario, folder: Path, source: str = "run.toml") -> Protocol:
    """Return the protocol that a scenario names.

    Raises
    ------
    BadScenario
        If there is none of this name, or it cannot be used; says where.
    """
    try:
        protocol = find_protocol(scenario.design.protocol, folder)
        _check_parts(protocol)
    except MarketError as error:
        raise BadScenario(source, f"design.protocol: {error}") from error
    return protocol


def _check_parts(protocol: Protocol) -> None:
    """Refuse a protocol of others that lacks a part, or takes the tag of an event of ours."""
    if protocol in BUILT_IN.values():
        return
    run_of(protocol), agents_of(protocol)
    ours = {tag_of(kind) for built_in in BUILT_IN.values() for kind in rules_of(built_in).events}
    for kind in rules_of(protocol).events:
        if tag_of(kind) in ours:
            raise BadProtocol(protocol.name, f"another protocol has events called {tag_of(kind)}")


def declared_events(protocol: Protocol) -> frozenset[type[Event]] | None:
    """Return what a protocol of others may log; None for one of ours, which tests look after."""
    return None if protocol in BUILT_IN.values() else frozenset(logged_events(protocol))


def run_of(protocol: Protocol) -> ProtocolRun:
    """Return what a protocol is to a run."""
    return typed_layer(protocol, "run", ProtocolRun)


def work_of(command: str, *, protocol: str | None = None) -> Work:
    """Return what a command does that is about one of the built-in protocols alone.

    Parameters
    ----------
    command : str
    protocol : str or None
        Whose: the name of one, for commands that several have; None: the only one's.

    Raises
    ------
    LookupError
        If no protocol says so, or more than one and none is named.
    BadScenario
        If the one that is named does not.
    """
    runs = {name: run_of(one) for name, one in BUILT_IN.items()}
    places = {name: one.commands[command] for name, one in runs.items() if command in one.commands}
    if protocol is None and len(places) != 1:
        raise LookupError(f"{command!r} is a command of {len(places)} protocols")
    if protocol is not None and protocol not in places:
        problem = f"{protocol!r} has no {command}, which is for {', '.join(places)}"
        raise BadScenario("design.protocol", problem)
    work: Work = imported(next(iter(places.values())) if protocol is None else places[protocol])
    return work


def environments() -> dict[str, str]:
    """Return the environments of the built-in protocols, by name, with where they stand."""
    runs = [run_of(protocol) for protocol in BUILT_IN.values()]
    return {name: place for one in runs for name, place in one.environments.items()}


def talks_of(protocol: Protocol, scenario: Scenario) -> Talks:
    """Return what a scenario's model agents talk about in a market.

    Raises
    ------
    BadScenario
        If the protocol has no model agents.
    """
    talks = run_of(protocol).talks
    if talks is None:
        raise BadScenario("models", f"the protocol {protocol.name} has no model agents")
    return talks(scenario)


def design_of(
    protocol: Protocol,
    scenario: Scenario,
    products: Sequence[Product],
    files: Files,
    seed: Seed,
) -> Design:
    """Return the design that a scenario's protocol makes of it.

    Parameters
    ----------
    products : sequence of Product
        In the order that numbers the markets.
    files : mapping
        The protocol's own inputs, see `ProtocolRun.files`.
    """
    design = run_of(protocol).design(scenario, products, files, seed)
    design.protocol, design.files = protocol, files
    kind = run_of(protocol).rules
    if kind is not None:
        design.own_rules = msgspec.convert(scenario.rules, kind)
    study = scenario.study
    return design if study is None or study.seats is None else StudyDesign(design, study)


def anchored_scenario(
    played: Posed,
    baseline: Posed,
    products: Sequence[Product],
    folder: Path,
    source: str,
) -> Anchored | None:
    """Return the played scenario with its [anchor] solved; None where it has none.

    Parameters
    ----------
    baseline : Posed
        What the anchor is solved on: the scenario without what is only tried out on top.

    Raises
    ------
    BadScenario
        If a figure cannot be reached.
    """
    protocol = scenario_protocol(played.filled, folder, source)
    place = run_of(protocol).anchored
    if place is None or played.filled.anchor == AnchorTable():
        return None
    solve = imported(place)  # only now: it needs packages that other runs do without
    found: Anchored = solve(played, baseline, products, protocol, folder, source)
    return found


def new_design(
    scenario: Scenario, folder: Path, products: Sequence[Product], source: str = "scenario"
) -> Design:
    """Return the design of a scenario that stands in `folder`, with its protocol's own inputs.

    Raises
    ------
    BadScenario, MarketError
        If the protocol or its inputs cannot be used.
    """
    protocol, seed = scenario_protocol(scenario, folder, source), Seed(scenario.run.seed)
    files = run_of(protocol).files(scenario, folder, seed)
    design = design_of(protocol, scenario, products, files, seed)
    if protocol not in BUILT_IN.values():
        _check_ids(design, source)
    return design


def _check_ids(design: Design, source: str) -> None:
    """Refuse markets and episodes that a log could not tell apart."""
    seen = set[str]()
    for spec in design.markets():
        for name in (spec.id, *(one.episode for one in spec.episodes)):
            if name in seen:
                protocol = design.protocol.name
                raise BadScenario(source, f"protocol {protocol!r}: two of its ids are {name!r}")
            seen.add(name)
