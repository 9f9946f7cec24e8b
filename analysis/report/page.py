"""Writing a report as one HTML file: no script, no network, everything of others as text."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from retailsim.analysis.exhibits.parts import Figure, Report
from retailsim.analysis.report.images import svg
from retailsim.analysis.report.page_file import HEAD

LOADER = PackageLoader("retailsim.analysis.report", ".")
"""Finds ``parts.html``, whose macros show sections of a report, for other pages, too."""


def page(report: Report) -> str:
    """Return the HTML of a report."""
    template = _environment().get_template("page.html")
    return template.render(report=report, head=Markup(HEAD), css=style(), draw=drawn)


def drawn(figure: Figure) -> Markup:
    """Return a figure as SVG; the drawing library escapes what stands in the data."""
    return Markup(svg(figure))


@cache
def style() -> Markup:
    """Return the style sheet of a report."""
    text = files("retailsim.analysis.report").joinpath("page.css").read_text("utf-8")
    return Markup(text)


@cache
def _environment() -> Environment:
    return Environment(
        loader=LOADER,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
