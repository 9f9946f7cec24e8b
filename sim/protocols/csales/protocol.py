"""Runs of sales conversations: their buyers' profiles, and what they ask of models."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from retailsim.agents.csales.model import workload
from retailsim.agents.csales.policy.features import POLICIES
from retailsim.agents.llm.talk.workload import TalkLoad
from retailsim.agents.policy.errors import BadPolicy
from retailsim.agents.policy.linear import check_options, read_policy
from retailsim.agents.protocol import POLICY
from retailsim.events.streams import Seed
from retailsim.market.catalogue.product import Product
from retailsim.market.protocols.csales.action_table import ActionTable
from retailsim.market.protocols.csales.profile_file import (
    BadProfiles,
    builtin_profiles,
    read_profiles,
)
from retailsim.market.protocols.csales.spec import ConversationSpec
from retailsim.market.protocols.csales.values import Profile
from retailsim.sim.errors import BadScenario
from retailsim.sim.protocols.csales.design import SalesDesign, action_table
from retailsim.sim.rules.rules_table import RULES_FILE, RulesTable, enforced_rules, rules_file
from retailsim.sim.scenario.halves import half_of
from retailsim.sim.scenario.protocol import Files, ProtocolRun, Talks
from retailsim.sim.scenario.scenario import AgentTable, Scenario
from retailsim.sim.seats.cast import reader_seat

PROFILES = "profiles.jsonl"


def chosen_profiles(scenario: Scenario, folder: Path, seed: Seed) -> list[Profile]:
    """Read the scenario's buyer profiles and sample them.

    Raises
    ------
    BadProfiles
        If they cannot be read, or none is in the half that is asked for.
    """
    table = scenario.profiles
    path = builtin_profiles() if table.file == "builtin" else folder / table.file
    found = read_profiles(path)
    if table.half is not None:
        found = [profile for profile in found if half_of(profile.id) == table.half]
        if not found:
            raise BadProfiles(path, f"none of its profiles is in half {table.half}")
    if table.count is None or table.count >= len(found):
        return found
    drawn = sorted(found, key=lambda profile: seed.digest("profile", profile.id))[: table.count]
    return [profile for profile in found if profile in drawn]


def _files(scenario: Scenario, folder: Path, seed: Seed) -> Files:
    _check_policies(scenario, folder)
    profiles = chosen_profiles(scenario, folder, seed)
    return {
        PROFILES: msgspec.json.Encoder().encode_lines(profiles),
        RULES_FILE: rules_file(scenario.rules, folder),
    }


def _check_policies(scenario: Scenario, folder: Path) -> None:
    """Refuse policies that were learnt for other options than the scenario has."""
    names = action_table(scenario).names
    for seat in scenario.sellers:
        file = seat.options.get("file")
        if seat.agent != POLICY or not isinstance(file, str):
            continue
        with suppress(BadPolicy):  # what else is wrong with it, its seat says
            policy = read_policy(folder / file, POLICIES)
            try:
                check_options(policy, names, folder / file)
            except BadPolicy as error:
                raise BadScenario(f"sellers.{seat.id}", str(error)) from None


def _design(
    scenario: Scenario, products: Sequence[Product], files: Files, seed: Seed
) -> SalesDesign:
    decode = msgspec.json.Decoder(Profile).decode
    profiles = [decode(line) for line in files[PROFILES].splitlines()]
    enforced = enforced_rules(scenario.rules, files.get(RULES_FILE))
    return SalesDesign(scenario, products, profiles, seed, enforced=enforced)


def _talks(scenario: Scenario) -> Talks:
    sellers = {seat.id: seat for seat in scenario.sellers}
    buyers = {seat.id: seat for seat in scenario.buyers}
    turns, table = scenario.design.max_turns, action_table(scenario)
    readers = reader_seat(scenario)

    def talks(spec: ConversationSpec) -> Sequence[tuple[AgentTable, Sequence[TalkLoad]]]:
        seller = sellers[spec.seller.id]
        checks = seller.agent == "pc-crs"
        return [
            (seller, workload.selling(max_turns=turns, checks=checks, table=table)),
            (buyers[spec.buyer.id], workload.buying(spec.profile, max_turns=turns)),
            *((reader, workload.reading_turns(max_turns=turns)) for reader in readers),
        ]

    return talks


RUN = ProtocolRun(
    design=_design,
    own_keys=("profiles", "claims", *(f"actions.{name}" for name in ActionTable.__struct_fields__)),
    whole_catalogue=True,
    files=_files,
    file_names=(PROFILES, RULES_FILE),
    rules=RulesTable,
    talks=_talks,
    rewards="retailsim.sim.environments.csales.rewards:TERMS",
    environments={"retailsim/CSales-v0": "retailsim.sim.environments.csales.sales_env:SalesEnv"},
    commands={
        "profiles build": "retailsim.sim.protocols.csales.buyer_profiles.build:build",
        "export decisions": "retailsim.sim.learning.csales.export_decisions:export_decisions",
        "experiment policy": "retailsim.sim.learning.csales.loop:experiment",
        "policy learn": "retailsim.sim.learning.csales.learn:learn",
        "policy evaluate": "retailsim.sim.learning.csales.evaluate:evaluate",
    },
)
