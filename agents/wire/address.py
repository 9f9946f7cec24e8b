"""Where an agent is asked, how long it may take, and which secrets it is sent: a seat's options."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from retailsim.agents.errors import BadOption
from retailsim.agents.llm.provider.address import in_the_open, key_in_path, leaves_machine
from retailsim.agents.llm.provider.keys import ApiKey
from retailsim.agents.protocol import WIRE

SCHEMES = ("http://", "https://")

_OURS = frozenset({"host", "content-length", "content-type", "transfer-encoding", "connection"})


def wire_url(name: str) -> str | None:
    """Return the address that a name of an agent stands for, as itself or behind ``http:``."""
    rest = name.removeprefix(f"{WIRE}:")
    return next((url for url in (name, rest) if url.lower().startswith(SCHEMES)), None)


def shown_url(url: str) -> str:
    """Return an address as messages and names may show it: of a bad one the host alone.

    It is refused because of what may be a secret: a password, a query, a key in the path.
    """
    return _host_alone(url) if _bad_url(url) else url


def _host_alone(url: str) -> str:
    scheme, separator, rest = url.rpartition("://")
    host = re.split("[/?#]", rest.rpartition("@")[2])[0]
    return f"{scheme.rpartition('@')[2]}{separator}{host}"


class WireOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The options of a seat with ``agent = "http"``.

    Parameters
    ----------
    url : str
        Where each request is posted to.
    timeout_s : float
        Seconds for one attempt.
    deadline_s : float
        Seconds for one request with all its attempts.
    attempts : int
        How often a request is sent at most.
    max_in_flight : int
        Most requests of the run for this seat at once.
    key_env : str or None
        Names the environment variable whose value is sent as ``Authorization: Bearer``.
    headers_env : mapping of header to environment variable
        Other headers whose values come from the environment.
    config : mapping
        Handed on to the agent as it is.
    """

    url: str
    timeout_s: Annotated[float, Meta(gt=0, le=86_400)] = 60.0
    deadline_s: Annotated[float, Meta(gt=0, le=86_400)] = 180.0
    attempts: Annotated[int, Meta(ge=1, le=100)] = 4
    max_in_flight: Annotated[int, Meta(ge=1, le=10_000)] = 16
    key_env: str | None = None
    headers_env: dict[str, str] = {}
    config: dict[str, Any] = {}

    @property
    def variables(self) -> dict[str, str]:
        """Which environment variable each secret header comes from."""
        bearer = {"Authorization": self.key_env} if self.key_env is not None else {}
        return {**self.headers_env, **bearer}


def wire_options(source: str, options: Mapping[str, Any]) -> WireOptions:
    """Read and check a seat's options; needs no key.

    Raises
    ------
    BadOption
        If one is missing, unknown or impossible.
    """
    try:
        found = msgspec.convert(dict(options), WireOptions)
    except msgspec.ValidationError as error:
        raise BadOption(source, str(error)) from None
    problem = _bad_url(found.url) or _bad_names(found)
    if problem:
        raise BadOption(source, problem)
    return found


def secrets(source: str, options: WireOptions, environ: Mapping[str, str]) -> dict[str, ApiKey]:
    """Look up the headers that hold secrets.

    Raises
    ------
    BadOption
        If a variable is not set or holds what no header can, or a secret would go over plain http
        to another machine.
    """
    found: dict[str, ApiKey] = {}
    for header, name in options.variables.items():
        value = environ.get(name, "").strip()
        if not (value and value.isascii() and value.isprintable()):
            problem = "holds characters that no header can" if value else "is not set"
            raise BadOption(source, f"the environment variable {name} {problem}")
        if in_the_open(options.url):
            raise BadOption(
                source,
                f"{options.url} would get the value of {name} over plain http, for anybody on the "
                "way to read; use an https address",
            )
        prefix = "Bearer " if header == "Authorization" and name == options.key_env else ""
        found[header] = ApiKey(name, value) if not prefix else _Bearer(name, value)
    return found


def check_secrets(
    wires: Mapping[str, WireOptions], environ: Mapping[str, str] = os.environ
) -> None:
    """Look up the secrets of all seats, to fail before anything is asked; raises as `secrets`."""
    for source, options in wires.items():
        secrets(source, options, environ)


class _Bearer(ApiKey):
    """A key that is sent as a bearer token."""

    __slots__ = ()

    def reveal(self) -> str:
        return f"Bearer {super().reveal()}"


def sent_away(options: WireOptions, environ: Mapping[str, str] = os.environ) -> list[str]:
    """Say which environment variables would leave the machine, and where they go."""
    if not leaves_machine(options.url):
        return []
    names = [name for name in options.variables.values() if environ.get(name)]
    return [f"the value of {name} goes to {options.url}" for name in names]


def _bad_url(url: str) -> str:
    if not url.startswith(SCHEMES):
        shown = _host_alone(url) if set(url) & set("@?#") else url
        return f"url {shown!r} must begin with http:// or https://"
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return "url is not an address"
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        return "url must hold no user, password, query or fragment; secrets go into headers_env"
    if key_in_path(url):
        return (
            "url seems to hold a key in its path; run.toml would show it: put the key into a "
            "variable, and the variable's name into key_env"
        )
    if not parts.hostname or not (url.isascii() and url.isprintable()) or " " in url:
        return f"url {url!r} is not an address"
    return ""


def _bad_names(options: WireOptions) -> str:
    for header, name in options.variables.items():
        if not (name.isascii() and name.isidentifier()):
            return "key_env and headers_env name environment variables, not what stands in them"
        if not header.isascii() or not header.replace("-", "").isalnum():
            return f"headers_env: {header!r} is no name of a header"
        if header.lower() in _OURS:
            return f"headers_env: {header} is ours to set"
    return ""
