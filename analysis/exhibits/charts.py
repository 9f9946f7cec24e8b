"""The charts of a report, with Altair: specifications that a page or a file is drawn from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import polars as pl

from retailsim.analysis.exhibits.parts import Figure
from retailsim.market.core.money import DOLLARS, currency, sign

INK, FAINT = "#010101", "#020202"
"""Colours that stand for those of the page: its text, and its lines."""
BLUE, ORANGE, GREY = "#2b78d6", "#e07a1f", "#8a8f98"
_WIDE = 380
"""Pixels beside the names: what is wider is drawn too small on a telephone."""
_LETTERS = 12
_PADDING = {"left": 36, "top": 12, "right": 24, "bottom": 12}
"""Pixels. Names stand at the left, and a reader's letters may be wider than ours."""
_SHORT = 40
"""Characters of a name in a chart."""


def _spec(chart: Any, height: int | None = None) -> dict[str, Any]:
    sized = chart.properties(width=_WIDE, **({"height": height} if height else {}))
    configured = (
        sized.configure(
            background="transparent", font="Helvetica, Arial, sans-serif", padding=_PADDING
        )
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=INK,
            titleColor=INK,
            gridColor=FAINT,
            domainColor=FAINT,
            tickColor=FAINT,
            labelLimit=250,
            labelFontSize=_LETTERS,
            titleFontSize=_LETTERS,
            titleFontWeight="normal",
        )
        .configure_legend(labelColor=INK, titleColor=INK, titleFontWeight="normal")
        .configure_header(labelColor=INK, titleColor=INK)
        .configure_text(color=INK)
    )
    found: dict[str, Any] = configured.to_dict()
    return found


MONEY = "money"
"""How an axis of amounts in the currency of the catalogue is written."""


def _axis(form: str) -> alt.Axis:
    """A scale with few enough numbers that none touches the next.

    The first and the last stand where they belong, not moved inwards, next to their neighbours.
    """
    if form == MONEY:
        return _money_axis(",~f")
    return alt.Axis(format=form, tickCount=6, labelOverlap=True, labelFlush=False)


def _money_axis(form: str) -> alt.Axis:
    """The same of amounts: the minus stands before the currency's sign."""
    amount = f"'{sign()}' + format(abs(datum.value), '{form}')"
    written = f"(datum.value < 0 ? '\u2212' : '') + {amount}"
    return alt.Axis(labelExpr=written, tickCount=6, labelOverlap=True, labelFlush=False)


def _short(name: str) -> str:
    return name if len(name) <= _SHORT else f"{name[: _SHORT - 1]}…"


def _shorts(names: Sequence[str]) -> list[str]:
    """Shorten names; those that would be the same then are numbered, as each has its own line."""
    found: list[str] = []
    for name in names:
        short, number = _short(name), 2
        while short in found:
            ending = f" ({number})"
            short, number = f"{_short(name)[: _SHORT - len(ending)]}{ending}", number + 1
        found.append(short)
    return found


def intervals(
    name: str,
    title: str,
    rows: Sequence[tuple[str, float | None, float | None, float | None]],
    axis: str,
    *,
    form: str = "%",
    changes: bool = False,
) -> Figure | None:
    """Points with their intervals, a line a row; None where there is nothing to draw.

    Parameters
    ----------
    rows : sequence of (name, value, low, high)
    form : str
        How the numbers of the axis are written.
    changes : bool
        Whether they are differences: then a line marks 0, which is always in sight.
    """
    some = [row for row in rows if row[1] is not None]
    if not some:
        return None
    names = _shorts([row[0] for row in some])
    known = [
        (name, value or 0.0, low, high)
        for name, (_, value, low, high) in zip(names, some, strict=True)
    ]
    frame = pl.DataFrame(
        known,
        schema={"name": pl.String, "value": pl.Float64, "low": pl.Float64, "high": pl.Float64},
        orient="row",
    )
    percent = form == "%"
    order = [row[0] for row in known]
    y = alt.Y("name:N", sort=order, title=None)
    x = alt.X("value:Q", title=axis, axis=_axis(form), scale=alt.Scale(zero=percent or changes))
    points = alt.Chart(frame).mark_point(filled=True, size=70, color=BLUE).encode(x=x, y=y)
    bars = (
        alt.Chart(frame.drop_nulls(["low", "high"]))
        .mark_rule(color=BLUE, strokeWidth=2)
        .encode(x=alt.X("low:Q", title=axis), x2="high:Q", y=y)
    )
    drawn = bars + points
    if changes:
        nothing = alt.Chart(pl.DataFrame({"at": [0.0]})).mark_rule(color=INK, strokeDash=[4, 3])
        drawn = nothing.encode(x=alt.X("at:Q", title=axis)) + drawn
    says = "; ".join(f"{label}: {_said(value, percent)}" for label, value, _, _ in known)
    return Figure(name=name, title=title, spec=_spec(drawn, max(60, 28 * len(known))), says=says)


def _said(value: float, percent: bool) -> str:
    return f"{value:.1%}" if percent else f"{value:,.2f}"


def heatmap(cells: pl.DataFrame) -> Figure:
    """Net revenue of each pair minus the mean of all pairs, in dollars.

    Parameters
    ----------
    cells : polars.DataFrame
        ``seller``, ``buyer``, ``dollars``; with a ``mark``, it stands behind the amount.
    """
    if "mark" not in cells.columns:
        cells = cells.with_columns(mark=pl.lit(""))
    amount = pl.col("dollars").map_elements(
        lambda dollars: f"{dollars:+,.0f}".replace("-", "−"), return_dtype=pl.String
    )
    shown = cells.with_columns(text=amount + pl.col("mark"))
    for role in ("seller", "buyer"):
        names = sorted(cells[role].unique())
        shown = shown.with_columns(pl.col(role).replace_strict(names, _shorts(names)))
    reach = float(cells["dollars"].abs().max() or 1.0)  # type: ignore[arg-type]
    base = alt.Chart(shown).encode(
        x=alt.X("buyer:N", title="buyer", axis=alt.Axis(labelAngle=-30)),
        y=alt.Y("seller:N", title="seller", axis=alt.Axis(titlePadding=16)),
    )
    colour = alt.Color(
        "dollars:Q",
        scale=alt.Scale(domain=[-reach, 0, reach], range=[ORANGE, "#e1e1e1", BLUE]),
        legend=alt.Legend(title=f"{sign().strip()} v. mean"),
    )
    boxes = base.mark_rect().encode(color=colour)
    labels = base.mark_text(fontSize=11).encode(text="text:N", color=alt.value("#111111"))
    best = cells.sort("dollars", descending=True).row(0, named=True)
    unit = "dollars" if currency() == DOLLARS else currency()
    most = f"{best['dollars']:+,.0f} {unit}{best['mark']}"
    says = f"Best pair: {best['seller']} with {best['buyer']}, {most}."
    height = max(90, 44 * cells["seller"].n_unique())
    return Figure(
        name="pairs",
        title="Who sells well to whom",
        spec=_spec(boxes + labels, height),
        says=says,
    )


def bars(
    name: str, title: str, rows: Sequence[tuple[str, float]], axis: str, *, form: str = ",.0f"
) -> Figure | None:
    """Bars in the order given, numbers written as `form` says; None without any."""
    if not rows:
        return None
    values = [value for _, value in rows]
    shown = list(zip(_shorts([label for label, _ in rows]), values, strict=True))
    frame = pl.DataFrame(shown, schema={"name": pl.String, "value": pl.Float64}, orient="row")
    y = alt.Y("name:N", sort=[row[0] for row in shown], title=None)
    x = alt.X("value:Q", title=axis, axis=_axis(form))
    base = alt.Chart(frame).encode(x=x, y=y)
    labels = base.mark_text(align="left", dx=4, color=INK).encode(
        text=alt.Text("value:Q", format=form)
    )
    says = "; ".join(f"{label}: {value:{form}}" for label, value in rows)
    return Figure(
        name=name,
        title=title,
        spec=_spec(base.mark_bar(color=BLUE) + labels, max(60, 30 * len(rows))),
        says=says,
    )


def amounts(
    name: str, title: str, rows: Sequence[tuple[str, float]], axis: str, *, form: str = MONEY
) -> Figure:
    """Bars to both sides of 0, those below it in another colour; at least one row."""
    shown = list(zip(_shorts([label for label, _ in rows]), (v for _, v in rows), strict=True))
    frame = pl.DataFrame(shown, schema={"name": pl.String, "value": pl.Float64}, orient="row")
    loss = alt.datum.value < 0
    base = alt.Chart(frame).encode(
        x=alt.X("value:Q", title=axis, axis=_axis(form)),
        y=alt.Y("name:N", sort=[row[0] for row in shown], title=None),
    )
    drawn = base.mark_bar().encode(
        color=alt.condition(loss, alt.value(ORANGE), alt.value(BLUE)),
    )
    percent = form == "%"
    says = "; ".join(f"{label}: {_said(value, percent)}" for label, value in rows)
    return Figure(name=name, title=title, spec=_spec(drawn, max(60, 24 * len(rows))), says=says)


def curve(name: str, title: str, points: pl.DataFrame, x_title: str, y_title: str) -> Figure:
    """A line with its band: ``x``, ``value``, ``low``, ``high``; shares in percent."""
    x = alt.X("x:Q", title=x_title, scale=alt.Scale(zero=False), axis=alt.Axis(format="+%"))
    line = (
        alt.Chart(points)
        .mark_line(point=True, color=BLUE)
        .encode(x=x, y=alt.Y("value:Q", title=y_title, axis=alt.Axis(format="%")))
    )
    band = (
        alt.Chart(points.drop_nulls(["low", "high"]))
        .mark_area(opacity=0.2, color=BLUE)
        .encode(x=x, y=alt.Y("low:Q", title=y_title), y2="high:Q")
    )
    says = "; ".join(f"{row['x']:+.0%}: {row['value']:.1%}" for row in points.iter_rows(named=True))
    return Figure(name=name, title=title, spec=_spec(band + line, 240), says=says)


def frontier(
    name: str,
    title: str,
    points: pl.DataFrame,
    x_title: str,
    y_title: str,
) -> Figure:
    """What is gained and lost along a limit: a line through its steps for each side, and others.

    Parameters
    ----------
    points : polars.DataFrame
        ``x`` (a share), ``value``, ``low``, ``high`` (dollars), ``side`` (two of them), ``label``,
        ``step`` (its place on the line; null for those beside it).
    """
    sides = points["side"].unique(maintain_order=True).to_list()
    x = alt.X("x:Q", title=x_title, axis=alt.Axis(format="%"), scale=alt.Scale(zero=True))
    y = alt.Y("value:Q", title=y_title, axis=_axis(MONEY), scale=alt.Scale(zero=True))
    colour = alt.Color(
        "side:N",
        scale=alt.Scale(domain=sides, range=[BLUE, ORANGE]),
        legend=alt.Legend(title=None, orient="top"),
    )
    steps, beside = points.drop_nulls("step"), points.filter(pl.col("step").is_null())
    base = alt.Chart(steps).encode(x=x, y=y, color=colour)
    bars = (
        alt.Chart(points.drop_nulls(["low", "high"]))
        .mark_rule(opacity=0.45)
        .encode(x=x, y=alt.Y("low:Q", title=y_title), y2="high:Q", color=colour)
    )
    lines = base.mark_line().encode(order="step:Q")
    dots = base.mark_point(filled=True, size=60)
    others = alt.Chart(beside).mark_point(shape="diamond", size=60).encode(x=x, y=y, color=colour)
    text, upper = alt.Text("label:N"), pl.col("side") == sides[0]
    right = alt.Chart(steps.filter(upper)).mark_text(
        fontSize=11, color=INK, align="left", dx=9, dy=6
    )
    slanting = alt.Chart(beside.filter(upper)).mark_text(  # so that neighbours do not touch
        fontSize=11, color=INK, align="left", angle=320, dx=8
    )
    words = [one.encode(x=x, y=y, text=text) for one in (right, slanting)]
    says = "; ".join(
        f"{row['label']}, {row['side']}: {sign()}{row['value']:,.2f} at {row['x']:.1%}"
        for row in points.iter_rows(named=True)
    )
    spec = _spec(alt.layer(bars, lines, dots, others, *words), 300)
    return Figure(name=name, title=title, spec=spec, says=says)


def response(name: str, title: str, points: pl.DataFrame, x_title: str, unit: str) -> Figure:
    """What becomes of a measure along a setting: a line through its points, each with its interval.

    Parameters
    ----------
    points : polars.DataFrame
        ``x``, ``value``, ``low``, ``high``; the last two may be null.
    unit : str
        ``share``, ``cents`` (given as whole units of the currency) or another.
    """
    x = alt.X("x:Q", title=x_title, scale=alt.Scale(zero=False), axis=_axis("~g"))
    axis = _money_axis(",.2f") if unit == "cents" else _axis("%" if unit == "share" else ",.2f")
    y = alt.Y("value:Q", title=None, scale=alt.Scale(zero=False), axis=axis)
    line = alt.Chart(points).mark_line(point={"filled": True, "size": 60}, color=BLUE)
    bars = (
        alt.Chart(points.drop_nulls(["low", "high"]))
        .mark_rule(color=BLUE, strokeWidth=2, opacity=0.45)
        .encode(x=x, y=alt.Y("low:Q", title=None), y2="high:Q")
    )
    rows = points.iter_rows(named=True)
    says = "; ".join(f"{row['x']:g}: {_said(row['value'], unit == 'share')}" for row in rows)
    return Figure(name=name, title=title, spec=_spec(bars + line.encode(x=x, y=y), 240), says=says)
