"""The command line of `annotate`: forms for raters, a model as rater, scores."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

_PATH = click.Path(path_type=Path)


@click.group()
def annotate() -> None:
    """Ratings by people: forms out of a run, and what the answers say."""


@annotate.command(name="export")
@click.argument("run", type=_PATH)
@click.option(
    "--out", type=_PATH, metavar="DIR", help="New or empty; else derived/annotation of the run."
)
@click.option(
    "--each", type=click.IntRange(0), default=12, metavar="N", help="Items of each rated task."
)
@click.option(
    "--pairs", type=click.IntRange(0), default=12, metavar="N", help="Pairs of each trait."
)
@click.option("--seed", type=int, metavar="N", help="Of the draws; else that of the run.")
def export_annotation(**flags: Any) -> None:
    """Write forms to rate RUN: an HTML file and a CSV file for raters, and the key."""
    from retailsim.sim.raters.annotate import show_export
    from retailsim.sim.terminal.terminal import Terminal

    sys.exit(show_export(**flags, terminal=Terminal()))


@annotate.command(name="rate")
@click.argument("place", type=_PATH, metavar="DIR")
@click.option("--model", required=True, metavar="PROVIDER/MODEL", help="Who rates.")
@click.option(
    "--set", "settings", multiple=True, metavar="KEY=VALUE", help="Any key of its [models] table."
)
@click.option("--out", type=_PATH, metavar="FILE", help="Its ratings; else beside the form.")
@click.option("--budget", type=click.FloatRange(0), metavar="USD", help="What it may cost.")
def rate_annotation(**flags: Any) -> None:
    """Have a model rate the export in DIR, as a rater of its own kind; run again, it goes on."""
    from retailsim.sim.raters.model_rater import rate
    from retailsim.sim.terminal.terminal import Terminal

    sys.exit(rate(**flags, terminal=Terminal()))


@annotate.command(name="score")
@click.argument("key", type=_PATH)
@click.argument("files", nargs=-1, required=True, type=_PATH)
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
def score_annotation(key: Path, files: tuple[Path, ...], as_json: bool) -> None:
    """Score filled FILES by KEY, the key.json of an export or its folder."""
    from retailsim.sim.raters.annotate import show_score
    from retailsim.sim.terminal.terminal import Terminal

    sys.exit(show_score(key, files, Terminal(json=as_json)))
