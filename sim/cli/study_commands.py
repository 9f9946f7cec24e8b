"""Commands that study agents: experiments, inferred personas, calibration."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from retailsim.sim.cli.completion import ExperimentName
from retailsim.sim.cli.help_page import Command
from retailsim.sim.cli.options import (
    BUDGET,
    BUYERS,
    CATALOG,
    CHARTS,
    JSON,
    PATH,
    PROFILES,
    RUN,
    RUN_PATH,
    SCENARIO,
    SEED,
    SELLERS,
    SETTINGS,
    SETTINGS_OF_ALL,
    WITHOUT,
    WORKERS,
)


def _experiments() -> list[tuple[str, str]]:
    from retailsim.sim.experiments.presets import ABOUT

    return list(ABOUT.items())


@click.command(
    cls=Command,
    example="experiment pairwise --out runs/pairwise",
    names=("Experiments", _experiments),
)
@click.argument("name", type=ExperimentName())
@click.option(
    "--out",
    type=PATH,
    metavar="DIR",
    help="Folder for the runs, by default runs/NAME-TIME; an unfinished experiment in it is "
    "continued.",
)
@click.option("--seed", type=int, metavar="N", help="Use this seed instead of the scenarios'.")
@WORKERS
@SELLERS
@BUYERS
@SETTINGS_OF_ALL
@BUDGET
@click.option(
    "--plan",
    is_flag=True,
    help="Only print how many episodes there are, what they can tell and what they cost.",
)
@click.option(
    "--pilot",
    type=RUN_PATH,
    metavar="RUN",
    help="For --plan: a run that says how often buyers buy and how alike products are.",
)
@click.option(
    "--features",
    default="tfidf",
    show_default=True,
    metavar="NAME",
    help="For latent-persona: text features, tfidf, embedding or embedding-large.",
)
@click.option(
    "--ratings",
    multiple=True,
    type=PATH,
    metavar="FILE",
    help="For fidelity: a form that a rater has filled in; may be repeated.",
)
@click.option("--charts", type=CHARTS, help="Also draw its figures, next to its runs.")
@click.option("--full", is_flag=True, help="For policy: the full size, for many profiles.")
@click.option(
    "--folds",
    type=click.IntRange(1, 2),
    default=1,
    metavar="N",
    help="For policy: with 2, each half judges what the other taught.",
)
@JSON
def experiment(name: str, as_json: bool, **flags: Any) -> None:
    """Run an experiment and print its table beside the published one.

    NAME is one of those below. Its runs follow scenarios that you can copy and change.
    """
    from retailsim.sim.experiments.experiment import ExperimentOptions
    from retailsim.sim.experiments.experiment import experiment as run_it
    from retailsim.sim.terminal.terminal import Terminal

    sys.exit(run_it(ExperimentOptions(name=name, **flags), Terminal(json=as_json)))


@click.command(cls=Command, example="sweep pairwise design.discount=0,0.05,0.1 --out runs/discount")
@click.argument("scenario", type=SCENARIO)
@click.argument("keys", nargs=-1, required=True, metavar="KEY=V1,V2,...")
@click.option(
    "--out",
    type=PATH,
    metavar="DIR",
    help="Folder for the runs, by default runs/sweep-TIME; an unfinished sweep in it is continued.",
)
@click.option(
    "--measure",
    metavar="NAME",
    help="Measure that decides which is best; by default profit, or net revenue if no cost is "
    "known.",
)
@SEED
@WORKERS
@SELLERS
@BUYERS
@CATALOG
@PROFILES
@SETTINGS_OF_ALL
@BUDGET
@click.option(
    "--dry-run",
    is_flag=True,
    help="Only check everything, and print the size and cost of the sweep.",
)
@click.option("--html", is_flag=True, help="Also write a page with charts into the folder.")
@JSON
def sweep(scenario: str, keys: tuple[str, ...], as_json: bool, **flags: Any) -> None:
    """Run a scenario with several values, and say which is best.

    A range such as 0:0.3:0.05 stands for its values; several KEYs make a grid. All runs share
    their seed, and so all draws that they have in common.
    """
    from retailsim.sim.sweep.sweep import sweep as run_it
    from retailsim.sim.sweep.sweep_arms import SweepOptions
    from retailsim.sim.terminal.terminal import Terminal

    options = SweepOptions(scenario=scenario, keys=keys, **flags)
    sys.exit(run_it(options, Terminal(json=as_json)))


@click.command(cls=Command, example="plan pairwise design.discount=0,0.1 --difference 3")
@click.argument("scenario", type=SCENARIO)
@click.argument("keys", nargs=-1, metavar="[KEY=V1,V2,...]")
@click.option(
    "--difference",
    required=True,
    metavar="D",
    help="Difference to tell: of a measure that is a share, such as conversion, points (3); of "
    "others, such as profit, an amount in the shop's currency or in what the measure counts "
    "(1.20), or a percentage of the level (5%).",
)
@click.option(
    "--measure",
    default="conversion",
    show_default=True,
    metavar="NAME",
    help="Measure that differs.",
)
@click.option(
    "--power",
    type=click.FloatRange(0.05, 0.999),
    default=0.8,
    show_default=True,
    metavar="SHARE",
    help="Share of studies that tell it.",
)
@click.option(
    "--from",
    "runs",
    multiple=True,
    type=PATH,
    metavar="RUN",
    help="Take the variance from a run, or from two (give it twice), instead of a pilot.",
)
@SEED
@SELLERS
@BUYERS
@CATALOG
@PROFILES
@SETTINGS
@JSON
def plan(scenario: str, as_json: bool, **flags: Any) -> None:
    """Say how many products and episodes it takes to tell a difference.

    KEY=V1,V2 is what will be compared, as in sweep. A small pilot with behavioral agents, which
    cost nothing, says how much products differ.
    """
    from retailsim.sim.plan.plan import plan as run_it
    from retailsim.sim.plan.question import PlanOptions
    from retailsim.sim.terminal.terminal import Terminal

    sys.exit(run_it(PlanOptions(scenario=scenario, **flags), Terminal(json=as_json)))


@click.command(cls=Command, example="backtest shop.toml observed.csv --out runs/backtest")
@click.argument("scenario", type=SCENARIO)
@click.argument("observed", type=PATH)
@click.option(
    "--out",
    type=PATH,
    metavar="DIR",
    help="Folder for the runs, by default runs/backtest-TIME; those of the same scenario "
    "in it are used.",
)
@SEED
@WORKERS
@SELLERS
@BUYERS
@CATALOG
@PROFILES
@SETTINGS_OF_ALL
@BUDGET
@JSON
def backtest(scenario: str, observed: Path, as_json: bool, **flags: Any) -> None:
    """Predict past changes of a shop and compare them with what it saw.

    OBSERVED is a table (CSV) with a row for each measure of each change: change (KEY=VALUE),
    measure, before, after, n_before, n_after; also from (what was there before), name, sd_before,
    sd_after.
    """
    from retailsim.sim.backtest.backtest import backtest as run_it
    from retailsim.sim.backtest.backtest_arms import BacktestOptions
    from retailsim.sim.terminal.terminal import Terminal

    options = BacktestOptions(scenario=scenario, observed=observed, **flags)
    sys.exit(run_it(options, Terminal(json=as_json)))


@click.command(cls=Command, example="infer runs/personas runs/first")
@click.argument("labelled", type=RUN_PATH, metavar="LABELLED")
@RUN
@click.option(
    "--features",
    default="tfidf",
    show_default=True,
    metavar="NAME",
    help="Text features: tfidf, embedding or embedding-large.",
)
@click.option("--charts", type=CHARTS, help="Also draw bar charts into RUN/derived.")
@JSON
def infer(labelled: Path, run: Path, features: str, charts: Any, as_json: bool) -> None:
    """Infer which personas the agents of a run show.

    A classifier learns from LABELLED, a run whose agents have personas, and is used on RUN.
    """
    from retailsim.sim.experiments.experiment import show
    from retailsim.sim.folder.run_folder import RunFolder
    from retailsim.sim.terminal.terminal import Terminal

    runs = {"labelled": labelled, "unlabelled": run}
    drawn = (run / "derived", charts) if charts else None
    if drawn:
        RunFolder(run).check_places(drawn[0])
    sys.exit(show("latent-persona", runs, Terminal(json=as_json), features, drawn))


@click.command(cls=Command, example="calibrate published --out parameters.toml")
@click.argument("targets", type=PATH, metavar="TARGETS")
@click.option("--out", type=PATH, metavar="FILE", help="File for the fitted parameters.")
@click.option(
    "--rounds",
    type=click.IntRange(0, 100),
    metavar="N",
    help="The most steps to take; 0 only says how far off the parameters are.",
)
@click.option(
    "--cells",
    type=PATH,
    metavar="FILE",
    help="File for how each target varies over seeds that the fit has not used.",
)
@WITHOUT
@JSON
def calibrate(
    targets: Path,
    out: Path | None,
    rounds: int | None,
    cells: Path | None,
    without: tuple[str, ...],
    as_json: bool,
) -> None:
    """Fit the behavioral agents to target rates, or to people.

    TARGETS is a TOML file, one of the built-in ones (published, stand-ins), or a run with people
    as buyers.
    """
    from retailsim.sim.terminal.terminal import Terminal

    if targets.is_dir():
        if rounds is not None or cells is not None:
            raise click.UsageError("--rounds and --cells are for a file of targets, not for a run")
        from retailsim.sim.calibration.calibrate import calibrate_run

        sys.exit(calibrate_run(targets, out, without, Terminal(json=as_json)))
    if without:
        raise click.UsageError("--without is for a run with people, not for a file of targets")
    from retailsim.sim.calibration.calibrate import calibrate as fit

    sys.exit(fit(targets, out, rounds, Terminal(json=as_json), cells))
