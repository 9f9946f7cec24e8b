"""The files of one shard, written batch by batch: plain synchronous code without threads."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable
from pathlib import Path

from retailsim.events.errors import LogOfAnotherRun
from retailsim.events.log import zstd
from retailsim.events.log.disk import sync_folder, write_all
from retailsim.events.log.format import Header, frame, segment_name
from retailsim.events.log.recovery import recover_shard, shard_segments
from retailsim.events.log.seal import remove_seal
from retailsim.events.log.segment import Segment


class ShardFile:
    """Appends batches to a shard's segments and chains them.

    A segment's file is made with its first batch, so that a shard without events has no file
    and a closed segment always holds one. A shard that exists is recovered first.

    Parameters
    ----------
    folder : Path
        The folder of the segments; made if missing.
    run : str
        Identity of the run.
    shard : int
        This writer's shard, 0 to 9999.
    schema : int
        Version of the events' meaning.
    compress : bool
        Whether closed segments are compressed.
    segment_bytes : int
        A segment longer than this is closed and the next one begun.
    on_full : callable, optional
        Told of each segment that was closed because it was full.

    Raises
    ------
    LogDamaged, LogOfAnotherRun, ZstdMissing
        If the shard cannot be continued.
    """

    def __init__(
        self,
        folder: Path,
        *,
        run: str,
        shard: int,
        schema: int,
        compress: bool,
        segment_bytes: int,
        on_full: Callable[[Segment], None] | None = None,
    ) -> None:
        if not 0 <= shard <= 9999:
            raise ValueError(f"shard must be 0 to 9999, not {shard}")
        if compress:
            zstd.require(folder)
        folder.mkdir(parents=True, exist_ok=True)
        end = recover_shard(folder, shard)
        if end.run not in (None, run):
            raise LogOfAnotherRun(folder, str(end.run), run)
        self.folder = folder
        self.unsynced = False
        self._run, self._shard, self._schema = run, shard, schema
        self._compress = compress
        self._segment_bytes = segment_bytes
        self._on_full = on_full
        self._number, self._digest, self._events = end.number, end.digest, end.events
        self._fd: int | None = None
        self._size = 0
        if compress:
            self._compress_closed()

    @property
    def path(self) -> Path:
        """The open segment, also before it exists."""
        return self.folder / segment_name(self._shard, self._number, ".open")

    def write(self, parts: Iterable[bytes], count: int) -> None:
        """Write one batch of `count` whole lines; it is in the system's hands on return.

        If it cannot be written whole, the file is cut back to the last commit where possible.

        Raises
        ------
        OSError
            What the system said.
        """
        if self._fd is not None and self._size >= self._segment_bytes:
            full = Segment(self.path.with_suffix(""), self._shard, self._number, "")
            self.finish()
            if self._on_full is not None:
                self._on_full(full)
        if self._fd is None:
            self._open()
        header = b"" if self._size else self._header()
        data, digest = frame(self._digest, header, parts, count, self._events + count)
        self._write(data)
        self._digest = digest
        self._events += count
        self._size += len(data)

    def sync(self) -> None:
        """Wait until what was written is on the disk."""
        if self._fd is not None and self.unsynced:
            os.fsync(self._fd)
            self.unsynced = False

    def finish(self) -> None:
        """Close the open segment, if there is one, and compress it if asked."""
        if self._fd is None:
            return
        self.sync()
        self.release()
        closed = self.path.rename(self.path.with_suffix(""))
        sync_folder(self.folder)
        if self._compress:
            zstd.compress(closed)
        self._number += 1
        self._size = 0

    def release(self) -> None:
        """Give the file back without closing the segment: it stays open for a recovery."""
        if self._fd is not None:
            fd, self._fd = self._fd, None
            os.close(fd)

    def _open(self) -> None:
        remove_seal(self.folder)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
        self._fd = os.open(self.path, flags, 0o644)
        sync_folder(self.folder)

    def _header(self) -> bytes:
        return Header(
            schema=self._schema,
            run=self._run,
            shard=self._shard,
            segment=self._number,
            previous=self._digest,
        ).line()

    def _write(self, data: bytes) -> None:
        assert self._fd is not None
        self.unsynced = True
        try:
            write_all(self._fd, data)
        except OSError:
            # What fails here must not hide why the write failed; a torn tail is cut later too.
            with contextlib.suppress(OSError):
                os.ftruncate(self._fd, self._size)
            raise

    def _compress_closed(self) -> None:
        for segment in shard_segments(self.folder, self._shard):
            if segment.suffix == "":
                zstd.compress(segment.path)
