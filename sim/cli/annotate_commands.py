"""The command line of `annotate`: forms for raters, a model as rater, scores."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from retailsim.sim.cli.help_page import CommandGroup
from retailsim.sim.cli.options import JSON, MODEL_BUDGET, MODEL_SETTINGS, PATH, RUN


@click.group(cls=CommandGroup, example="annotate export runs/first --out ratings")
def annotate() -> None:
    """Have people or a model rate a run, and score the ratings."""


@annotate.command(name="export", example="annotate export runs/first --out ratings")
@RUN
@click.option(
    "--out",
    type=PATH,
    metavar="DIR",
    help="Folder for the forms, new or empty; by default derived/annotation in the run folder.",
)
@click.option(
    "--each",
    type=click.IntRange(0),
    default=12,
    show_default=True,
    metavar="N",
    help="The most items of each rated task.",
)
@click.option(
    "--pairs",
    type=click.IntRange(0),
    default=12,
    show_default=True,
    metavar="N",
    help="The most pairs of each trait.",
)
@click.option(
    "--seed", type=int, metavar="N", help="Seed of the draws; by default that of the run."
)
def export_annotation(**flags: Any) -> None:
    """Write the forms for rating a run, and their key.

    The form is an HTML file and a CSV file for raters. The key stays with you.
    """
    from retailsim.sim.raters.annotate import show_export
    from retailsim.sim.terminal.terminal import Terminal

    sys.exit(show_export(**flags, terminal=Terminal()))


@annotate.command(name="rate", example="annotate rate ratings --model openai/gpt-5.4-mini")
@click.argument("place", type=PATH, metavar="DIR")
@click.option("--model", required=True, metavar="PROVIDER/MODEL", help="The model that rates.")
@MODEL_SETTINGS
@click.option(
    "--out", type=PATH, metavar="FILE", help="File for its ratings; by default next to the form."
)
@MODEL_BUDGET
def rate_annotation(**flags: Any) -> None:
    """Have a model rate the forms that were exported to DIR.

    Run the command again to continue a file that is not complete.
    """
    from retailsim.sim.raters.model_rater import rate
    from retailsim.sim.terminal.terminal import Terminal

    sys.exit(rate(**flags, terminal=Terminal()))


@annotate.command(name="serve", example="annotate serve ratings --raters ann,bo")
@click.argument("place", type=PATH, metavar="DIR")
@click.option("--raters", default="", metavar="A,B", help="Names of people who will rate.")
@click.option(
    "--repeats",
    type=click.IntRange(0, 50),
    metavar="PERCENT",
    help="How many of a hundred items each rater sees twice; by default 5.",
)
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    metavar="N",
    help="Port to listen on; by default 8785, or any free one.",
)
@click.option(
    "--host",
    default="127.0.0.1",
    metavar="ADDRESS",
    help="Address to listen on; any but your own lets raters at other machines in.",
)
def serve_annotation(place: Path, raters: str, **flags: Any) -> None:
    """Let people rate an export in their browsers.

    Prints a link for each rater, and one for you. Each rating is saved at once to
    DIR/ratings-NAME.jsonl, a file for `annotate score`.
    """
    from retailsim.sim.rate_page.serve import serve
    from retailsim.sim.terminal.terminal import Terminal

    names = raters.split(",") if raters.strip() else ()
    sys.exit(serve(place, Terminal(), raters=names, **flags))


@annotate.command(name="score", example="annotate score ratings ann.json bo.json cy.csv")
@click.argument("key", type=PATH)
@click.argument("files", nargs=-1, required=True, type=PATH)
@JSON
def score_annotation(key: Path, files: tuple[Path, ...], as_json: bool) -> None:
    """Score the forms that raters have filled in.

    KEY is the key.json of an export, or the folder that holds it.
    """
    from retailsim.sim.raters.annotate import show_score
    from retailsim.sim.terminal.terminal import Terminal

    sys.exit(show_score(key, files, Terminal(json=as_json)))
