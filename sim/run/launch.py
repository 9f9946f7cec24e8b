"""Launch: from a scenario to a finished run."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from contextlib import nullcontext, suppress
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import msgspec

from retailsim.agents.wire.address import check_secrets
from retailsim.events.log.lock import RunLock
from retailsim.events.streams import Seed
from retailsim.market.catalogue.product import Product
from retailsim.market.catalogue.typical_prices import TypicalPrices
from retailsim.market.core.money import in_currency
from retailsim.sim.budget.estimate import extent, show_plan
from retailsim.sim.errors import BadScenario, CatalogueForScenario, RunExists, TooLarge
from retailsim.sim.execution.job import Job
from retailsim.sim.execution.runner import RunControl, RunOutcome, run_to_end
from retailsim.sim.folder.default_folder import default_folder
from retailsim.sim.folder.inputs import copied, located, with_inputs
from retailsim.sim.folder.mathematics import mathematics
from retailsim.sim.folder.run_folder import FORMAT, Identity, NewRun, RunFile, RunFolder, versions
from retailsim.sim.folder.session_agents import check_session_agents, recorded, source_of
from retailsim.sim.folder.share_plan import SharePlan, share_plan
from retailsim.sim.run.catalogue_named import is_catalogue, with_catalogue
from retailsim.sim.run.conclusion import conclude
from retailsim.sim.run.launch_options import Options
from retailsim.sim.run.page_beside import check_page, page_beside
from retailsim.sim.run.stock import BUILTIN, chosen_products, opened
from retailsim.sim.run.trust import remember_own
from retailsim.sim.run.what_ifs import lay_flags, name_after, table_of, without_what_ifs
from retailsim.sim.scenario.anchor_record import AnchorRecord
from retailsim.sim.scenario.anchor_table import AnchorTable
from retailsim.sim.scenario.behavioral_values import BehavioralValues
from retailsim.sim.scenario.design import Design
from retailsim.sim.scenario.protocol import (
    Posed,
    anchored_scenario,
    new_design,
    run_of,
    scenario_protocol,
)
from retailsim.sim.scenario.scenario import Scenario
from retailsim.sim.scenario.scenario_file import decode, read_tree
from retailsim.sim.scenario.settings import Tree, lay_over
from retailsim.sim.seats.cast import Cast, expand, refuse_outside, used_models
from retailsim.sim.seats.people import check_people
from retailsim.sim.seats.seat_names import describe_models, describe_reader
from retailsim.sim.terminal.audience import Audience
from retailsim.sim.terminal.program_name import program_name
from retailsim.sim.terminal.terminal import Terminal

MOST_EPISODES = 10**12
"""Of one run: more take years on any machine."""


@dataclass(frozen=True, slots=True)
class PreparedRun:
    """What a launch found out before it makes anything.

    Parameters
    ----------
    folder : Path
        The scenario's, where ``module:Class`` is looked for.
    workers : int
        Processes that will share the run.
    behavioral : BehavioralValues or None
        What its behavioral agents go by; None where none takes part.
    plan : SharePlan or None
        How it is divided, if it is played in shares.
    """

    options: Options
    scenario: Scenario
    folder: Path
    products: Sequence[Product]
    design: Design
    cast: Cast
    workers: int
    behavioral: BehavioralValues | None
    plan: SharePlan | None = None


def launch(
    options: Options,
    terminal: Terminal,
    after: Callable[[Path], None] | None = None,
    *,
    page: bool = False,
) -> int:
    """Run a scenario from its beginning; returns the exit status.

    Parameters
    ----------
    after : callable or None
        What is done with the folder of the run once it is finished.
    page : bool
        Whether a page follows the run.
    """
    if page:
        check_page()
    prepared = prepare(options, terminal)
    with in_currency(prepared.scenario.products.currency):
        return _launched(prepared, terminal, after, page=page)


def _launched(
    prepared: PreparedRun,
    terminal: Terminal,
    after: Callable[[Path], None] | None,
    *,
    page: bool,
) -> int:
    options = prepared.options
    if options.dry_run:
        return show_plan(prepared.design, options.budget, terminal, prepared.behavioral)
    run = make(prepared)
    terminal.say(f"{prepared.scenario.run.name}: {extent(prepared.design)}")
    terminal.say(f"in {run.path}")
    if prepared.behavioral is not None:
        terminal.say(f"Behavioral agents: {prepared.behavioral}")
    with page_beside(run.path, terminal) if page else nullcontext() as shown:
        outcome = play_prepared(prepared, run, terminal)
        status = conclude(run, outcome, terminal)
        if after is not None and outcome.finished:
            after(run.path)
        if shown is not None and outcome.finished:
            shown.stay()
    return status


def prepare(options: Options, audience: Audience) -> PreparedRun:
    """Read and check everything that a run needs; makes nothing.

    Raises
    ------
    SimError, CatalogError, BadProfiles
        If something that the scenario names is wrong.
    """
    options, said = with_catalogue(options)
    tree, folder = own_tables(options)
    asked = _asked(tree, folder, options)
    scenario = filled_scenario(asked, folder, options.scenario)
    workers = _fitting(scenario, options, audience)
    scenario, products = stocked(scenario, folder, audience)
    if said is not None:
        audience.say(said)
    scenario, anchor = _anchored(Posed(asked, scenario), tree, products, folder, options, audience)
    seed = Seed(scenario.run.seed)
    design = new_design(scenario, folder, products, options.scenario)
    if design.episodes > MOST_EPISODES:
        raise TooLarge(options.scenario, design.episodes, MOST_EPISODES)
    seated = with_inputs(scenario, Path())
    cast = Cast(seated, design.protocol, seed, folder, options.scenario, options.classes)
    check_session_agents(cast.session_agents(), options.shares or workers)
    plan = None if options.shares is None else share_plan(options.shares, design.cells)
    if not options.dry_run:
        check_secrets(cast.wires())
    if not options.outside:
        attended = options.dry_run or options.desk is not None
        refuse_outside(options.scenario, cast, "launched", desk=attended)
    check_people(options.scenario, cast, design, workers)
    behavioral = run_of(design.protocol).behavioral(asked, scenario)
    if behavioral is not None:
        behavioral = msgspec.structs.replace(behavioral, anchor=anchor)
    return PreparedRun(options, scenario, folder, products, design, cast, workers, behavioral, plan)


def _anchored(
    played: Posed,
    tree: Tree,
    products: Sequence[Product],
    folder: Path,
    options: Options,
    audience: Audience,
) -> tuple[Scenario, AnchorRecord | None]:
    """Solve the scenario's anchor on its baseline, and say what it changed."""
    if played.filled.anchor == AnchorTable():
        return played.filled, None
    shop, what_ifs = without_what_ifs(options, tree)
    asked = _asked(tree, folder, shop)
    filled = filled_scenario(asked, folder, options.scenario)
    # Prices of the whole catalogue, which is the same for both, were read with the played one.
    filled = msgspec.structs.replace(filled, behavioral=played.filled.behavioral)
    found = anchored_scenario(played, Posed(asked, filled), products, folder, options.scenario)
    if found is None:
        return played.filled, None
    on = f"solved on {options.scenario} as it stands, for seed {filled.run.seed}"
    if what_ifs:
        on += f"; not solved again for what is changed on top: {', '.join(what_ifs)}"
    said = found.record.said if played.filled.anchor.run else (on, *found.record.said)
    for line in said:
        audience.say(f"anchor: {line}")
    return found.scenario, msgspec.structs.replace(found.record, said=said)


def _fitting(scenario: Scenario, options: Options, audience: Audience) -> int:
    """Check the models that the scenario asks; returns how many workers they leave room for."""
    models, workers = used_models(scenario), scenario.run.workers
    if not models:
        if options.budget is not None:
            audience.say("--budget: no language model takes part, so nothing is spent")
        return workers
    from retailsim.sim.budget.models import check_models, fitting_workers, shared_answers, unsent

    check_models(models, options.budget, keys=not options.dry_run)
    with shared_answers(scenario.cache, make=not options.dry_run):
        pass  # a file that cannot serve is told before anything is made
    workers = fitting_workers(models, workers)
    for line in unsent(models):
        audience.say(f"warning: {line}")
    return workers


def play_prepared(
    prepared: PreparedRun,
    run: RunFolder,
    audience: Audience,
    control: RunControl | None = None,
) -> RunOutcome:
    """Play a run that was just made to its end; raises what `run_to_end` raises."""
    options = prepared.options
    with RunLock(run.lock) as lock:
        return run_to_end(
            Job(
                run=str(run.path),
                verbose=options.verbose,
                budget=options.budget,
                classes=options.classes,
                desk=options.desk,
            ),
            workers=prepared.workers,
            lock=lock,
            audience=audience,
            total=prepared.design.episodes,
            control=control,
        )


def read_scenario(options: Options) -> tuple[Scenario, Path]:
    """Return the scenario with flags and settings laid over it, and its folder.

    Raises
    ------
    SimError
        If it cannot be read or makes no sense.
    """
    asked, folder = asked_scenario(options)
    return filled_scenario(asked, folder, options.scenario), folder


def asked_scenario(options: Options) -> tuple[Scenario, Path]:
    """Return what the scenario, flags and settings say themselves, and the scenario's folder.

    Raises
    ------
    SimError
        If it cannot be read or makes no sense.
    """
    tree, folder = own_tables(options)
    return _asked(tree, folder, options), folder


def _asked(own: Tree, folder: Path, options: Options) -> Scenario:
    """Return the scenario of these tables, which stay as they are, with everything over it."""
    tree = deepcopy(own)
    for asked in filter(None, (options.sellers, options.buyers)):  # settings may be about them
        describe_models(asked, table_of(tree, "models", options))
    # A seat may be given by the name of a model that only a setting describes.
    lay_over(tree, [setting for setting in options.settings if setting.startswith("models.")])
    lay_flags(tree, options)
    lay_over(tree, options.settings)
    describe_reader(tree)
    return decode(tree, options.scenario, folder)


def filled_scenario(asked: Scenario, folder: Path, source: str) -> Scenario:
    """Return the scenario with what it leaves open filled in, and the paths of its files.

    Raises
    ------
    SimError
        If a file does not exist.
    """
    scenario = _with_profiles(asked)
    fill = run_of(scenario_protocol(scenario, folder, source)).defaults
    return fill(located(scenario, folder, source))


def own_tables(options: Options) -> tuple[Tree, Path]:
    """Return the scenario's own tables and the folder of its paths.

    Raises
    ------
    BadScenario, CatalogueForScenario
        If it cannot be read.
    """
    if options.tables is not None:
        return dict(options.tables), Path.cwd()
    try:
        tree, folder = read_tree(options.scenario)
    except BadScenario:
        if is_catalogue(Path(options.scenario)):
            again = f"{program_name()} new {shlex.quote(options.scenario)}"
            raise CatalogueForScenario(options.scenario, again) from None
        raise
    name_after(tree, Path(options.scenario))
    return tree, folder


def _with_profiles(scenario: Scenario) -> Scenario:
    """Put what a profile says in the place of its name."""
    return msgspec.structs.replace(
        scenario,
        sellers=tuple(expand(seat, "seller") for seat in scenario.sellers),
        buyers=tuple(expand(seat, "buyer") for seat in scenario.buyers),
    )


def stocked(scenario: Scenario, folder: Path, audience: Audience) -> tuple[Scenario, list[Product]]:
    """Return the products of a scenario, and it with what follows from the catalogue's prices.

    Raises
    ------
    CatalogueError
        As `stock.chosen_products`.
    """
    prices, table = TypicalPrices(), scenario.products
    file = opened(table, folder)
    products = chosen_products(scenario, folder, audience, prices, file)
    if table.catalog != BUILTIN:
        table = msgspec.structs.replace(table, currency=file.money.currency)
        scenario = msgspec.structs.replace(scenario, products=table)
    follow = run_of(scenario_protocol(scenario, folder)).priced
    return follow(scenario, prices.cents()), products


def make(prepared: PreparedRun) -> RunFolder:
    """Make the run's folder.

    Raises
    ------
    RunExists, CannotWrite
        If it cannot be where it is to be.
    """
    if prepared.options.out is not None:
        return _made(prepared, prepared.options.out)
    while True:
        with suppress(RunExists):  # another run of the same second was quicker
            return _made(prepared, default_folder(prepared.scenario.run.name))


def _made(prepared: PreparedRun, out: Path) -> RunFolder:
    scenario, cast, options = prepared.scenario, prepared.cast, prepared.options
    new = NewRun(out)
    try:
        new.add_products(prepared.products)
        for name, data in prepared.design.files.items():
            new.add(name, data)
        frozen = copied(scenario, cast, prepared.folder, new)
        sources = {name: source_of(cls) for name, cls in cast.session_agents().items()}
        session = recorded(sources, new)
        place = str(prepared.folder.resolve())
        file = RunFile(
            run=Identity(format=FORMAT, id=uuid4().hex, scenario_folder=place),
            versions=versions(scenario),
            episodes=prepared.design.episodes,
            mathematics=mathematics(),
            scenario=frozen,
            inputs=new.digests(),
            plugins=cast.plugin_digests(),
            session_agents=session or None,
            budget=options.budget if used_models(scenario) else None,
            behavioral=prepared.behavioral,
            plan=prepared.plan,
        )
        run = new.publish(file)
        remember_own(run, file)
        return run
    finally:
        new.discard()
