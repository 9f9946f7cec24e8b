"""Commands that look at finished runs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from retailsim.sim.cli.help_page import Command
from retailsim.sim.cli.options import CHARTS, JSON, PATH, RUN, RUN_PATH, SETTINGS, WITHOUT


@click.command(cls=Command, example="replay runs/first")
@click.argument("runs", nargs=-1, required=True, type=RUN_PATH, metavar="RUN...")
@JSON
def replay(runs: tuple[Path, ...], as_json: bool) -> None:
    """Compute the measures of runs from their logs."""
    from retailsim.sim.run.conclusion import show_replays
    from retailsim.sim.terminal.terminal import Terminal

    sys.exit(show_replays(runs, Terminal(json=as_json)))


@click.command(cls=Command, example="report runs/first --out first.html")
@RUN
@click.option(
    "-o",
    "--out",
    type=PATH,
    metavar="FILE",
    help="File to write; by default derived/report.html in the run folder.",
)
@click.option("--charts", type=CHARTS, help="Also write each chart as a file of this type.")
def report(run: Path, out: Path | None, charts: Any) -> None:
    """Write a run's report as one HTML file."""
    from retailsim.sim.look.report import write_report
    from retailsim.sim.terminal.terminal import Terminal

    sys.exit(write_report(run, out, charts, Terminal()))


@click.command(cls=Command, example="compare runs/first runs/second")
@click.argument("first", type=RUN_PATH, metavar="RUN_A")
@click.argument("second", type=RUN_PATH, metavar="[RUN_B]", required=False)
@WITHOUT
@click.option(
    "--html",
    is_flag=False,
    flag_value="",
    metavar="[FILE]",
    help="Also write it as a page; by default in derived/ of RUN_B.",
)
@JSON
def compare(
    first: Path, second: Path | None, without: tuple[str, ...], html: str | None, as_json: bool
) -> None:
    """Say what changed from RUN_A to RUN_B, and how certain that is.

    Without RUN_B: what people did in RUN_A, beside simulated agents in their seats on the same
    draws.
    """
    from retailsim.sim.look.compare import compare_runs
    from retailsim.sim.terminal.terminal import Terminal

    if second is None:
        from retailsim.sim.look.beside_people import compare_people

        if html is not None:
            raise click.UsageError("--html is for two runs: name RUN_B, too")
        sys.exit(compare_people(first, without, Terminal(json=as_json)))
    sys.exit(compare_runs(first, second, Terminal(json=as_json), html, without))


@click.command(cls=Command, example="export runs/first episodes --out episodes.parquet")
@RUN
@click.argument(
    "what",
    type=click.Choice(
        ["measures", "episodes", "markets", "calls", "events", "transcripts", "decisions"]
    ),
    metavar="WHAT",
)
@click.option(
    "--out", required=True, type=PATH, metavar="FILE", help="File to write; a folder for decisions."
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["parquet", "csv", "jsonl", "minari"]),
    help="Format to write, if the file's ending does not say.",
)
@click.option(
    "--as",
    "assistant",
    type=click.Choice(["seller", "buyer"]),
    help="Who is the assistant in transcripts; by default the seller.",
)
@click.option("--force", is_flag=True, help="Replace the file if it exists.")
@click.option(
    "--reward",
    multiple=True,
    metavar="TERM=WEIGHT",
    help="What decisions are paid in, by default revenue=1; may be repeated.",
)
def export(**flags: Any) -> None:
    """Write a run's data as Parquet, CSV or JSON Lines.

    WHAT is measures, episodes, markets, calls, events, transcripts (chats, always JSON Lines), or
    decisions (what sellers decided in sales conversations, a Minari dataset).
    """
    from retailsim.sim.look.export import ExportOptions
    from retailsim.sim.look.export import export as write
    from retailsim.sim.terminal.new_folders import new_folders_told
    from retailsim.sim.terminal.terminal import Terminal

    terminal = Terminal()
    with new_folders_told(flags["out"], terminal):
        status = write(ExportOptions(**flags), terminal)
    sys.exit(status)


@click.command(cls=Command, example="catalog shop.csv")
@click.argument("file", metavar="FILE")
@SETTINGS
@JSON
def catalog(file: str, settings: tuple[str, ...], as_json: bool) -> None:
    """Show what is read from a catalogue, and what is skipped.

    FILE is a catalogue of any format, "builtin", or a scenario that names one.
    """
    from retailsim.sim.look.catalog import show_catalogue
    from retailsim.sim.run.catalogue_named import options_for
    from retailsim.sim.terminal.terminal import Terminal

    sys.exit(show_catalogue(options_for(file, settings), Terminal(json=as_json)))


@click.command(cls=Command, example="studio runs")
@click.argument("runs", required=False, default=Path("runs"), type=RUN_PATH, metavar="[RUNS]")
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    metavar="N",
    help="Port to listen on; by default 8765, or any free one.",
)
@click.option(
    "--host",
    default="127.0.0.1",
    metavar="ADDRESS",
    help="Address to listen on; any but your own lets others in who have the link.",
)
@click.option("--open", "browse", is_flag=True, help="Open a browser.")
def studio(runs: Path, port: int | None, host: str, browse: bool) -> None:
    """Show runs as pages, live and finished.

    RUNS is a run or a folder of runs, by default the folder "runs".
    """
    from retailsim.sim.studio.serve import serve
    from retailsim.sim.terminal.terminal import Terminal

    sys.exit(serve(runs, Terminal(), port=port, host=host, browse=browse))
