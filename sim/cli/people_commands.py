"""Commands that let people take part: in a seat of one's own, or in a study."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from retailsim.sim.cli.completion import ScenarioName
from retailsim.sim.cli.help_page import Command
from retailsim.sim.cli.options import (
    BUDGET,
    BUYERS,
    CATALOG,
    OUT,
    PATH,
    PROFILES,
    SEED,
    SELLERS,
    SETTINGS,
    TRUST,
    VERBOSE,
)

_Function = TypeVar("_Function", bound=Callable[..., Any])


def _made_as(function: _Function) -> _Function:
    """Add the options that say how the run is made in which people take part."""
    for option in (BUDGET, SETTINGS, PROFILES, CATALOG, BUYERS, SELLERS, OUT, SEED):
        function = option(function)
    return function


@click.command(cls=Command, example="play --as buyer")
@click.argument(
    "scenario", required=False, type=ScenarioName(or_runs=True), metavar="[SCENARIO|RUN]"
)
@click.option(
    "--as",
    "role",
    type=click.Choice(["buyer", "seller"]),
    help="Your seat; by default the buyer's.",
)
@_made_as
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    metavar="N",
    help="Port to listen on; by default 8775, or any free one.",
)
@VERBOSE
@TRUST
def play(scenario: str | None, port: int | None, **flags: Any) -> None:
    """Take a seat yourself, in the browser.

    SCENARIO is a TOML file or a built-in one; all other seats stay as they are there. Without it,
    you meet one seller or buyer of the scenario pairwise over four products. RUN is one that you
    left before its end: it goes on.
    """
    from retailsim.agents.person.desk import Desk
    from retailsim.sim.play_page.serve import serve
    from retailsim.sim.play_page.table import table_for
    from retailsim.sim.terminal.terminal import Terminal

    terminal, desk = Terminal(), Desk(gated=True)
    table = table_for(scenario, flags, desk, terminal)
    sys.exit(serve(table, desk, terminal, port=port))


@click.command(cls=Command, example="study shop.toml --seats 24")
@click.argument("scenario", type=ScenarioName(or_runs=True), metavar="SCENARIO|RUN")
@click.option(
    "--seats",
    type=click.IntRange(1, 10_000),
    metavar="N",
    help="How many people take part at most.",
)
@_made_as
@click.option(
    "--host",
    metavar="ADDRESS",
    help="Address to listen on for participants; by default this machine alone.",
)
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    metavar="N",
    help="Port for participants; by default 8785, or any free one.",
)
@click.option(
    "--organisers-port",
    type=click.IntRange(1, 65535),
    metavar="N",
    help="Port for your own page; by default 8786, or any free one.",
)
@click.option(
    "--address",
    metavar="URL",
    help="Address that participants see, where a proxy stands in between.",
)
@click.option(
    "--links",
    is_flag=False,
    flag_value="-",
    metavar="[FILE]",
    help="Of RUN: only print its links, or write them as CSV.",
)
@click.option(
    "--export",
    type=PATH,
    metavar="DIR",
    help="Of RUN: only write its people, ids and bonuses as CSV.",
)
@click.option(
    "--withdraw",
    multiple=True,
    metavar="SEAT",
    help="Of RUN: only note that a participant withdrew; may be repeated.",
)
@click.option(
    "--rewrite",
    type=PATH,
    metavar="DIR",
    help="Of RUN: only write it anew, without those who withdrew.",
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
    the buyers', each with a link of its own. RUN is a study's: it goes on.
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
    desk = Desk(gated=True, command="study")
    with sole_study(scenario, seats, flags, desk, terminal, rehearsal=rehearsal) as found:
        count = bots or len(found.session.seats)
        sys.exit(serve(found, terminal, places, plans(count, found.seed) if rehearsal else ()))
