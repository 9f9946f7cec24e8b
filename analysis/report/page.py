"""Writing a report as one HTML file: no script, no network, everything of others as text."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from retailsim.analysis.exhibits.parts import Figure, Report
from retailsim.analysis.report.images import svg


def page(report: Report) -> str:
    """Return the HTML of a report."""
    return _template().render(report=report, draw=_draw)


def _draw(figure: Figure) -> Markup:
    # The drawing library escapes what stands in the data.
    return Markup(svg(figure))


@cache
def _template() -> Template:
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    text = files("retailsim.analysis.report").joinpath("page.html").read_text("utf-8")
    return environment.from_string(text)
