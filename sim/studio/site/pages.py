"""Pages from templates: everything of others as text, and addresses that work below any prefix."""

from __future__ import annotations

from functools import cache
from http import HTTPStatus
from typing import Any

from aiohttp import web
from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from retailsim.analysis.report.page import LOADER, drawn
from retailsim.sim.folder.run_keys import name_of


def rendered(request: web.Request, template: str, *, status: int = 200, **values: Any) -> str:
    """Return a page as HTML.

    Parameters
    ----------
    request : aiohttp.web.Request
        The page's own address decides what leads to the root: all links are relative.
    template : str
        File in ``templates``.
    values
        What the template shows.
    """
    depth = request.path.count("/") - 1
    root = "../" * depth or "./"
    html = (
        _environment().get_template(template).render(root=root, draw=drawn, status=status, **values)
    )
    # Names of files that are no UTF-8 have halves of characters, which cannot be sent.
    return html.encode(errors="backslashreplace").decode()


def page(request: web.Request, template: str, *, status: int = 200, **values: Any) -> web.Response:
    """Return a page as an answer; parameters are those of `rendered`."""
    html = rendered(request, template, status=status, **values)
    return web.Response(text=html, status=status, content_type="text/html")


def told(request: web.Request, status: int, text: str) -> web.Response:
    """Return a page that says why there is nothing to see."""
    name = HTTPStatus(status).phrase
    return page(request, "told.html", status=status, name=name, text=text)


def fragment(template: str, **values: Any) -> Markup:
    """Return a part of a page as HTML; its template has no links to other pages than beside it."""
    return Markup(_environment().get_template(template).render(draw=drawn, **values))


@cache
def _environment() -> Environment:
    found = Environment(
        loader=ChoiceLoader([PackageLoader("retailsim.sim.studio", "templates"), LOADER]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters["run_name"] = name_of
    return found
