"""Commands that make runs, continue them and check them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Literal

import click

from retailsim.sim.cli.completion import ScenarioName
from retailsim.sim.cli.help_page import Command
from retailsim.sim.cli.options import (
    ADDRESS,
    BUDGET,
    BUYERS,
    CATALOG,
    EXECUTOR,
    JSON,
    PATH,
    PROFILES,
    RUN,
    RUN_ANYWHERE,
    SCENARIO,
    SEED,
    SELLERS,
    SETTINGS,
    STORE,
    STUDIO,
    VERBOSE,
    WORKERS,
    finite,
    scenario_names,
)


@click.command(
    cls=Command,
    example="launch pairwise --seed 7 --out runs/first",
    names=("Built-in scenarios", scenario_names),
)
@click.argument("scenario", default="pairwise", type=SCENARIO)
@SEED
@click.option("--out", type=PATH, metavar="DIR", help="Run folder: new, or empty.")
@WORKERS
@click.option(
    "--sellers",
    metavar="A,B",
    help="Sellers: profiles, agents, policy:FILE, module:Class, http://ADDRESS, [models] tables "
    "or PROVIDER/MODEL.",
)
@BUYERS
@CATALOG
@PROFILES
@SETTINGS
@BUDGET
@click.option("--dry-run", is_flag=True, help="Check everything and print the size of the run.")
@click.option(
    "--shares",
    type=click.IntRange(1),
    metavar="N",
    help="Only plan the run, in N shares: see shard and gather.",
)
@STORE
@EXECUTOR
@ADDRESS
@click.option("--report", is_flag=True, help="Write the report of the run, too.")
@STUDIO
@JSON
@VERBOSE
def launch(
    scenario: str,
    as_json: bool,
    settings: tuple[str, ...],
    report: bool,
    page: bool,
    executor: str,
    address: str | None,
    **flags: Any,
) -> None:
    """Run a scenario: a TOML file or a built-in one.

    Without SCENARIO, the built-in scenario pairwise is run. --set takes precedence over the
    other options, and they over the file.
    """
    from retailsim.sim.run.launch import launch as start
    from retailsim.sim.run.launch_options import Options
    from retailsim.sim.terminal.terminal import Terminal

    terminal = Terminal(json=as_json)

    def reported(run: Path) -> None:
        from retailsim.sim.look.report import made_report

        terminal.say(f"report: {made_report(run).path}")

    if report:
        from retailsim.sim.look.report import check_extras

        check_extras()  # before anything is played, or paid
    options = Options(scenario=scenario, settings=settings, **flags)
    in_shares = executor == "ray" or options.shares is not None
    if in_shares and (report or page):
        raise click.UsageError(
            "a run in shares has no --report and no --studio: make them after it"
        )
    if options.shares is not None and executor != "ray" and options.workers is not None:
        raise click.UsageError("--shares plays nothing, so it has no --workers: each shard is one")
    if options.store is not None and not in_shares:
        raise click.UsageError("--store is for runs in shares: add --shares N, or --executor ray")
    if executor == "ray":
        from retailsim.sim.shares.executed import launch_on_ray

        sys.exit(launch_on_ray(options, terminal, address))
    if in_shares:
        from retailsim.sim.shares.planning import plan_shares

        sys.exit(plan_shares(options, terminal))
    sys.exit(start(options, terminal, reported if report else None, page=page))


@click.command(cls=Command, example="play --as buyer")
@click.argument("scenario", required=False, type=ScenarioName(or_runs=True), metavar="[SCENARIO]")
@click.option(
    "--as",
    "role",
    type=click.Choice(["buyer", "seller"]),
    help="Your seat; by default the buyer's.",
)
@SEED
@click.option("--out", type=PATH, metavar="DIR", help="Run folder: new, or empty.")
@SELLERS
@BUYERS
@CATALOG
@PROFILES
@SETTINGS
@BUDGET
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    metavar="N",
    help="Port to listen on; by default 8775, or any free one.",
)
@VERBOSE
@click.option(
    "--trust",
    is_flag=True,
    help="Run code and use addresses of a run that was not launched here.",
)
def play(scenario: str | None, port: int | None, **flags: Any) -> None:
    """Take a seat yourself, in the browser.

    SCENARIO is a TOML file or a built-in one; all other seats stay as they are there. Without it,
    you meet one seller or buyer of the scenario pairwise over four products. A run that stopped in
    its place goes on.
    """
    from retailsim.agents.person.desk import Desk
    from retailsim.sim.play_page.serve import serve
    from retailsim.sim.play_page.table import table_for
    from retailsim.sim.terminal.terminal import Terminal

    terminal, desk = Terminal(), Desk(gated=True)
    table = table_for(scenario, flags, desk, terminal)
    sys.exit(serve(table, desk, terminal, port=port))


@click.command(cls=Command, example="study shop.toml --seats 24")
@click.argument("scenario", type=ScenarioName(or_runs=True))
@click.option("--seats", type=click.IntRange(1, 10_000), metavar="N", help="How many take part.")
@SEED
@click.option("--out", type=PATH, metavar="DIR", help="Run folder: new, or empty.")
@SELLERS
@BUYERS
@CATALOG
@PROFILES
@SETTINGS
@BUDGET
@click.option(
    "--host", metavar="ADDRESS", help="Address that participants reach; usually 127.0.0.1."
)
@click.option(
    "--port", type=click.IntRange(1, 65535), metavar="N", help="Participants' port; usually 8785."
)
@click.option(
    "--organisers-port", type=click.IntRange(1, 65535), metavar="N", help="Yours; usually 8786."
)
@click.option(
    "--address", metavar="URL", help="How participants get there, if something is in between."
)
@click.option(
    "--links",
    is_flag=False,
    flag_value="-",
    metavar="[FILE]",
    help="Only print the links of a study's run, or write them as CSV.",
)
@click.option(
    "--export", type=PATH, metavar="DIR", help="Only write its people, ids and bonuses as CSV."
)
@click.option(
    "--withdraw", multiple=True, metavar="SEAT", help="Only note that a participant withdrew."
)
@click.option(
    "--rewrite",
    type=PATH,
    metavar="DIR",
    help="Only write the run anew, without those who withdrew.",
)
@click.option(
    "--bots",
    type=click.IntRange(0),
    is_flag=False,
    flag_value=0,
    metavar="[N]",
    help="Rehearse: bots take part, N of them or one for each seat.",
)
@VERBOSE
def study(scenario: str, seats: int | None, bots: int | None, **flags: Any) -> None:
    """Run a study with people.

    SCENARIO is a TOML file or a built-in one; people take the seats of one role in it, by default
    the buyers', each with a link of its own. A study's run goes on.
    """
    from retailsim.agents.person.desk import Desk
    from retailsim.sim.study.bots.manners import plans
    from retailsim.sim.study.made import sole_study
    from retailsim.sim.study.offline import Asked, answered
    from retailsim.sim.study.places import Places
    from retailsim.sim.study.serve import serve
    from retailsim.sim.terminal.terminal import Terminal

    places = Places(**{name: flags.pop(name) for name in Places.__struct_fields__})
    asked = Asked(**{name: flags.pop(name) for name in Asked.__struct_fields__})
    terminal = Terminal()
    status = answered(
        asked, Path(scenario), {"seats": seats, "bots": bots, **flags}, places, terminal
    )
    if status is not None:
        sys.exit(status)
    rehearsal = bots is not None
    desk = Desk(gated=True)
    with sole_study(scenario, seats, flags, desk, terminal, rehearsal=rehearsal) as found:
        count = bots or len(found.session.seats)
        sys.exit(serve(found, terminal, places, plans(count, found.seed) if rehearsal else ()))


@click.command(cls=Command, example="resume runs/first")
@RUN
@WORKERS
@click.option("--retry-failed", is_flag=True, help="Repeat the failed episodes as well.")
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="models.NAME.KEY=VALUE",
    help="Change a model's address, rate limits or prices.",
)
@BUDGET
@STUDIO
@JSON
@VERBOSE
@click.option(
    "--trust",
    is_flag=True,
    help="Run code and use addresses of a run that was not launched here.",
)
@EXECUTOR
@ADDRESS
@STORE
def resume(
    run: Path,
    workers: int | None,
    retry_failed: bool,
    settings: tuple[str, ...],
    budget: float | None,
    page: bool,
    as_json: bool,
    verbose: bool,
    trust: bool,
    executor: str,
    address: str | None,
    store: str | None,
) -> None:
    """Continue a run that stopped early."""
    from retailsim.sim.run.resume import resume as go_on
    from retailsim.sim.terminal.terminal import Terminal

    terminal = Terminal(json=as_json)
    if executor == "ray":
        from retailsim.sim.shares.executed import resume_on_ray

        sys.exit(
            resume_on_ray(run, terminal, store=store, address=address, trust=trust, budget=budget)
        )
    sys.exit(
        go_on(
            run,
            terminal,
            workers=workers,
            retry_failed=retry_failed,
            settings=settings,
            budget=budget,
            verbose=verbose,
            trust=trust,
            page=page,
        )
    )


@click.command(cls=Command, example="shard runs/big --share 3")
@RUN_ANYWHERE
@click.option(
    "--share", type=click.IntRange(0), required=True, metavar="I", help="Which one: from 0."
)
@click.option(
    "--attempt",
    type=click.IntRange(0),
    default=1,
    metavar="A",
    help="How often it was tried; only names what is written.",
)
@STORE
@click.option(
    "--budget",
    type=click.FloatRange(0, min_open=True),
    callback=finite,
    metavar="USD",
    help="The most that models may cost in all shares; each has an even part.",
)
@VERBOSE
@click.option(
    "--trust",
    is_flag=True,
    help="Run code and use addresses of a run that was not planned here.",
)
def shard(run: str, **flags: Any) -> None:
    """Play one share of a run that was planned in shares.

    Any number of machines may do this at once, and more than one the same share: the first that
    is done counts. What was played already is not played again.
    """
    from retailsim.sim.shares.shard import shard as play_share
    from retailsim.sim.terminal.terminal import Terminal

    sys.exit(play_share(run, Terminal(), **flags))


@click.command(cls=Command, example="gather runs/big")
@RUN_ANYWHERE
@STORE
@JSON
def gather(run: str, store: str | None, as_json: bool) -> None:
    """Put the shares of a run together."""
    from retailsim.sim.shares.gather import gather as put_together
    from retailsim.sim.terminal.terminal import Terminal

    sys.exit(put_together(run, Terminal(json=as_json), store=store))


@click.command(cls=Command, example="verify runs/first")
@RUN
@click.option(
    "--trust", "code", flag_value="any", help="Run the code that somebody else's run brings."
)
@click.option("--no-code", "code", flag_value="none", help="Run no code of the run, even your own.")
def verify(run: Path, code: Literal["any", "none"] | None) -> None:
    """Check a run's log, then play it again and compare every event."""
    from retailsim.sim.run.verify import verify as check
    from retailsim.sim.terminal.terminal import Terminal

    sys.exit(check(run, Terminal(), code or "own"))


@click.command(name="import", cls=Command, example="import trajectories.json --out runs/published")
@click.argument("file", type=PATH)
@click.option("--out", required=True, type=PATH, metavar="DIR", help="Run folder: new, or empty.")
@JSON
def import_(file: Path, out: Path, as_json: bool) -> None:
    """Turn published trajectories into a run."""
    from retailsim.sim.scenario.protocol import work_of
    from retailsim.sim.terminal.terminal import Terminal

    sys.exit(work_of("import")(Terminal(json=as_json), path=file, out=out))
