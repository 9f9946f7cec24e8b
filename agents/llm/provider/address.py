"""Where a model is reached: one address, checked, to which alone its key is sent."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from urllib.parse import urlsplit
from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]

from retailsim.agents.llm.errors import BadModel
from retailsim.agents.llm.provider.vendor import vendor_of
from retailsim.agents.llm.types import ModelConfig

_VERSION = re.compile(r"/v\d+\w*(?=/|$)")
_KEY_IN_PATH = re.compile(
    r"/(?:(?:sk|rk|pk|gsk|xai|hf|key)[-_](?=[\w-]*\d)[\w-]{16,}|AIza[\w-]{16,})"
)
"""A part of a path that is no name: the beginnings of known keys, long, with a digit."""
_ENDPOINT = re.compile(r"/(chat/completions|completions|responses|messages)$")


def base_url(name: str, config: ModelConfig) -> str:
    """Return the address that the adapter's paths are appended to, without a trailing slash.

    A path without a version gets the provider's; a whole endpoint is cut to its base; an address
    without a scheme is http on this machine or a private network and https elsewhere.

    Raises
    ------
    BadModel
        If there is no address, or it holds credentials, a query or an unknown scheme.
    """
    if config.base_url is None:
        own = vendor_of(config.provider).base_url
        if own is None:
            setting = f"--set 'models.\"{name}\".base_url=http://127.0.0.1:8080/v1'"
            raise BadModel(name, f"provider {config.provider!r} needs a base_url, as in {setting}")
        return own
    text = config.base_url.strip()
    if "://" not in text:
        text = f"{'http' if _private(text) else 'https'}://{text}"
    _check(name, text)
    text = _ENDPOINT.sub("", text.rstrip("/"))
    if _VERSION.search(urlsplit(text).path):
        return text
    return f"{text}/{vendor_of(config.provider).version}"


def leaves_machine(url: str) -> bool:
    """Whether a request to this address goes anywhere but to this machine."""
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return False
    try:
        return not ipaddress.ip_address(host).is_loopback
    except ValueError:
        return True


def in_the_open(url: str) -> bool:
    """Whether what is sent to this address can be read on its way."""
    return urlsplit(url).scheme == "http" and leaves_machine(url)


def key_in_path(url: str) -> bool:
    """Whether a part of an address looks like a key, which files of a run would show."""
    return _KEY_IN_PATH.search(urlsplit(url).path) is not None


def proxy_for(url: str, environ: Mapping[str, str]) -> str | None:
    """Return the proxy that the environment names for `url`, or None."""
    parts = urlsplit(url)
    proxies = {
        name: environ.get(f"{name}_proxy") or environ.get(f"{name.upper()}_PROXY") or ""
        for name in ("http", "https", "no")
    }
    host = parts.hostname or ""
    if _private(host) or proxy_bypass_environment(host, proxies):
        return None
    return proxies[parts.scheme] or None


def _check(name: str, text: str) -> None:
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        raise BadModel(name, "base_url is not an address") from None
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise BadModel(
            name, "base_url must hold no user, password, query or fragment; keys go into key_env"
        )
    if key_in_path(text):
        raise BadModel(
            name,
            "base_url seems to hold a key in its path; run.toml would show it: put the key"
            " into a variable, and the variable's name into key_env",
        )
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadModel(name, f"base_url {text!r} is not an http(s) address")


def _private(text: str) -> bool:
    host = urlsplit(f"//{text}").hostname if not text.startswith("//") else None
    if host is None or host == "localhost" or host.endswith(".localhost"):
        return host is not None
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_private
