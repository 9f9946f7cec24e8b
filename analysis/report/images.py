"""Images of figures: SVG for a page, in the page's own colours, and files on request."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Literal

import msgspec
import vl_convert

from retailsim.analysis.exhibits.charts import FAINT, INK
from retailsim.analysis.exhibits.parts import Figure


def svg(figure: Figure) -> str:
    """Return the figure as SVG that takes its ink from the page and its width from the screen."""
    drawn = vl_convert.vegalite_to_svg(figure.spec)
    drawn = drawn.replace(f'"{INK}"', '"currentColor"').replace(f'"{FAINT}"', '"var(--line)"')
    # Its width is what the style sheet bounds by the screen's; a style of its own is refused by
    # pages that allow none.
    return re.sub(
        r'<svg ([^>]*?)( width="[\d.]+") height="[\d.]+"',
        r'<svg aria-hidden="true" \1\2',
        drawn,
        count=1,
    )


def _painted(spec: dict[str, Any]) -> dict[str, Any]:
    """The specification with colours of its own where a page would give it some."""
    text = msgspec.json.encode(spec).replace(INK.encode(), b"#222222")
    painted: dict[str, Any] = msgspec.json.decode(text.replace(FAINT.encode(), b"#dddddd"))
    return painted


def save(figure: Figure, folder: Path, kind: Literal["png", "svg"]) -> Path:
    """Write the figure with its title into a folder, dark on white; returns the file."""
    spec = _painted({**figure.spec, "background": "white", "title": figure.title})
    path = folder / f"{figure.name}.{kind}"
    if kind == "png":
        path.write_bytes(vl_convert.vegalite_to_png(spec, scale=2))
    else:
        path.write_text(vl_convert.vegalite_to_svg(spec), encoding="utf-8")
    return path
