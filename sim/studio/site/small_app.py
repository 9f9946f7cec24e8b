"""An application of a few pages with the studio's guard and look: a person's, or an organiser's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from aiohttp import web
from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from retailsim.sim.studio.site.guard import guard, with_headers
from retailsim.sim.studio.site.in_words import Answered, in_words
from retailsim.sim.studio.site.static_files import add_static
from retailsim.sim.studio.site.studio import STUDIO, Studio
from retailsim.sim.studio.site.words import prepare, status_and_words

Told = Callable[[int, str], web.Response]
"""Status and what went wrong -> the page that says it."""


def templates_of(*packages: str, **names: Any) -> Environment:
    """Return the templates of some packages, the first one's first; everything of others as text.

    Parameters
    ----------
    packages : str
        Each has its templates in a folder of that name.
    names
        What every template knows.
    """
    found = Environment(
        loader=ChoiceLoader([PackageLoader(one, "templates") for one in packages]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.globals.update(names)
    return found


def small_application(
    studio: Studio, static: Path, told: Told, *, most_bytes: int
) -> web.Application:
    """Return an application without pages yet; who has the studio's token may ask it.

    Parameters
    ----------
    studio : Studio
    static : Path
        A folder of files of its own.
    told : callable
        Makes a page of what went wrong.
    most_bytes : int
        Of what is posted.
    """
    app = web.Application(middlewares=[in_words(_page_of(told)), guard], client_max_size=most_bytes)
    app[STUDIO] = studio
    app.on_response_prepare.append(with_headers)
    prepare(app)
    add_static(app, static)
    return app


def _page_of(told: Told) -> Answered:
    async def page(request: web.Request, error: Exception) -> web.Response | None:
        status, said = status_and_words(request, error)
        return None if status < 400 else told(status, said)

    return page
