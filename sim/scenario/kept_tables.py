"""The scenario's tables of what is kept on disk: [cache] and [log]."""

from __future__ import annotations

from typing import Literal

import msgspec


class CacheTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A cache of language models' answers that several runs share.

    Parameters
    ----------
    file : str
        The path of the cache, which is created if it does not exist. Without it, nothing is
        shared.
    mode : str
        "use" asks the model for answers that are not in the cache; "only" asks and pays for
        nothing new.
    """

    file: str | None = None
    mode: Literal["use", "only"] = "use"


class LogTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the log is kept.

    Parameters
    ----------
    compress : bool
        Whether finished segments are compressed, which needs the extra `zstd`.
    """

    compress: bool = False
