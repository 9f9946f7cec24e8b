"""What an anchor starts from: figures, which may be unlikely ones, or a run that was anchored."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from retailsim.market.catalogue.product import CATEGORIES, Product
from retailsim.sim.errors import BadScenario, NotARunFolder
from retailsim.sim.folder.run_folder import RunFolder
from retailsim.sim.scenario.anchor_record import AnchorRecord
from retailsim.sim.scenario.anchor_table import AnchorFigures, AnchorTable

_LIKELY = {"conversion": (0.001, 0.9), "return_rate": (0.0, 0.7), "elasticity": (-10.0, 0.0)}
"""Beyond these a figure is taken, but told: most likely a percentage or a typing error."""


def share(value: float) -> str:
    """Return a share with three digits, and so many that what is below 1 does not read as 1."""
    digits = 3
    while value < 1.0 and float(f"{value:.{digits}g}") == 1.0 and digits < 12:
        digits += 1
    return f"{value:.{digits}g}"


def unlikely(anchor: AnchorTable) -> Iterator[str]:
    """Return a caution for each figure that hardly any shop has."""
    tables: dict[str, AnchorFigures] = {"anchor": anchor}
    tables |= {f"anchor.{name}": one for name, one in anchor.by_category.items()}
    for table, figures in tables.items():
        for key, (low, high) in _LIKELY.items():
            value = getattr(figures, key)
            if value is not None and not low <= value <= high:
                percent = "" if key == "elasticity" else f" ({100 * value:.6g}%)"
                yield (
                    f"caution: {table}.{key} = {value:.10g}{percent} is not between {low:g} and "
                    f"{high:g}: is it what you mean? The further out, the less a run tells"
                )


def taken_over(run: str, products: Sequence[Product], folder: Path, source: str) -> AnchorRecord:
    """Return what the anchor of another run was solved to, for ``anchor.run``.

    Raises
    ------
    BadScenario
        If that is no run, has no anchor or lacks a category that is sold.
    """
    path = folder / run
    try:
        behavioral = RunFolder(path).read().behavioral
    except NotARunFolder as error:
        raise BadScenario(source, f"anchor.run: {error}") from None
    if behavioral is None or behavioral.anchor is None:
        raise BadScenario(source, f"anchor.run: {path} was made without [anchor]")
    record = behavioral.anchor
    for name in CATEGORIES:
        sold = any(one.category == name for one in products)
        if sold and record.levels and name not in record.levels:
            raise BadScenario(source, f"anchor.run: {path} solved nothing for {name}")
    said = (f"taken as it is from {run}, which said:", *record.said)
    return msgspec.structs.replace(record, said=said)
