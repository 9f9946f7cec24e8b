"""Commands that make runs, continue them and check them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Literal

import click

from retailsim.sim.cli.help_page import Command
from retailsim.sim.cli.options import (
    ADDRESS,
    BUDGET,
    CATALOG,
    EXECUTOR,
    JSON,
    OUT,
    PATH,
    PROFILES,
    RUN,
    RUN_ANYWHERE,
    SCENARIO,
    SEED,
    SETTINGS,
    STORE,
    STUDIO,
    TRUST,
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
@OUT
@WORKERS
@click.option(
    "--sellers",
    metavar="A,B",
    help="Sellers: profiles, agents, policy:FILE, module:Class, http://ADDRESS, [models] tables "
    "or PROVIDER/MODEL.",
)
@click.option("--buyers", metavar="A,B", help="Buyers, named in the same way.")
@CATALOG
@PROFILES
@SETTINGS
@BUDGET
@click.option(
    "--dry-run", is_flag=True, help="Only check everything, and print the size and cost of the run."
)
@click.option(
    "--shares",
    type=click.IntRange(1),
    metavar="N",
    help="Only plan the run, in N shares that shard plays and gather puts together.",
)
@STORE
@EXECUTOR
@ADDRESS
@click.option("--report", is_flag=True, help="Also write the report of the run.")
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

    Without SCENARIO, the built-in scenario pairwise is run; with a catalogue in its place, pairwise
    with these products. --set takes precedence over the other options, and they over the file.
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
            "--report and --studio are not for a run in shares: use report and studio once it is "
            "gathered"
        )
    if options.shares is not None and executor != "ray" and options.workers is not None:
        raise click.UsageError(
            "--shares plays nothing, so --workers does not go with it: each shard is one process"
        )
    if options.store is not None and not in_shares:
        raise click.UsageError("--store is for a run in shares: add --shares N, or --executor ray")
    if executor == "ray":
        from retailsim.sim.shares.executed import launch_on_ray

        sys.exit(launch_on_ray(options, terminal, address))
    if in_shares:
        from retailsim.sim.shares.planning import plan_shares

        sys.exit(plan_shares(options, terminal))
    sys.exit(start(options, terminal, reported if report else None, page=page))


@click.command(cls=Command, example="resume runs/first")
@RUN
@WORKERS
@click.option("--retry-failed", is_flag=True, help="Repeat the failed episodes as well.")
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="models.NAME.KEY=VALUE",
    help="Change a model's address, limits or prices, or an option of an agent over HTTP "
    "(buyers.ID.options.KEY); may be repeated.",
)
@BUDGET
@STUDIO
@JSON
@VERBOSE
@TRUST
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
    "--share",
    type=click.IntRange(0),
    required=True,
    metavar="I",
    help="Which share, counted from 0.",
)
@click.option(
    "--attempt",
    type=click.IntRange(0),
    default=1,
    metavar="A",
    show_default=True,
    help="Which attempt at it; only names what is written.",
)
@STORE
@click.option(
    "--budget",
    type=click.FloatRange(0, min_open=True),
    callback=finite,
    metavar="USD",
    help="The most that language models may cost in all shares, in US dollars; each has an even "
    "part.",
)
@VERBOSE
@click.option(
    "--trust",
    is_flag=True,
    help="Run code and use addresses of a run that was not launched here.",
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
    "--trust", "code", flag_value="any", help="Run code of a run that was not launched here."
)
@click.option("--no-code", "code", flag_value="none", help="Run no code of the run, even your own.")
def verify(run: Path, code: Literal["any", "none"] | None) -> None:
    """Check a run's log, then play it again and compare every event."""
    from retailsim.sim.run.verify import verify as check
    from retailsim.sim.terminal.terminal import Terminal

    sys.exit(check(run, Terminal(), code or "own"))


@click.command(name="import", cls=Command, example="import trajectories.json --out runs/published")
@click.argument("file", type=PATH)
@click.option("--out", required=True, type=PATH, metavar="DIR", help="Run folder, new or empty.")
@JSON
def import_(file: Path, out: Path, as_json: bool) -> None:
    """Turn published trajectories into a run."""
    from retailsim.sim.scenario.protocol import work_of
    from retailsim.sim.terminal.terminal import Terminal

    sys.exit(work_of("import")(Terminal(json=as_json), path=file, out=out))
