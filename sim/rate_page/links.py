"""Who may rate an export: names and tokens, kept beside it, for its organiser's eyes alone."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from retailsim.analysis.annotation.answers import MODEL
from retailsim.events.whole_file import read_bounded, written_whole
from retailsim.sim.errors import BadScenario, CannotWrite
from retailsim.sim.rate_page.errors import BadRaterName, NoRaters

FILE = "raters.json"
LONGEST = 60
"""Of a name, in characters: as in the form."""
_NO_WORD = re.compile(r"[\W_]+")


class RaterLink(msgspec.Struct, frozen=True, kw_only=True):
    """A rater and the token that opens this rater's pages."""

    name: str
    token: str

    @property
    def file(self) -> str:
        """The name of the rater's journal: letters and digits of any script, nothing else."""
        return f"ratings-{_NO_WORD.sub('-', self.name).strip('-') or 'rater'}.jsonl"


class Links(msgspec.Struct, frozen=True, kw_only=True):
    """All who have a link, in the order in which they were named; the first has number 1.

    Parameters
    ----------
    organiser : str
        The token of the organiser's page.
    digests : mapping of file to str
        SHA-256 of form and key, which have to stay what they are.
    """

    format: int = 1
    organiser: str
    digests: Mapping[str, str]
    raters: tuple[RaterLink, ...] = ()


def read_links(place: Path, digests: Mapping[str, str]) -> Links:
    """Return the links of an export, as they were kept; new ones without raters if none were.

    Parameters
    ----------
    digests : mapping of file to str
        Of new links.

    Raises
    ------
    BadScenario
        If they cannot be read.
    """
    path = place / FILE
    try:
        return msgspec.json.decode(read_bounded(path), type=Links)
    except FileNotFoundError:
        return Links(organiser=_token(), digests=digests)
    except (OSError, ValueError, RecursionError) as error:
        problem = f"it cannot be read as the links of raters: {error}"
        raise BadScenario(str(path), f"{problem}; remove it to make new links") from None


def with_raters(place: Path, links: Links, names: Sequence[str]) -> Links:
    """Return the links with one for each new name, and keep them: they stay the same for good.

    Raises
    ------
    BadRaterName, NoRaters, CannotWrite
    """
    raters = links.raters
    for name in names:
        raters = _with(raters, name.strip())
    if not raters:
        raise NoRaters(place)
    if raters != links.raters:
        links = msgspec.structs.replace(links, raters=raters)
        _write(place / FILE, links)
    return links


def _with(raters: tuple[RaterLink, ...], name: str) -> tuple[RaterLink, ...]:
    if any(one.name == name for one in raters):
        return raters
    _check(name)
    new = RaterLink(name=name, token=_token())
    # On some disks two names that differ in their case are one file.
    same = next((one for one in raters if one.file.casefold() == new.file.casefold()), None)
    if same is not None:
        raise BadRaterName(name, f"and {same.name!r} would both be in {same.file}; change one")
    return (*raters, new)


def _check(name: str) -> None:
    if not name:
        raise BadRaterName(name, "is no name; write --raters ann,bo")
    if len(name) > LONGEST:
        raise BadRaterName(name, f"is longer than {LONGEST} characters; shorten it")
    if not name.isprintable():
        raise BadRaterName(name, "has characters that cannot be seen; leave them out")
    if name.startswith(MODEL):
        raise BadRaterName(name, "is how models are called; a person needs another name")


def _token() -> str:
    return secrets.token_urlsafe(18)


def _write(path: Path, links: Links) -> None:
    data = msgspec.json.format(msgspec.json.encode(links), indent=1) + b"\n"
    try:
        with written_whole(path) as new:
            new.chmod(0o600)  # before there is anything in it
            new.write_bytes(data)
    except OSError as error:
        raise CannotWrite(path, error, "ratings are kept beside the form") from None
