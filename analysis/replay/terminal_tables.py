"""A replay on a terminal: a table of measures and a heatmap of who sells well to whom.

Both are plain text where there is no colour, and fit into 80 columns. Names come from files
other people wrote, so they are shown as text whatever is in them: no markup, no control
characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.color import Color
from rich.measure import Measurement
from rich.style import Style
from rich.table import Table
from rich.text import Text

from retailsim.analysis.measures.failures import failures_told
from retailsim.analysis.measures.table import measure, shown_in
from retailsim.analysis.measures.value_text import MARK, MARKED, bounded, written
from retailsim.market.core.money import sign

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType

    from retailsim.analysis.measures.measure import Measure
    from retailsim.analysis.measures.rows import MeasureRow
    from retailsim.analysis.replay.replay import Replay

NOTHING = "-"
"""What stands where nothing was counted."""

_LEAST_NAME = 10
_NAME_WIDTH = 18
_CELL_WIDTH = 9
_HEADING_LINES = 3
_HEADING_WIDTH = 10
_MOST = 40
"""More sellers or buyers than this are not drawn: nobody compares them by eye."""

_MOST_CLAIMING = 3
"""Sellers that the warning of unsupported claims names."""

_LOSS, _GAIN = (224, 122, 31), (43, 120, 214)
"""Orange and blue, which colour-blind readers can tell apart too."""

_MIDDLE = (225, 225, 225)


def measure_table(replay: Replay, own: Sequence[Measure] = ()) -> MeasureTable:
    """Sellers, buyers and the whole run with the measures that name this view.

    Money is in dollars with two decimals; shares are in percent; `NOTHING` stands where nothing
    was counted. Nobody's rows, as where no episode has a seller, have no heading. `own` are the
    measures of the run's protocol.
    """
    overall = replay.overall
    shown = shown_in(
        "terminal",
        own,
        unended=overall.decided != overall.episodes,
        costs_known=overall.profit_cents is not None,
    )
    return MeasureTable(replay, shown)


class MeasureTable:
    """A rich renderable: rows of names with measures.

    Names give way where there is little room, numbers do not: measures that do not fit beside each
    other are shown below, with the names repeated.

    Parameters
    ----------
    shown : sequence of Measure
        The columns.
    """

    def __init__(self, replay: Replay, shown: Sequence[Measure]) -> None:
        self._replay = replay
        self._shown = shown

    def __rich_console__(
        self, console: Console, options: ConsoleOptions
    ) -> Iterator[RenderableType]:
        """Yield one table per group of measures that fits into the width."""
        title, caption = _title(self._replay), _caption(self._replay)
        widths = [self._width(one) for one in self._shown]
        if _LEAST_NAME + sum(width + 2 for width in widths) <= options.max_width - 2:
            yield self._table(self._shown, title=title, caption=caption)
            return
        yield title
        for group in self._groups(widths, options.max_width):
            yield self._table(group)
        yield caption

    def _groups(self, widths: Sequence[int], width: int) -> Iterator[Sequence[Measure]]:
        """As many measures beside each other as there is room for behind a whole name."""
        names = [cell_len(_plain(_name(row))) for row in self._rows()]
        room = width - 2 - min(max(names, default=0), max(_LEAST_NAME, width // 3))
        group: list[Measure] = []
        left = room
        for one, needed in zip(self._shown, widths, strict=True):
            if group and needed + 2 > left:
                yield group
                group, left = [], room
            group.append(one)
            left -= needed + 2
        yield group

    def _rows(self) -> Iterator[MeasureRow]:
        yield from self._replay.sellers[:_MOST]
        yield from self._replay.buyers[:_MOST]
        yield from self._replay.kinds

    def _width(self, one: Measure) -> int:
        """How wide the column of a measure is."""
        cells = (_measure(one, row) for row in (*self._rows(), self._replay.overall))
        return max(
            cell_len(line) for text in (heading(one.label), *cells) for line in text.split("\n")
        )

    def _table(self, shown: Sequence[Measure], **options: Any) -> Table:
        table = _table(**options)
        table.add_column("", min_width=_LEAST_NAME)
        headings = [heading(one.label) for one in shown]
        lines = max((one.count("\n") for one in headings), default=0)
        for one in headings:
            # Down to the last line, while rows whose amounts have a second line begin at the top.
            text = "\n" * (lines - one.count("\n")) + one
            table.add_column(text, justify="right", no_wrap=True)
        groups = {
            "Sellers": self._replay.sellers,
            "Buyers": self._replay.buyers,
            "Who bought from whom": self._replay.kinds,
        }
        for role, rows in groups.items():
            if not rows:
                continue
            table.add_row(Text(role, style="bold"))
            for row in rows[:_MOST]:
                table.add_row(Name(_name(row)), *_measures(row, shown))
            if len(rows) > _MOST:
                table.add_row(Text(f"and {len(rows) - _MOST} more", style="italic"))
            table.add_section()
        table.add_row(Text("All", style="bold"), *_measures(self._replay.overall, shown))
        return table


def heatmap(replay: Replay) -> HeatMap:
    """Normalized net revenue per pair: sellers down, buyers across, the mean pair being 0."""
    return HeatMap(replay.pairs)


class HeatMap:
    """A rich renderable: signed amounts of money, coloured from losing to gaining.

    Buyers that do not fit beside each other are shown below, with the sellers repeated.

    Parameters
    ----------
    pairs : sequence of MeasureRow
        Rows with a seller, a buyer and ``normalized_revenue_cents``.
    """

    def __init__(self, pairs: Sequence[MeasureRow]) -> None:
        self._cents = {
            (row["seller"], row["buyer"]): row["normalized_revenue_cents"] for row in pairs
        }
        net = measure("net_revenue_cents")
        self._too_high: dict[tuple[str, str], int] = {
            (row["seller"], row["buyer"]): row[net.name] - low
            for row in pairs
            if (low := net.least_of(row)) is not None
        }
        self._sellers = sorted({seller for seller, _ in self._cents})
        self._buyers = sorted({buyer for _, buyer in self._cents})
        known = (cents for cents in self._cents.values() if cents is not None)
        self._reach = max(map(abs, known), default=0.0)

    def __rich_console__(
        self, console: Console, options: ConsoleOptions
    ) -> Iterator[RenderableType]:
        """Yield one table per group of buyers that fits into the width."""
        longest = max((cell_len(name) for name in self._sellers[:_MOST]), default=0)
        names = min(longest, max(_NAME_WIDTH, options.max_width // 4))
        fitting = max(1, (options.max_width - names - 2) // (_CELL_WIDTH + 2))
        shown = self._buyers[:_MOST]
        yield Text(measure("normalized_revenue_cents").label, style="bold")
        for start in range(0, len(shown), fitting):
            yield self._table(shown[start : start + fitting], names)
        if self._too_high:
            yield Text(_too_high(self._too_high), style="italic")
        hidden = len(self._sellers[_MOST:]), len(self._buyers[_MOST:])
        if any(hidden):
            yield Text(f"Not shown: {hidden[0]} sellers and {hidden[1]} buyers", style="italic")

    def _table(self, buyers: Sequence[str], names: int) -> Table:
        table = _table()
        table.add_column("", no_wrap=True, width=names)
        for buyer in buyers:
            heading = Text("\n".join(fold(buyer, _CELL_WIDTH, _HEADING_LINES)))
            table.add_column(heading, justify="right", no_wrap=True, width=_CELL_WIDTH)
        for seller in self._sellers[:_MOST]:
            cells = (self._cell(seller, buyer) for buyer in buyers)
            table.add_row(Text(clip(seller, names)), *cells)
        return table

    def _cell(self, seller: str, buyer: str) -> Text:
        cents = self._cents.get((seller, buyer))
        if cents is None:
            return Text(NOTHING)
        share = cents / self._reach if self._reach else 0.0
        mark = MARK if (seller, buyer) in self._too_high else ""
        return Text(_short(cents, whole=self._reach >= 100_000) + mark, style=_shade(share))


def _too_high(by_pair: Mapping[tuple[str, str], int]) -> str:
    """What the mark at pairs means, and how far it goes."""
    (seller, buyer), most = max(by_pair.items(), key=lambda one: one[1])
    who = f"{clip(seller, _NAME_WIDTH)} and {clip(buyer, _NAME_WIDTH)}"
    return (
        f"{MARK} Failures left refunds of this pair unknown: it may be lower, by up to "
        f"{written('cents', most)} ({who}), and the mean with it."
    )


def clip(text: str, width: int) -> str:
    """Text for one line of at most `width` cells: shortened in the middle, without controls.

    Ids of models and products differ at their ends, so both ends are kept.
    """
    plain = _plain(text)
    if cell_len(plain) <= width:
        return plain
    kept = min(len(plain) - 1, width - 1)
    while kept > 0:
        tail = kept // 2
        shortened = f"{plain[: kept - tail]}…{plain[len(plain) - tail :]}"
        if cell_len(shortened) <= width:
            return shortened
        kept -= 1
    return "…"


def fold(text: str, width: int, lines: int) -> list[str]:
    """Text in at most so many lines of so many cells, broken where an id has its joints."""
    found = [""]
    for part in re.findall(r"[^-:/_. ]*[-:/_. ]?", _plain(text)):
        if cell_len(found[-1] + part) > width and found[-1]:
            found.append("")
        found[-1] += part
    if len(found) > lines:
        found[lines - 1 :] = ["".join(found[lines - 1 :])]
    return [clip(line, width) for line in found]


def heading(label: str) -> str:
    """A column's label in lines that are no wider than its numbers need."""
    return "\n".join(line.rstrip() for line in fold(label, _HEADING_WIDTH, _HEADING_LINES))


class Name:
    """A rich renderable: a name that takes the room it needs, or else all there is.

    Parameters
    ----------
    text : str
        Shown as it is, shortened in its middle.
    """

    def __init__(self, text: str) -> None:
        self._text = text

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        """At least `_LEAST_NAME` cells."""
        width = cell_len(_plain(self._text))
        return Measurement(min(width, _LEAST_NAME), width)

    def __rich_console__(
        self, console: Console, options: ConsoleOptions
    ) -> Iterator[RenderableType]:
        """Yield one line."""
        yield Text(clip(self._text, options.max_width), no_wrap=True)


def _plain(text: str) -> str:
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


def _table(**options: Any) -> Table:
    return Table(
        box=SIMPLE_HEAD,
        collapse_padding=True,
        pad_edge=False,
        title_justify="left",
        caption_justify="left",
        **options,
    )


def _name(row: MeasureRow) -> str:
    if "buyer_kind" in row:
        return f"{row['buyer_kind']} from {row['seller_kind']}"
    return str(row["seller"] if "seller" in row else row["buyer"])


def _measures(row: MeasureRow, shown: Sequence[Measure]) -> tuple[str, ...]:
    """The cells of a row, all but its name."""
    return tuple(_measure(one, row) for one in shown)


def _measure(one: Measure, row: MeasureRow) -> str:
    value = one.of(row)
    if value is None:
        return NOTHING
    return "\n".join(filter(None, bounded(one.unit, value, one.least_of(row))))


def _title(replay: Replay) -> Text:
    return Text(clip(replay.run, 45) + (" (not finished)" if replay.partial else ""))


def _caption(replay: Replay) -> Text:
    counts = replay.episodes
    parts = [f"{counts.closed:,} of {counts.asked:,} episodes closed, {counts.failed:,} failed"]
    if replay.failed_markets:
        parts.append(f"{replay.failed_markets:,} markets failed")
    rejected = replay.rejected_outputs, replay.rejected_commands
    parts.append(f"rejected: {rejected[0]:,} outputs, {rejected[1]:,} commands")
    failed = failures_told(counts.failed, replay.overall)
    net = measure("net_revenue_cents")
    marked = MARKED if net.least_of(replay.overall) is not None else ""
    begun = str(counts.beginning) if counts.beginning else ""
    return Text(
        "\n".join(filter(None, ("; ".join(parts), begun, failed, marked, *_claims(replay))))
    )


def _claims(replay: Replay) -> Iterator[str]:
    """Warn of what sellers claimed beyond the product sheet, where anybody reads that."""
    claimed = [(row.get("unsupported_claims") or 0.0, row["seller"]) for row in replay.sellers]
    most = sorted((one for one in claimed if one[0] > 0), key=lambda one: (-one[0], str(one[1])))
    if most:
        listed = ", ".join(f"{clip(str(name), 30)} {n:.1f}" for n, name in most[:_MOST_CLAIMING])
        more = f" and {len(most) - _MOST_CLAIMING} more" if len(most) > _MOST_CLAIMING else ""
        yield f"claims no product sheet supports, per episode: {listed}{more}; see the report"


def _short(cents: float, *, whole: bool) -> str:
    """Signed dollars in at most `_CELL_WIDTH` cells: ``+$12.30``, ``-$1,234``, ``+$1.2M``."""
    plus, amount, mark = "-" if cents < 0 else "+", abs(cents) / 100, sign()
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e5, "k")):
        if amount >= size:
            return f"{plus}{mark}{amount / (1e3 if unit == 'k' else size):.1f}{unit}"
    return f"{plus}{mark}{amount:,.0f}" if whole else f"{plus}{mark}{amount:.2f}"


def _shade(share: float) -> Style:
    """Background from `_LOSS` at -1 over grey at 0 to `_GAIN` at 1, with dark or light letters.

    Both colours are set, so that the terminal's own background does not matter.
    """
    end = _GAIN if share > 0 else _LOSS
    red, green, blue = (
        round(middle + (full - middle) * abs(share))
        for middle, full in zip(_MIDDLE, end, strict=True)
    )
    dark = 0.299 * red + 0.587 * green + 0.114 * blue < 128
    letters = Color.parse("bright_white") if dark else Color.from_rgb(0, 0, 0)
    return Style(color=letters, bgcolor=Color.from_rgb(red, green, blue))
