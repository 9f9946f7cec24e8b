"""Objects in a store such as S3, under one address: read, put, put only if there is none.

The package obstore is optional and imported when first needed. Its client repeats what a store was
too busy for. What it cannot repeat, for it cannot know whether the first time counted, is putting
where none may be: here it is repeated, and whoever puts looks at what is there then.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from retailsim.events.errors import StoreFailed

T = TypeVar("T")

PATIENCE_S = 120.0
"""How long a store may be too busy, or not answer, before that is said."""
ANSWER_S = 30.0
"""How long one answer may take."""
_PAUSE_S = 0.2
_NOT_OURS = ("UnauthenticatedError", "PermissionDeniedError", "UnknownConfigurationKeyError")


def is_address(text: str) -> bool:
    """Whether a text is the address of objects in a store, such as ``s3://bucket/runs/big``."""
    return text.startswith("s3://")


class Objects:
    """The objects under one address; their names are relative to it.

    Keys, region and endpoint come from the environment, by the names that AWS gave them
    (``AWS_ACCESS_KEY_ID``, ``AWS_ENDPOINT_URL`` and so on).

    Parameters
    ----------
    address : str
        Such as ``s3://bucket/runs/big``.

    Raises
    ------
    StoreFailed
        If the address names no bucket.
    """

    def __init__(self, address: str) -> None:
        self.address = address.rstrip("/")
        if not urlsplit(self.address).netloc:
            raise StoreFailed(address, "it names no bucket: write s3://BUCKET/NAME", 2)

    @cached_property
    def _store(self) -> Any:
        from obstore.store import from_url

        return from_url(
            self.address,
            retry_config={
                "max_retries": 100,
                "retry_timeout": timedelta(seconds=PATIENCE_S),
                "backoff": {
                    "init_backoff": timedelta(seconds=_PAUSE_S),
                    "max_backoff": timedelta(seconds=10),
                    "base": 2,
                },
            },
            # obstore speaks no plain http unless it is told to; with an endpoint that is, it was.
            client_options={"timeout": f"{ANSWER_S:g}s", "allow_http": True},
        )

    def read(self, name: str) -> bytes | None:
        """Return an object's bytes, or None where there is no such object."""
        import obstore

        with suppress(FileNotFoundError):
            return self._asked(lambda: bytes(obstore.get(self._store, name).bytes()))
        return None

    def read_range(self, name: str, start: int, end: int) -> bytes:
        """Return the bytes of an object from `start` up to `end`; raises FileNotFoundError."""
        import obstore

        return self._asked(
            lambda: bytes(obstore.get_range(self._store, name, start=start, end=end))
        )

    def sizes(self, under: str = "") -> dict[str, int]:
        """Return the names of all objects, or of those in a folder, with their sizes in bytes."""
        import obstore

        def listed() -> dict[str, int]:
            pages = obstore.list(self._store, under or None)
            return {one["path"]: one["size"] for page in pages for one in page}

        return dict(sorted(self._asked(listed).items()))

    def put(self, name: str, data: bytes | Path) -> None:
        """Put an object, in the place of what has its name."""
        import obstore

        self._put(lambda: obstore.put(self._store, name, data))

    def put_new(self, name: str, data: bytes) -> None:
        """Put an object unless there is one of this name.

        Whose it is that is there then, the caller has to look: of a put that timed out nobody
        knows whether it counted, and the next one may find what the first one put.
        """
        import obstore
        from obstore.exceptions import AlreadyExistsError, PreconditionError

        def put() -> None:
            try:
                obstore.put(self._store, name, data, mode="create")
            except (AlreadyExistsError, PreconditionError):
                # Two at the same moment may both be told so, and have to try again.
                if self.read(name) is None:
                    raise

        self._put(put)

    def copy(self, name: str, to: str) -> None:
        """Copy an object within the store."""
        import obstore

        self._asked(lambda: obstore.copy(self._store, name, to))

    def remove(self, names: Iterable[str]) -> None:
        """Remove objects; those that are gone are no matter."""
        import obstore

        for name in names:
            with suppress(FileNotFoundError):
                self._asked(lambda name=name: obstore.delete(self._store, name))  # type: ignore[misc]

    def _put(self, put: Callable[[], Any]) -> None:
        try:
            self._asked(put)
        except FileNotFoundError as error:
            raise StoreFailed(self.address, _first_line(error), 2) from None

    def _asked(self, ask: Callable[[], T]) -> T:
        """Ask until there is an answer, as long as patience lasts."""
        from obstore.exceptions import BaseError

        until, pause = time.monotonic() + PATIENCE_S, _PAUSE_S
        while True:
            try:
                return ask()
            except FileNotFoundError:
                raise
            except (BaseError, OSError) as error:
                mine = type(error).__name__ in _NOT_OURS
                if mine or time.monotonic() + pause > until:
                    raise StoreFailed(self.address, _first_line(error), 2 if mine else 3) from None
            time.sleep(pause)
            pause = min(2 * pause, 10.0)


def _first_line(error: BaseException) -> str:
    """Return what a client says of an error, without what only its makers want to know."""
    line = str(error).partition("\n")[0]
    return line.partition(": <?xml")[0].strip()
