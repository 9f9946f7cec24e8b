"""What a report says of the cost of language models."""

from __future__ import annotations

from msgspec import UNSET

from retailsim.analysis.exhibits.parts import NOTHING, Cell, Section, row, table
from retailsim.analysis.replay.cost import Cost, Use
from retailsim.analysis.replay.cost_tables import asked_again
from retailsim.market.core.money import nanodollars


def cost_section(cost: Cost) -> Section:
    """Return the section; a price that is not known is shown as unknown."""
    columns = ("", "Calls", "Tokens in", "cached", "Tokens out", "Cost")
    tables = [
        table("By model and role", columns, [_use(use, ("model", "role")) for use in cost.roles]),
        table("By stage", columns, [_use(use, ("role", "stage")) for use in cost.stages]),
    ]
    if cost.episodes:
        tables.append(
            table(
                "Per episode",
                ("", "Episodes", "Calls", "Tokens in", "Tokens out", "Cost"),
                [
                    row(
                        f"{one.model or 'all models'}, {'with' if one.purchase else 'no'} purchase",
                        Cell(f"{one.episodes:,}"),
                        Cell(f"{one.calls:.1f}"),
                        Cell(f"{one.input_tokens:,.0f}"),
                        Cell(f"{one.output_tokens:,.0f}"),
                        Cell(nanodollars(one.cost_nanousd)),
                    )
                    for one in cost.episodes
                ],
                "A broadcast that episodes share is charged in full to each.",
            )
        )
    if cost.attempts:
        tables.append(
            table(
                "Requests",
                ("", "Sent", "Retries", "p50", "p90", "p99", "Input repeated"),
                [
                    row(
                        one.model,
                        Cell(f"{one.attempts:,}"),
                        Cell(f"{one.retries:,}"),
                        *(_seconds(s) for s in (one.latency_p50_s, one.latency_p90_s)),
                        _seconds(one.latency_p99_s),
                        Cell(
                            NOTHING if one.repeated_share is None else f"{one.repeated_share:.0%}"
                        ),
                    )
                    for one in cost.attempts
                ],
                "From the telemetry: seconds from sending to the last byte.",
            )
        )
    lead = f"{cost.calls:,} calls, {nanodollars(cost.cost_nanousd)}"
    if cost.saved_calls:
        lead += f"; {cost.saved_calls:,} answers came from the cache"
    if cost.again_calls:
        lead += f"; {asked_again(cost)}"
    said = ". ".join([lead, *cost.changes()])
    return Section(name="costs", title="Costs", lead=f"{said}.", tables=tuple(tables))


def _use(use: Use, keys: tuple[str, str]) -> tuple[Cell, ...]:
    names = (getattr(use, key) for key in keys)
    return row(
        ", ".join(str(name) for name in names if name is not UNSET),
        Cell(f"{use.calls:,}"),
        Cell(f"{use.input_tokens:,}"),
        Cell(f"{use.cached_tokens:,}"),
        Cell(f"{use.output_tokens:,}"),
        Cell(nanodollars(use.cost_nanousd)),
    )


def _seconds(value: float | None) -> Cell:
    return Cell(NOTHING if value is None else f"{value:.2f} s")
