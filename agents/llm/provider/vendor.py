"""A vendor: everything that tells one provider of language models from another, as one value.

It stands in the file of its wire format; a new provider is such a file, a line here, and its name
in `agents.llm.types.Provider`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import Any, cast

import msgspec

from retailsim.agents.llm.types import Provider

_ADAPTERS = "retailsim.agents.llm.adapters"

VENDORS: Mapping[Provider, str] = {
    "openai": f"{_ADAPTERS}.openai_chat:OPENAI",
    "openai-responses": f"{_ADAPTERS}.openai_responses:RESPONSES",
    "anthropic": f"{_ADAPTERS}.anthropic:ANTHROPIC",
    "google": f"{_ADAPTERS}.gemini:GOOGLE",
    "openrouter": f"{_ADAPTERS}.openai_chat:OPENROUTER",
    "openai-compatible": f"{_ADAPTERS}.openai_chat:COMPATIBLE",
}
"""Provider -> where its vendor stands, as module:NAME."""


class Vendor(msgspec.Struct, frozen=True, kw_only=True):
    """One provider.

    Parameters
    ----------
    adapter : agents.llm.adapters.base.Adapter
        Its wire format.
    base_url : str or None
        Its own address; None where there is none, as for a server of the user's own.
    version : str
        What is appended to an address that names no version.
    key_env : tuple of str
        Environment variables in which its users keep their key; none where none is needed.
    published : str or None
        What the table of published prices calls it; None where it is not in there.
    lacks : frozenset of str
        Parameters for which its requests have no field.
    """

    adapter: Any
    base_url: str | None = None
    version: str = "v1"
    key_env: tuple[str, ...] = ()
    published: str | None = None
    lacks: frozenset[str] = frozenset()


@cache
def vendor_of(provider: Provider) -> Vendor:
    """Return the vendor that a configuration calls `provider`."""
    module, _, name = VENDORS[provider].partition(":")
    return cast("Vendor", getattr(import_module(module), name))
