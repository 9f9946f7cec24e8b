"""What the shell offers after TAB: scenarios, experiments and runs; `docs/commands.md` turns it on.

Nothing here may be slow or say anything: it runs while a person types.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from glob import escape
from itertools import islice
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from retailsim.events.object_store import is_address

Offered = list[CompletionItem]

_MOST = 200
_MARK = "run.toml"


class RunPath(click.Path):
    """A run's folder: those here and one or two levels below, the newest first; else any folder.

    The address of a run in a store becomes the folder through which it is looked at.
    """

    def convert(
        self,
        value: str | os.PathLike[str],
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> Any:
        """Return the folder."""
        if isinstance(value, str) and is_address(value):
            from retailsim.sim.shares.view import view_of

            value = view_of(value)
        return super().convert(value, param, ctx)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> Offered:
        """Offer runs that are not in the command yet."""
        taken = {str(one) for one in _given(ctx)}
        found = [path for path in _runs(incomplete) if path not in taken]
        return [CompletionItem(path) for path in found] or [CompletionItem(incomplete, type="dir")]


class RunAddress(click.types.StringParamType):
    """A run's folder, or its address in a store, as it was typed."""

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> Offered:
        """Offer what `RunPath` does."""
        return RunPath().shell_complete(ctx, param, incomplete)


class ScenarioName(click.types.StringParamType):
    """A built-in scenario or a TOML file.

    Parameters
    ----------
    or_runs : bool
        Whether runs go, too.
    """

    def __init__(self, *, or_runs: bool = False) -> None:
        self._or_runs = or_runs

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> Offered:
        """Offer them; where none begins like that, what the shell has."""
        from retailsim.sim.scenario.builtin import builtin_about, builtin_scenarios

        built_in = [
            CompletionItem(name, help=builtin_about(name))
            for name in builtin_scenarios()
            if name.startswith(incomplete)
        ]
        own = _begun(incomplete, ".toml")
        runs = _runs(incomplete) if self._or_runs else []
        found = built_in + [CompletionItem(path) for path in (*own, *runs)]
        return found or [CompletionItem(incomplete, type="file")]


class ExperimentName(click.types.StringParamType):
    """An experiment."""

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> Offered:
        """Offer all that begin like that."""
        from retailsim.sim.experiments.presets import ABOUT

        return [
            CompletionItem(name, help=about)
            for name, about in ABOUT.items()
            if name.startswith(incomplete)
        ]


def _runs(typed: str) -> list[str]:
    found = {*_begun(typed, f"/{_MARK}"), *_begun(typed, f"/*/{_MARK}")}
    return [mark.removesuffix(f"/{_MARK}") for mark in sorted(found, key=_age)]


def _begun(typed: str, rest: str) -> list[str]:
    """Files whose names begin as typed and end like `rest`, sorted."""
    folder, slash, stem = typed.rpartition("/")
    root = Path(f"{folder}{slash}" or ".")
    found = islice(root.glob(f"{escape(stem)}*{rest}"), _MOST)
    return sorted(f"{folder}{slash}{path.relative_to(root).as_posix()}" for path in found)


def _age(mark: str) -> tuple[float, str]:
    try:
        return -Path(mark).stat().st_mtime, mark
    except OSError:
        return 0.0, mark


def _given(ctx: click.Context) -> Iterator[object]:
    """What already stands in the command."""
    for value in ctx.params.values():
        yield from value if isinstance(value, tuple) else (value,)
