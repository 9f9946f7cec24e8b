"""A replay on a terminal: a table of measures and a heatmap of who sells well to whom.

Both are plain text where there is no colour, and fit into 80 columns. Names come from files
other people wrote, so they are shown as text whatever is in them: no markup, no control
characters.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import UNSET
from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.color import Color
from rich.style import Style
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType

    from analysis.measures import Row
    from analysis.replay import Replay

NOTHING = "-"
"""What stands where nothing was counted."""

_NAME_WIDTH = 18
_CELL_WIDTH = 9
_MOST = 40
"""More sellers or buyers than this are not drawn: nobody compares them by eye."""

_LOSS, _GAIN = (224, 122, 31), (43, 120, 214)
"""Orange and blue, which colour-blind readers can tell apart too."""

_MIDDLE = (225, 225, 225)


def measure_table(replay: Replay) -> Table:
    """Sellers, buyers and the whole run with net sales, conversion, refunds and ratings.

    Money is in whole units of the currency with two decimals; shares are in percent; `NOTHING`
    stands where nothing was counted.
    """
    table = _table(title=_title(replay), caption=_caption(replay))
    table.add_column(
        "", overflow="ellipsis", min_width=10
    )  # wraps first, so that numbers stay whole
    for heading in ("Episodes", "Net sales $", "Bought", "Refunded", "Quantity", "Rating"):
        table.add_column(heading, justify="right", no_wrap=True)
    for heading, rows in (("Sellers", replay.sellers), ("Buyers", replay.buyers)):
        table.add_row(Text(heading, style="bold"))
        for row in rows[:_MOST]:
            table.add_row(Text(clip(_name(row), _NAME_WIDTH)), *_measures(row))
        if len(rows) > _MOST:
            table.add_row(Text(f"and {len(rows) - _MOST} more", style="italic"))
        table.add_section()
    table.add_row(Text("All", style="bold"), *_measures(replay.overall))
    return table


def heatmap(replay: Replay) -> HeatMap:
    """Normalized net revenue per pair: sellers down, buyers across, the mean pair being 0."""
    return HeatMap(replay.pairs)


class HeatMap:
    """A rich renderable: signed amounts of money, coloured from losing to gaining.

    Buyers that do not fit beside each other are shown below, with the sellers repeated.

    Parameters
    ----------
    pairs : sequence of Row
        Rows with a seller, a buyer and ``normalized_revenue_cents``.
    """

    def __init__(self, pairs: Sequence[Row]) -> None:
        self._cents = {
            (str(row.seller), str(row.buyer)): row.normalized_revenue_cents for row in pairs
        }
        self._sellers = sorted({seller for seller, _ in self._cents})
        self._buyers = sorted({buyer for _, buyer in self._cents})
        known = (cents for cents in self._cents.values() if cents is not None)
        self._reach = max((abs(cents) for cents in known if cents is not UNSET), default=0.0)

    def __rich_console__(
        self, console: Console, options: ConsoleOptions
    ) -> Iterator[RenderableType]:
        """Yield one table per group of buyers that fits into the width."""
        fitting = max(1, (options.max_width - _NAME_WIDTH - 4) // (_CELL_WIDTH + 2))
        shown = self._buyers[:_MOST]
        yield Text("Net revenue of each pair minus the mean of all pairs, $", style="bold")
        for start in range(0, len(shown), fitting):
            yield self._table(shown[start : start + fitting])
        hidden = len(self._sellers[_MOST:]), len(self._buyers[_MOST:])
        if any(hidden):
            yield Text(f"Not shown: {hidden[0]} sellers and {hidden[1]} buyers", style="italic")

    def _table(self, buyers: Sequence[str]) -> Table:
        table = _table()
        table.add_column("Seller", no_wrap=True)
        for buyer in buyers:
            heading = Text(clip(buyer, _CELL_WIDTH))
            table.add_column(heading, justify="right", no_wrap=True, width=_CELL_WIDTH)
        for seller in self._sellers[:_MOST]:
            cells = (self._cell(seller, buyer) for buyer in buyers)
            table.add_row(Text(clip(seller, _NAME_WIDTH)), *cells)
        return table

    def _cell(self, seller: str, buyer: str) -> Text:
        cents = self._cents.get((seller, buyer))
        if cents is None or cents is UNSET:
            return Text(NOTHING)
        share = cents / self._reach if self._reach else 0.0
        return Text(_short(cents), style=_shade(share))


def clip(text: str, width: int) -> str:
    """Text for one line of at most `width` cells: shortened in the middle, without controls.

    Ids of models and products differ at their ends, so both ends are kept.
    """
    plain = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
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


def _table(**options: Any) -> Table:
    return Table(
        box=SIMPLE_HEAD,
        collapse_padding=True,
        title_justify="left",
        caption_justify="left",
        **options,
    )


def _name(row: Row) -> str:
    return str(row.buyer if row.seller is UNSET else row.seller)


def _measures(row: Row) -> tuple[str, ...]:
    """The cells of a row, all but its name."""
    return (
        str(row.episodes),
        f"{row.net_revenue_cents / 100:,.2f}",
        _number(row.conversion_rate, "{:.1%}"),
        _number(row.refund_rate, "{:.1%}"),
        _number(row.average_quantity, "{:.2f}"),
        _number(row.average_rating, "{:.2f}"),
    )


def _number(value: float | None, form: str) -> str:
    return NOTHING if value is None else form.format(value)


def _title(replay: Replay) -> Text:
    return Text(clip(replay.run, 45) + (" (not finished)" if replay.partial else ""))


def _caption(replay: Replay) -> Text:
    counts = replay.episodes
    parts = [f"{counts.closed} of {counts.opened} episodes closed, {counts.failed} failed"]
    if replay.failed_markets:
        parts.append(f"{replay.failed_markets} markets failed")
    rejected = replay.rejected_outputs, replay.rejected_commands
    parts.append(f"rejected: {rejected[0]} outputs, {rejected[1]} commands")
    return Text("; ".join(parts))


def _short(cents: float) -> str:
    """An amount with its sign in at most `_CELL_WIDTH` cells, such as ``+12.30`` or ``-1.2M``."""
    amount = cents / 100
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e5, "k")):
        if abs(amount) >= size:
            return f"{amount / (1e3 if unit == 'k' else size):+.1f}{unit}"
    return f"{amount:+.2f}"


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
