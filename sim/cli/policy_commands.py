"""The command line of `policy`: policies that are learnt."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from retailsim.sim.cli.completion import ScenarioName
from retailsim.sim.cli.help_page import CommandGroup
from retailsim.sim.cli.options import (
    BUYERS,
    CATALOG,
    JSON,
    PATH,
    PROFILES,
    RUN_PATH,
    SETTINGS,
    ScenarioSettings,
    settings_of,
)

SOURCES = ScenarioName(or_runs=True)


@click.group(cls=CommandGroup, example="policy learn my.toml --out learnt.json")
def policy() -> None:
    """Learn how a seller should act, and judge it."""


@policy.command(name="learn", example="policy learn my.toml --out learnt.json")
@click.argument("sources", nargs=-1, required=True, type=SOURCES, metavar="SCENARIO | RUN...")
@click.option(
    "--out",
    required=True,
    type=PATH,
    metavar="FILE",
    help="File for the policy, which must not exist.",
)
@click.option(
    "--learner",
    metavar="NAME",
    help="epsilon-greedy, linucb (the default) or thompson; from runs, fitted-q; or a baseline "
    "that learns nothing: show-first, or by-the-sheet where sellers pitch.",
)
@click.option(
    "--conversations",
    type=click.IntRange(1, 1_000_000),
    metavar="N",
    help="How many conversations it holds; by default 10,000.",
)
@click.option(
    "--reward",
    multiple=True,
    metavar="TERM=WEIGHT",
    help="What it is paid in: revenue_share (the default; where sellers pitch, less a quarter of "
    "violations), revenue, sale, surplus, over_budget, turn, ...; may be repeated.",
)
@click.option(
    "--limit",
    multiple=True,
    metavar="TERM[=NUMBER]",
    help="What a conversation may cost at most on average, such as over_budget=0.25; without a "
    "number, what the seller csi comes to.",
)
@click.option(
    "--floor",
    multiple=True,
    metavar="TERM[=NUMBER]",
    help="What a conversation has to come to at least on average, such as surplus=9; without a "
    "number, likewise.",
)
@click.option(
    "--sure",
    type=click.FloatRange(0.5, 0.999),
    metavar="SHARE",
    help="How sure it has to be that limits hold for other buyers; 0.5 is on average.  [default: "
    "0.95]",
)
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=1,
    show_default=True,
    metavar="N",
    help="Seed of the buyers and of the learner.",
)
@click.option("--seller", metavar="ID", help="Of runs: learn from this seller alone.")
@BUYERS
@CATALOG
@PROFILES
@SETTINGS
def learn_policy(**flags: Any) -> None:
    """Learn a policy from simulated buyers, or from runs.

    From a scenario it meets one half of the profiles and of the products; judge it on the other,
    with --set profiles.half=2 --set products.half=2. From runs, whoever sold there (models and
    people, too), half of the profiles teach and the others judge.
    """
    from retailsim.sim.execution.as_ctrl_c import as_ctrl_c
    from retailsim.sim.learning.protocol_of import protocol_of
    from retailsim.sim.scenario.protocol import work_of
    from retailsim.sim.terminal.new_folders import new_folders_told
    from retailsim.sim.terminal.terminal import Terminal

    out: Path = flags["out"]
    there = out.exists()

    def left() -> str:
        written = out.exists() and not there
        return f"{out} was written before" if written else "nothing was written"

    work = work_of("policy learn", protocol=protocol_of(flags["sources"][0], flags["settings"]))
    terminal = Terminal()
    with as_ctrl_c(left), new_folders_told(out, terminal):
        status = work(terminal, **flags)
    sys.exit(status)


@policy.command(name="mine", example="policy mine runs/first")
@click.argument("runs", nargs=-1, required=True, type=RUN_PATH, metavar="RUN...")
@click.option(
    "--least",
    type=click.IntRange(2),
    default=30,
    show_default=True,
    metavar="N",
    help="Conversations needed with a move and without it.",
)
@click.option(
    "--effect",
    type=click.FloatRange(0, 100),
    default=5.0,
    show_default=True,
    metavar="POINTS",
    help="The smallest difference to show, in percentage points.",
)
@click.option(
    "--top",
    type=click.IntRange(1),
    default=12,
    show_default=True,
    metavar="N",
    help="How many moves to show that go with more buying, and with less.",
)
@click.option(
    "--for",
    "buyers",
    metavar="WORDS",
    help="Show only what is found for these buyers, such as everyone, Rational or budget.",
)
@JSON
def mine_policy(runs: tuple[Path, ...], as_json: bool, **flags: Any) -> None:
    """Show which moves of sellers go with buying, when, and for whom.

    Runs of one protocol are looked at together; conversations are compared within a run and seller.
    """
    from retailsim.sim.execution.as_ctrl_c import as_ctrl_c
    from retailsim.sim.folder.currency import in_currency_of
    from retailsim.sim.look.mine import mine_runs
    from retailsim.sim.terminal.terminal import Terminal

    with as_ctrl_c(lambda: "nothing was written"), in_currency_of(*runs):
        status = mine_runs(runs, Terminal(json=as_json), **flags)
    sys.exit(status)


@policy.command(name="evaluate", example="policy evaluate learnt.json --log runs/csi")
@click.argument("policy", metavar="POLICY")
@click.argument("more", nargs=-1, type=PATH, metavar="")
@click.option(
    "--log",
    "log",
    multiple=True,
    required=True,
    type=RUN_PATH,
    metavar="RUN...",
    help="Finished runs whose conversations it is judged by.",
)
@click.option("--seller", metavar="ID", help="Only this seller's conversations.")
@click.option(
    "--reward",
    multiple=True,
    metavar="TERM=WEIGHT",
    help="What a conversation is worth: revenue (the default), revenue_share, sale, surplus, "
    "over_budget, violations, turn, ...; may be repeated.",
)
@settings_of(
    "Set an option of the policy's seat (explore, and temperature of csi); may be repeated."
)
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=1,
    show_default=True,
    metavar="N",
    help="Seed of the intervals.",
)
@click.option(
    "--audit",
    is_flag=True,
    help="Play the policy for its true value, and new logs, to see how far off estimates are.",
)
@click.option(
    "--conversations",
    type=click.IntRange(1_000, 10_000_000),
    metavar="N",
    help="With --audit: about how many are played, but enough for 20 new logs; by default 20,000.",
)
@JSON
def evaluate_policy(
    as_json: bool, log: tuple[Path, ...], more: tuple[Path, ...], **flags: Any
) -> None:
    """Tell from a log what another policy would have earned, or refuse to.

    POLICY is a file that policy learn wrote, or a name: chance, csi, or, where sellers pitch,
    by-the-sheet. Without --audit, nothing is played.
    """
    from retailsim.sim.execution.as_ctrl_c import as_ctrl_c
    from retailsim.sim.folder.currency import in_currency_of
    from retailsim.sim.folder.run_folder import RunFolder
    from retailsim.sim.scenario.protocol import work_of
    from retailsim.sim.terminal.terminal import Terminal

    runs = (*log, *more)
    work = work_of("policy evaluate", protocol=RunFolder(runs[0]).read().scenario.design.protocol)
    with as_ctrl_c(lambda: "nothing was written"), in_currency_of(*runs):
        status = work(Terminal(json=as_json), log=runs, **flags)
    sys.exit(status)


@policy.command(name="check", example="policy check runs/mine")
@click.argument("target", metavar="RUN|POLICY", type=RUN_PATH)
@click.option(
    "--rules",
    type=PATH,
    metavar="FILE",
    help="A rule file of your own, on top of the built-in rules.",
)
@click.option("--scenario", metavar="FILE", help="Of a policy: the scenario that it is played in.")
@click.option(
    "--conversations",
    type=click.IntRange(1, 1_000_000),
    metavar="N",
    help="Of a policy: how many conversations it is played for at least; by default 1,000.",
)
@settings_of("Of a policy: set any key of the scenario; may be repeated.", ScenarioSettings)
@JSON
def check_policy(as_json: bool, **flags: Any) -> None:
    """Say which rules the sellers of a run, or a policy, broke.

    The exit status is 1 if a rule of level mask was broken, or one of level budget more often than
    its limit allows.
    """
    from retailsim.sim.rules.check import check
    from retailsim.sim.terminal.terminal import Terminal

    sys.exit(check(Terminal(json=as_json), **flags))
