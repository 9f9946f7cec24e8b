"""Commands for making scenarios, agents and buyer profiles of one's own."""

from __future__ import annotations

import sys
from typing import Any

import click

from retailsim.sim.cli.help_page import Command, CommandGroup
from retailsim.sim.cli.options import MODEL_BUDGET, MODEL_SETTINGS, PATH, settings_of


@click.command(cls=Command, example="new shop.csv --question discount")
@click.argument("file", required=False, type=PATH)
@click.option(
    "--question",
    type=click.Choice(["discount", "price", "pitch", "policy", "persona", "models"]),
    help="Question to ask.",
)
@click.option(
    "--sellers",
    metavar="A,B",
    help="Who sells, named as for launch; for pitch two texts, for models PROVIDER/MODEL twice.",
)
@click.option("--buyers", metavar="A,B", help="Who buys, named as for launch.")
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="id=COLUMN",
    help="Which column of FILE holds what, where that is not recognised; may be repeated.",
)
@click.option(
    "--currency",
    metavar="CODE",
    help="Currency of the amounts in FILE, such as EUR; by default the one that it names, else "
    "USD. Products in others are skipped.",
)
@click.option(
    "--decimal",
    type=click.Choice([".", ","]),
    help="What stands before the cents in FILE, where that is not recognised.",
)
@click.option(
    "--other",
    type=click.Choice(["Food", "Fashion", "Home", "Electronics"]),
    help="Group for products of categories that are in none.",
)
@click.option(
    "--out",
    type=PATH,
    metavar="FILE",
    help="File to write, which must not exist; by default CATALOGUE-QUESTION.toml.",
)
@click.option(
    "--yes",
    is_flag=True,
    help="Ask nothing, and take the usual answers to what the options do not say.",
)
def new(**flags: Any) -> None:
    """Write a scenario for a question of yours.

    FILE is a catalogue. The command asks for what the options do not say: the catalogue, the
    question, who sells and who buys.
    """
    from retailsim.sim.new.answers import NewOptions
    from retailsim.sim.new.new import new as make
    from retailsim.sim.terminal.terminal import Terminal

    sys.exit(make(NewOptions(**flags), Terminal()))


@click.group(invoke_without_command=True, cls=CommandGroup, example="agents")
@click.pass_context
def agents(ctx: click.Context) -> None:
    """List the agents and profiles that can take a seat, or check one."""
    if ctx.invoked_subcommand is None:
        from retailsim.sim.seats.roster import show_agents
        from retailsim.sim.terminal.terminal import Terminal

        show_agents(Terminal())


@agents.command(name="check", example="agents check my_agents:Haggler --role buyer")
@click.argument("name", metavar="MODULE:CLASS")
@click.option(
    "--role", type=click.Choice(["seller", "buyer"]), help="Role to check, if it can play both."
)
@click.option(
    "--protocol", metavar="NAME", help="Protocol to check it for, if its class does not say."
)
@settings_of("Set an option of its seat; may be repeated.")
def check_agent(name: str, role: Any, protocol: str | None, settings: tuple[str, ...]) -> None:
    """Check an agent: types, deadlines, determinism, isolation.

    In place of MODULE:CLASS, the name of an installed agent or the address (http://...) of one
    over HTTP.
    """
    from retailsim.sim.seats.roster import check_agent as check
    from retailsim.sim.terminal.terminal import Terminal

    sys.exit(check(name, Terminal(), role, settings, protocol))


@agents.command(name="schema", example="agents schema")
@click.option("--protocol", metavar="NAME", help="Protocol whose requests are described.")
def agents_schema(protocol: str | None) -> None:
    """Print the JSON Schema of requests and answers over HTTP."""
    from pathlib import Path

    import msgspec

    from retailsim.agents.wire.schema import wire_schema
    from retailsim.market.protocols.registry import DEFAULT, find_protocol

    found = wire_schema(find_protocol(protocol or DEFAULT, Path.cwd()))
    click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())


@click.group(cls=CommandGroup, example="profiles build reviews.jsonl --out profiles.jsonl")
def profiles() -> None:
    """Build buyer profiles for sales conversations."""


@profiles.command(name="build", example="profiles build reviews.jsonl --out profiles.jsonl")
@click.argument("reviews", type=PATH)
@click.option(
    "--out", required=True, type=PATH, metavar="FILE", help="File for the profiles, JSON Lines."
)
@click.option(
    "--catalog",
    type=PATH,
    metavar="FILE",
    help="Catalogue of the products reviewed; by default the built-in one.",
)
@click.option(
    "--model",
    metavar="PROVIDER/MODEL",
    help="Model that summarises the reviews; by default, sentences are quoted from them.",
)
@MODEL_SETTINGS
@click.option(
    "--least",
    type=click.IntRange(1),
    default=3,
    show_default=True,
    metavar="N",
    help="Fewest reviews that a buyer must have written.",
)
@MODEL_BUDGET
def build_profiles(**flags: Any) -> None:
    """Build buyer profiles from a file of Amazon Reviews '23.

    Run the command again to continue a file that is not complete.
    """
    from retailsim.sim.scenario.protocol import work_of
    from retailsim.sim.terminal.terminal import Terminal

    sys.exit(work_of("profiles build")(Terminal(), **flags))


@click.command(cls=Command, example="schema")
def schema() -> None:
    """Print the JSON Schema of scenarios."""
    import msgspec

    from retailsim.sim.scenario.scenario import schema as of_scenario

    click.echo(msgspec.json.format(msgspec.json.encode(of_scenario()), indent=2).decode())
