"""The lines of a segment that are not events: its header and its commit lines.

A segment is a header line and then batches: event lines followed by one commit line. The
digest in a commit line is ``sha256(previous digest in hex + every byte since the previous
commit line, up to the key "sha256")``. So it covers the header, the events and the commit
line's own count, length and crc32, and through the previous digest everything before: a reader
that finds the digest right need not recount, and resuming needs one digest as state.

crc32 is there for one question the chain cannot answer: whether a batch behind a bad place
stands on its own, which makes the bad place damage instead of a torn tail.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

FORMAT = 1
LOG = "retailsim"
GENESIS = "0" * 64
"""The digest before a shard's first batch."""

COMMIT_START = b'{"commit":'
"""No event line begins so: an event line's first key is ``type``."""

_COMMIT = re.compile(
    rb'\{"commit":(\d+),"bytes":(\d+),"crc32":"([0-9a-f]{8})","total":(\d+)'
    rb',"sha256":"([0-9a-f]{64})"\}\n'
)
DIGEST_PART = len(',"sha256":"') + len(GENESIS) + len('"}\n')
"""Length in bytes of the end of a commit line that its own digest cannot cover."""

_NAME = re.compile(r"(\d{4})-(\d{8})\.jsonl(?:\.(open|zst|at))?")


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """The first line of a segment.

    Parameters
    ----------
    schema : int
        Version of the events' meaning.
    run : str
        Identity of the run.
    shard, segment : int
        The same numbers as in the file's name, from 0.
    previous : str
        Digest of the last commit of the segment before, or `GENESIS`.
    """

    log: str = LOG
    format: int = FORMAT
    schema: int
    run: str
    shard: int
    segment: int
    previous: str

    def line(self) -> bytes:
        """Return the header as it stands in the file."""
        return msgspec.json.encode(self) + b"\n"


@dataclass(frozen=True, slots=True)
class Commit:
    """What a commit line says about the batch before it.

    Parameters
    ----------
    count : int
        Event lines in the batch.
    size : int
        Their bytes.
    crc32 : int
        Checksum of those bytes.
    total : int
        Event lines in the shard up to here.
    digest : str
        64 hex digits, chained as the module says.
    """

    count: int
    size: int
    crc32: int
    total: int
    digest: str


_decode_header = msgspec.json.Decoder(Header).decode


def parse_header(line: bytes) -> Header | None:
    """Return the header in `line`, or None if it is not one."""
    try:
        header = _decode_header(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return header if header.log == LOG else None


def parse_commit(line: bytes) -> Commit | None:
    """Return the commit that is exactly `line` with its newline, or None."""
    match = _COMMIT.fullmatch(line)
    if match is None:
        return None
    count, size, crc32, total, digest = match.groups()
    return Commit(int(count), int(size), int(crc32, 16), int(total), digest.decode())


def chain(previous: str, covered: bytes | memoryview) -> str:
    """Return the digest of what follows `previous`."""
    digest = hashlib.sha256(previous.encode())
    digest.update(covered)
    return digest.hexdigest()


def frame(
    previous: str, header: bytes, parts: Iterable[bytes], count: int, total: int
) -> tuple[bytes, str]:
    """Return a batch as it goes to the file, and its digest.

    Parameters
    ----------
    previous : str
        Digest of the commit before.
    header : bytes
        The header line if the batch is its segment's first, else empty.
    parts : iterable of bytes
        Whole event lines.
    count, total : int
        Event lines in this batch, and in the shard with it.
    """
    lines = b"".join(parts)
    commit = b'{"commit":%d,"bytes":%d,"crc32":"%08x","total":%d' % (
        count,
        len(lines),
        zlib.crc32(lines),
        total,
    )
    covered = b"".join((header, lines, commit))
    digest = chain(previous, covered)
    return b'%b,"sha256":"%b"}\n' % (covered, digest.encode()), digest


def segment_name(shard: int, number: int, suffix: str = "") -> str:
    """Return the file name of a segment; `suffix` is empty, ``.open``, ``.zst`` or ``.at``."""
    return f"{shard:04d}-{number:08d}.jsonl{suffix}"


def parse_name(name: str) -> tuple[int, int, str] | None:
    """Return shard, number and suffix of a segment's file name, or None for other files."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    shard, number, suffix = match.groups()
    return int(shard), int(number), f".{suffix}" if suffix else ""
