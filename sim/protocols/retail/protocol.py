"""The retail protocol's runs: its keys of a scenario, and what it asks of models."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from retailsim.agents.llm.talk.workload import TalkLoad
from retailsim.agents.retail.model import workload
from retailsim.events.streams import Seed
from retailsim.market.catalogue.product import Product
from retailsim.market.protocols.retail.protocol import offer_of
from retailsim.market.protocols.retail.spec import RetailSpec
from retailsim.sim.protocols.retail.behavioral_origins import behavioral_values
from retailsim.sim.protocols.retail.changed_parameters import changed_parameters
from retailsim.sim.protocols.retail.defaults import with_defaults, with_wallets
from retailsim.sim.protocols.retail.design import RetailDesign, rules
from retailsim.sim.protocols.retail.offered_options import KEYS
from retailsim.sim.rules.rules_table import RULES_FILE, RulesTable, enforced_rules, rules_file
from retailsim.sim.scenario.protocol import Files, ProtocolRun, Talks
from retailsim.sim.scenario.scenario import AgentTable, Scenario
from retailsim.sim.seats.cast import reader_seat


def _design(
    scenario: Scenario, products: Sequence[Product], files: Files, seed: Seed
) -> RetailDesign:
    enforced = enforced_rules(scenario.rules, files.get(RULES_FILE))
    return RetailDesign(scenario, products, seed, enforced)


def _files(scenario: Scenario, folder: Path, seed: Seed) -> Files:
    return {RULES_FILE: rules_file(scenario.rules, folder)}


def _talks(scenario: Scenario) -> Talks:
    sellers = {seat.id: seat for seat in scenario.sellers}
    buyers = {seat.id: seat for seat in scenario.buyers}
    of, readers = rules(scenario), reader_seat(scenario)

    def talks(spec: RetailSpec) -> Sequence[tuple[AgentTable, Sequence[TalkLoad]]]:
        offer = offer_of(spec, of)
        turns, issues = of.max_turns, of.issues.rate_of(offer.product.category)
        seller = sellers[spec.seller.id]
        answering = workload.selling(offer, max_turns=turns, issue_rate=issues)
        buying = workload.buying(offer, max_turns=turns, issue_rate=issues)
        return [
            (seller, (workload.broadcast(offer),)),
            *((seller, answering) for _ in spec.episodes),
            *((buyers[episode.buyer.id], buying) for episode in spec.episodes),
            *((reader, workload.reading_pitch(offer)) for reader in readers),
            *(
                (reader, workload.reading_answers(offer, max_turns=turns))
                for reader in readers
                for _ in spec.episodes
            ),
        ]

    return talks


RUN = ProtocolRun(
    design=_design,
    files=_files,
    file_names=(RULES_FILE,),
    rules=RulesTable,
    own_keys=(
        "design.price_multipliers",
        "design.discount",
        "design.broadcast",
        "design.guidance",
        "design.nonbuyer_reviews",
        "claims",
        "anchor",
        *KEYS,
    ),
    defaults=with_defaults,
    anchored="retailsim.sim.protocols.retail.anchor:anchored",
    priced=with_wallets,
    behavioral=behavioral_values,
    talks=_talks,
    commands={
        "policy learn": "retailsim.sim.learning.retail.learn:learn",
        "policy evaluate": "retailsim.sim.learning.retail.evaluate:evaluate",
        "import": "retailsim.sim.protocols.retail.published.published_run:import_trajectories",
    },
    changed=changed_parameters,
    rewards="retailsim.sim.environments.retail.rewards:TERMS",
    environments={
        "retailsim/Retail-v0": "retailsim.sim.environments.retail.retail_env:RetailEnv",
    },
)
