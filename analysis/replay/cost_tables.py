"""What a run cost, on a terminal: one line in all, then tables by model, stage and episode."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import UNSET
from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from retailsim.analysis.replay.cost import Attempts, Cost, PerEpisode, Use
from retailsim.analysis.replay.terminal_tables import NOTHING, Name
from retailsim.market.core.money import nanodollars


def cost_tables(cost: Cost) -> Iterator[Table | Text]:
    """Yield what is to be printed, in order."""
    yield Text(_total(cost), style="bold")
    yield from (Text(change) for change in cost.changes())
    yield _use_table("Cost by model", cost.roles, ("model", "role"))
    yield _use_table("Cost by stage", cost.stages, ("role", "stage"))
    if cost.episodes:
        yield _episode_table(cost.episodes)
    if cost.attempts:
        yield _attempt_table(cost.attempts)


def _total(cost: Cost) -> str:
    share = cost.cached_tokens / cost.input_tokens if cost.input_tokens else 0.0
    parts = [
        f"{cost.calls:,} model calls",
        f"{cost.input_tokens:,} tokens in ({share:.0%} cached)",
        f"{cost.output_tokens:,} out",
        _paid(cost),
    ]
    if cost.saved_calls:
        parts.append(f"{cost.saved_calls:,} calls saved ({nanodollars(cost.saved_nanousd)})")
    if cost.again_calls:
        parts.append(asked_again(cost))
    return "; ".join(parts)


def asked_again(cost: Use) -> str:
    """Say how many calls asked once more, and for how many answers that were only thin."""
    thin = f" ({cost.thin_calls:,} for a thin answer)" if cost.thin_calls else ""
    return f"{cost.again_calls:,} asked again{thin}"


def _paid(cost: Use) -> str:
    if cost.cost_nanousd is None:
        return f"cost unknown: no price for {cost.unpriced_calls:,} calls"
    return nanodollars(cost.cost_nanousd)


def _table(title: str, *names: str) -> Table:
    table = Table(
        title=title, box=SIMPLE_HEAD, pad_edge=False, title_justify="left", title_style="bold"
    )
    for name in names:
        table.add_column(name)
    return table


def _use_table(title: str, uses: tuple[Use, ...], keys: tuple[str, str]) -> Table:
    table = _table(title, *(key.capitalize() for key in keys))
    for heading in ("Calls", "Tokens in", "Cached", "Out", "Cost"):
        table.add_column(heading, justify="right", no_wrap=True)
    for use in uses:
        names = (getattr(use, key) for key in keys)
        table.add_row(
            *(Name("" if name is UNSET else str(name)) for name in names),
            f"{use.calls:,}",
            f"{use.input_tokens:,}",
            f"{use.cached_tokens:,}",
            f"{use.output_tokens:,}",
            nanodollars(use.cost_nanousd),
        )
    return table


def _episode_table(rows: tuple[PerEpisode, ...]) -> Table:
    table = _table("Per episode, its broadcast charged in full", "Model", "Bought")
    for heading in ("Episodes", "Calls", "Tokens in", "Out", "Cost"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(
            Name(row.model or "all models"),
            "yes" if row.purchase else "no",
            f"{row.episodes:,}",
            f"{row.calls:.1f}",
            f"{row.input_tokens:,.0f}",
            f"{row.output_tokens:,.0f}",
            nanodollars(row.cost_nanousd),
        )
    return table


def _attempt_table(rows: tuple[Attempts, ...]) -> Table:
    table = _table("Requests (from the telemetry)", "Model")
    for heading in ("Sent", "Retries", "p50", "p90", "p99", "Repeated"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in rows:
        latencies = (row.latency_p50_s, row.latency_p90_s, row.latency_p99_s)
        table.add_row(
            Name(row.model),
            f"{row.attempts:,}",
            f"{row.retries:,}",
            *(NOTHING if s is None else f"{s:.2f} s" for s in latencies),
            NOTHING if row.repeated_share is None else f"{row.repeated_share:.0%}",
        )
    return table
