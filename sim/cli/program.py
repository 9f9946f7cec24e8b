"""The command line. Every command imports what it needs when it runs, so that help is quick."""

from __future__ import annotations

import math
import os
import sys
from pathlib import Path
from typing import Any

import click

from retailsim.sim.cli.annotate_commands import annotate


def _finite(ctx: click.Context, option: click.Parameter, value: float | None) -> float | None:
    if value is not None and not math.isfinite(value):
        raise click.BadParameter(f"{value} is no number of dollars.", ctx, option)
    return value


_RUN = click.argument("run", type=click.Path(path_type=Path))
_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
_VERBOSE = click.option("-v", "--verbose", is_flag=True, help="Diagnostics on stderr, too.")
_BUDGET = click.option(
    "--budget",
    type=click.FloatRange(0, min_open=True),
    callback=_finite,
    metavar="USD",
    help="Dollars that models may cost.",
)
_WORKERS = click.option(
    "--workers", type=click.IntRange(1, 1024), metavar="N", help="Processes to use."
)
_PATH = click.Path(path_type=Path)


class _Program(click.Group):
    """Turns every error that a user can cause into one line and an exit status."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (click.exceptions.Exit, click.ClickException, click.Abort):
            raise
        except BrokenPipeError:
            # Whoever read our output has seen enough; Python must not complain at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(0)
        except KeyboardInterrupt:
            click.echo("interrupted", err=True)
            ctx.exit(3)
        except Exception as error:  # noqa: BLE001 - turned into a line and a status
            from retailsim.sim.error_line import line_and_status

            line, status = line_and_status(error)
            _tell(line)
            ctx.exit(status)


def _tell(line: str) -> None:
    """Say what went wrong on one line, whatever the names in it hold."""
    plain = "".join(char if char.isprintable() else " " for char in line)
    click.echo(f"error: {plain}", err=True)


@click.group(cls=_Program, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="retailsim", prog_name="retailsim")
def main() -> None:
    """Simulate retail: sellers and buyers from the pitch to the review."""


@main.command()
@click.argument("scenario", default="pairwise")
@click.option("--seed", type=int, metavar="N", help="Replaces the scenario's seed.")
@click.option("--out", type=_PATH, metavar="DIR", help="The run folder: new, or empty.")
@_WORKERS
@click.option(
    "--sellers",
    metavar="A,B",
    help="Who sells: profiles, agents, module:Class, [models] tables or PROVIDER/MODEL.",
)
@click.option("--buyers", metavar="A,B", help="Who buys, likewise.")
@click.option("--catalog", type=_PATH, metavar="FILE", help="Products of your own.")
@click.option("--profiles", type=_PATH, metavar="FILE", help="Buyer profiles, for csales.")
@click.option(
    "--set", "settings", multiple=True, metavar="KEY=VALUE", help="Any key of the scenario."
)
@_BUDGET
@click.option("--dry-run", is_flag=True, help="Check everything, say how large it is.")
@_JSON
@_VERBOSE
def launch(scenario: str, as_json: bool, settings: tuple[str, ...], **flags: Any) -> None:
    """Run SCENARIO, a TOML file or a built-in one.

    Without SCENARIO the built-in one called pairwise is run. --set wins over the other options,
    and these over the file.
    """
    from retailsim.sim.run.launch import Options
    from retailsim.sim.run.launch import launch as start
    from retailsim.sim.terminal.terminal import Terminal

    options = Options(scenario=scenario, settings=settings, **flags)
    sys.exit(start(options, Terminal(json=as_json)))


@main.command()
@_RUN
@_WORKERS
@click.option("--retry-failed", is_flag=True, help="Repeat the failed episodes, too.")
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="models.NAME.KEY=VALUE",
    help="Where a model is, how fast it may be asked, what it costs.",
)
@_BUDGET
@_JSON
@_VERBOSE
def resume(
    run: Path,
    workers: int | None,
    retry_failed: bool,
    settings: tuple[str, ...],
    budget: float | None,
    as_json: bool,
    verbose: bool,
) -> None:
    """Go on with RUN where it stopped."""
    from retailsim.sim.run.resume import resume as go_on
    from retailsim.sim.terminal.terminal import Terminal

    terminal = Terminal(json=as_json)
    sys.exit(
        go_on(
            run,
            terminal,
            workers=workers,
            retry_failed=retry_failed,
            settings=settings,
            budget=budget,
            verbose=verbose,
        )
    )


@main.command()
@_RUN
def verify(run: Path) -> None:
    """Check RUN's log, and play it again to compare every event."""
    from retailsim.sim.run.verify import verify as check
    from retailsim.sim.terminal.terminal import Terminal

    sys.exit(check(run, Terminal()))


@main.command()
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="RUN...")
@_JSON
def replay(runs: tuple[Path, ...], as_json: bool) -> None:
    """Compute RUN's measures from its log."""
    from retailsim.sim.run.conclusion import show_replays
    from retailsim.sim.terminal.terminal import Terminal

    sys.exit(show_replays(runs, Terminal(json=as_json)))


@main.command()
@_RUN
@click.option("-o", "--out", type=_PATH, metavar="FILE", help="Where to; else beside the run.")
@click.option(
    "--charts", type=click.Choice(["png", "svg"]), help="Write every chart as a file, too."
)
def report(run: Path, out: Path | None, charts: Any) -> None:
    """Write RUN's report, one HTML file."""
    from retailsim.sim.look.report import write_report
    from retailsim.sim.terminal.terminal import Terminal

    sys.exit(write_report(run, out, charts, Terminal()))


@main.command()
@_RUN
@click.argument(
    "what",
    type=click.Choice(["measures", "episodes", "markets", "calls", "events", "transcripts"]),
    metavar="WHAT",
)
@click.option("--out", required=True, type=_PATH, metavar="FILE", help="The file to write.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["parquet", "csv", "jsonl"]),
    help="What to write, if the file's ending does not say.",
)
@click.option(
    "--as",
    "assistant",
    type=click.Choice(["seller", "buyer"]),
    help="Who is the assistant in transcripts; else the seller.",
)
@click.option("--force", is_flag=True, help="Replace the file if it is there.")
def export(**flags: Any) -> None:
    """Write WHAT of RUN as a file: Parquet, CSV or JSON Lines.

    WHAT is measures, episodes, markets, calls, events, or transcripts (chats, always JSON Lines).
    """
    from retailsim.sim.look.export import ExportOptions
    from retailsim.sim.look.export import export as write
    from retailsim.sim.terminal.terminal import Terminal

    sys.exit(write(ExportOptions(**flags), Terminal()))


@main.command()
@click.argument("labelled", type=_PATH, metavar="LABELLED")
@_RUN
@click.option("--features", default="tfidf", help="Of texts: tfidf or embedding.")
@click.option("--charts", type=click.Choice(["png", "svg"]), help="Draw bars into RUN/derived.")
@_JSON
def infer(labelled: Path, run: Path, features: str, charts: Any, as_json: bool) -> None:
    """Tell which personas the agents of RUN show, learnt from LABELLED, a run with personas."""
    from retailsim.sim.experiments.experiment import show
    from retailsim.sim.terminal.terminal import Terminal

    runs = {"labelled": labelled, "unlabelled": run}
    drawn = (run / "derived", charts) if charts else None
    sys.exit(show("latent-persona", runs, Terminal(json=as_json), features, drawn))


@main.command()
@click.argument("first", type=click.Path(path_type=Path), metavar="RUN_A")
@click.argument("second", type=click.Path(path_type=Path), metavar="RUN_B")
@_JSON
def compare(first: Path, second: Path, as_json: bool) -> None:
    """Say what changed from RUN_A to RUN_B, and how sure that is."""
    from retailsim.sim.look.compare import compare_runs
    from retailsim.sim.terminal.terminal import Terminal

    sys.exit(compare_runs(first, second, Terminal(json=as_json)))


@main.command()
@click.argument("name")
@click.option("--out", type=_PATH, metavar="DIR", help="Where the runs go; half done, they go on.")
@click.option("--seed", type=int, metavar="N", help="Replaces the scenarios' seed.")
@_WORKERS
@click.option("--sellers", metavar="A,B", help="Who sells, as for launch.")
@click.option("--buyers", metavar="A,B", help="Who buys, likewise.")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="In every run.")
@_BUDGET
@click.option("--plan", is_flag=True, help="Say how many episodes are needed, and what they cost.")
@click.option("--features", default="tfidf", help="Of texts, for latent-persona: or embedding.")
@click.option("--ratings", multiple=True, type=_PATH, metavar="FILE", help="Filled, for fidelity.")
@click.option(
    "--charts", type=click.Choice(["png", "svg"]), help="Draw its figures beside its runs."
)
@_JSON
def experiment(name: str, as_json: bool, **flags: Any) -> None:
    """Run an experiment of the paper, and print its table beside the published one."""
    from retailsim.sim.experiments.experiment import ExperimentOptions
    from retailsim.sim.experiments.experiment import experiment as run_it
    from retailsim.sim.terminal.terminal import Terminal

    sys.exit(run_it(ExperimentOptions(name=name, **flags), Terminal(json=as_json)))


@main.command()
@click.argument("targets", type=click.Path(path_type=Path))
@click.option("--out", type=_PATH, metavar="FILE", help="Where the parameters are written.")
@click.option("--rounds", type=click.IntRange(0, 100), metavar="N", help="Steps at most.")
@_JSON
def calibrate(targets: Path, out: Path | None, rounds: int | None, as_json: bool) -> None:
    """Fit the behavioral agents to TARGETS, a TOML file, or "published"."""
    from retailsim.sim.calibration.calibrate import calibrate as fit
    from retailsim.sim.terminal.terminal import Terminal

    sys.exit(fit(targets, out, rounds, Terminal(json=as_json)))


@main.command(name="import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=_PATH, metavar="DIR", help="The run folder.")
@_JSON
def import_(file: Path, out: Path, as_json: bool) -> None:
    """Turn published trajectories in FILE into a run."""
    from retailsim.sim.protocols.retail.published.published_run import import_trajectories
    from retailsim.sim.terminal.terminal import Terminal

    sys.exit(import_trajectories(file, out, Terminal(json=as_json)))


@main.command()
def schema() -> None:
    """Print the JSON Schema of a scenario."""
    import msgspec

    from retailsim.sim.scenario.scenario import schema as of_scenario

    click.echo(msgspec.json.format(msgspec.json.encode(of_scenario()), indent=2).decode())


@main.group(invoke_without_command=True)
@click.pass_context
def agents(ctx: click.Context) -> None:
    """List the agents and profiles that can take a seat."""
    if ctx.invoked_subcommand is None:
        from retailsim.sim.seats.roster import show_agents
        from retailsim.sim.terminal.terminal import Terminal

        show_agents(Terminal())


@agents.command(name="check")
@click.argument("name", metavar="MODULE:CLASS")
@click.option("--role", type=click.Choice(["seller", "buyer"]), help="Where it serves both.")
@click.option(
    "--set", "settings", multiple=True, metavar="KEY=VALUE", help="An option of its seat."
)
def check_agent(name: str, role: Any, settings: tuple[str, ...]) -> None:
    """Run an agent through the conformance suite."""
    from retailsim.sim.seats.roster import check_agent as check
    from retailsim.sim.terminal.terminal import Terminal

    sys.exit(check(name, Terminal(), role, settings))


@main.group()
def profiles() -> None:
    """Buyer profiles for sales conversations."""


@profiles.command(name="build")
@click.argument("reviews", type=_PATH)
@click.option("--out", required=True, type=_PATH, metavar="FILE", help="Profiles, JSON Lines.")
@click.option("--catalog", type=_PATH, metavar="FILE", help="The products reviewed.")
@click.option("--model", metavar="PROVIDER/MODEL", help="Who sums up; else sentences are picked.")
@click.option(
    "--set", "settings", multiple=True, metavar="KEY=VALUE", help="Any key of its [models] table."
)
@click.option(
    "--least", type=click.IntRange(1), default=3, metavar="N", help="Reviews a buyer needs."
)
@click.option("--budget", type=click.FloatRange(0), metavar="USD", help="What it may cost.")
def build_profiles(**flags: Any) -> None:
    """Derive profiles from REVIEWS, a file of Amazon Reviews '23; run again, it goes on."""
    from retailsim.sim.protocols.csales.buyer_profiles.build import BuildOptions, build
    from retailsim.sim.terminal.terminal import Terminal

    sys.exit(build(BuildOptions(**flags), Terminal()))


main.add_command(annotate)


@main.command(name="_worker", hidden=True)
def worker() -> None:
    """Be a worker of a run: reads its job from standard input."""
    from retailsim.sim.execution.workers import work

    sys.exit(work())
