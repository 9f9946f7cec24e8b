"""`policy check`: which rules the sellers of a run broke, or a policy that is played for it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from retailsim.market.rules.rule import RuleSet
from retailsim.market.rules.rule_file import with_file
from retailsim.sim.errors import SimError, packages_for
from retailsim.sim.play.progress import Progress
from retailsim.sim.terminal.audience import Nobody
from retailsim.sim.terminal.terminal import Terminal

if TYPE_CHECKING:
    from retailsim.analysis.rules.summary import RuleRow

CONVERSATIONS = 1_000
"""Conversations that a policy is played for, unless another number is asked for."""
WIDEST = 300
"""Characters of an example that are shown."""


class NothingToCheck(SimError):
    """There is neither a run nor a policy at a path."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path}: there is no run folder and no policy file; name one of them")


class NoScenarioNamed(SimError):
    """A policy was given without what it is to be played in."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path}: a policy is played to be checked; say in what with --scenario")


class OnlyForPolicies(SimError):
    """An option was given that is for policies, with a run."""

    def __init__(self, option: str) -> None:
        super().__init__(f"--{option}: is for a policy that is played; a run's log is as it is")


class CheckStopped(SimError):
    """A policy was not played to the end, so nothing is said of it."""

    exit_status = 3

    def __init__(self, path: Path, played: int, asked: int) -> None:
        super().__init__(
            f"{path}: stopped after {played:,} of {asked:,} conversations; profiles are played in "
            "order, so these are no fair part and nothing is said of them: check it anew"
        )


class CheckOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What the command was told."""

    target: Path
    rules: Path | None = None
    scenario: str | None = None
    conversations: int | None = None
    settings: tuple[str, ...] = ()


def check(terminal: Terminal, **options: Any) -> int:
    """Check a run or a policy; returns the exit status: 1 where a rule is broken beyond its level.

    Parameters
    ----------
    **options
        The fields of `CheckOptions`.

    Raises
    ------
    RetailSimError
        If there is nothing that can be checked, the rule file cannot be used, or the policy was
        stopped before it was played to the end.
    """
    told = CheckOptions(**options)
    rules = None if told.rules is None else with_file(told.rules)
    if told.target.is_dir():
        for name in ("scenario", "conversations", "settings"):
            if getattr(told, name):
                raise OnlyForPolicies("set" if name == "settings" else name)
        return _report(told.target, rules, terminal)
    if not told.target.is_file():
        raise NothingToCheck(told.target)
    with tempfile.TemporaryDirectory(prefix="retailsim-check-") as place:
        run = _played(told, Path(place) / "run", terminal)
        return _report(run, rules, terminal)


def _played(told: CheckOptions, out: Path, terminal: Terminal) -> Path:
    """Play the policy with the buyers of a scenario, at least as often as asked."""
    from retailsim.sim.run.launch import make, play_prepared, prepare
    from retailsim.sim.run.launch_options import Options

    if told.scenario is None:
        raise NoScenarioNamed(told.target)
    asked = told.conversations or CONVERSATIONS
    options = Options(
        scenario=told.scenario,
        out=out,
        sellers=f"policy:{told.target.resolve()}",
        settings=told.settings,
    )
    once = prepare(options, Nobody())
    rounds = ceil(asked / once.design.episodes) * once.scenario.design.replications
    settings = (*told.settings, f"design.replications={rounds}")
    prepared = prepare(msgspec.structs.replace(options, settings=settings), Nobody())
    terminal.say(f"{told.target} is played for {prepared.design.episodes:,} conversations")
    run = make(prepared)
    heard = _Counting()
    if not play_prepared(prepared, run, heard).finished:
        raise CheckStopped(told.target, heard.latest.episodes, prepared.design.episodes)
    return run.path


class _Counting(Nobody):
    """Shows nothing, and keeps how far a run came."""

    def __init__(self) -> None:
        self.latest = Progress()

    @contextmanager
    def progress(self, total: int, done: int = 0) -> Iterator[Callable[[Progress], None]]:
        """Take the progress."""

        def note(progress: Progress) -> None:
            self.latest = progress

        yield note


def _report(run: Path, rules: RuleSet | None, terminal: Terminal) -> int:
    with packages_for("policy check"):
        from retailsim.analysis.rules.checking import check_run
        from retailsim.analysis.rules.summary import summarized
    rows = summarized(check_run(run, rules))
    if terminal.json:
        terminal.out_json({"run": str(run), "rules": [_as_json(row) for row in rows]})
    else:
        for line in _lines(rows):
            terminal.out(line)
    return int(any(row.over for row in rows))


def _lines(rows: Sequence[RuleRow]) -> Iterator[str]:
    episodes = {row.seller: row.episodes for row in rows}
    for seller, count in episodes.items():
        yield f"{seller}: {count:,} conversations"
    some = [row for row in rows if row.times]
    for row in some:
        limit = "" if row.rule.limit is None else f", limit {row.rule.limit:.1%}"
        verdict = "  BROKEN" if row.over else ""
        yield f"{row.rule.id} ({row.rule.level}{limit}), {row.seller}: {_counted(row)}{verdict}"
        yield f"    {row.rule.why} [{row.rule.source}]"
        yield f"    {_short(row.example)}"
        yield f"    in {row.example_episode}"
    kept = list(dict.fromkeys(row.rule.id for row in rows))
    broken = {row.rule.id for row in some}
    never = ", ".join(id_ for id_ in kept if id_ not in broken)
    if never:
        yield f"never broken: {never}"


def _counted(row: RuleRow) -> str:
    share, interval = row.share, row.share.interval
    between = f" ({interval.low:.1%} to {interval.high:.1%})" if interval else ""
    times = "once" if row.times == 1 else f"{row.times:,} times"
    return f"{times}, in {share.value or 0.0:.1%} of the conversations{between}"


def _short(text: str) -> str:
    one_line = " ".join(text.split())
    return one_line if len(one_line) <= WIDEST else f"{one_line[: WIDEST - 3]}..."


def _as_json(row: RuleRow) -> dict[str, Any]:
    interval = row.share.interval
    return {
        "rule": row.rule.id,
        "level": row.rule.level,
        "source": row.rule.source,
        "seller": row.seller,
        "episodes": row.episodes,
        "times": row.times,
        "per_episode": row.per_episode if row.episodes else None,
        "share": row.share.value,
        "interval": [interval.low, interval.high] if interval else None,
        "limit": row.rule.limit,
        "broken": row.over,
        "example": row.example or None,
        "example_episode": row.example_episode or None,
    }
