"""How much of what is sent repeats a beginning that was sent before: what a cache can save.

A request is read in the order in which providers cache it: the answer's schema, the system text,
the messages. That text is cut into blocks, and each block's hash covers all that comes before it
too, so a hash that was seen before is a prefix that was sent before. Only whole blocks count.

A conversation repeats its messages whole, so the end of each is remembered too: what was sent
before is passed over a message at a time, and only what is new is cut into blocks.

Hashes are kept in two generations: when the young one is full it becomes the old one, and what
was not asked for since is forgotten. So memory is bounded whatever a run sends.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from retailsim.agents.llm.adapters.base import ordered
from retailsim.agents.llm.types import Call

BLOCK_BYTES = 64
GENERATION_BLOCKS = 100_000


class Sent(NamedTuple):
    """Bytes of one request that a model reads, and how many of them repeat a prefix."""

    body_bytes: int
    repeated_bytes: int


class _End(NamedTuple):
    """Where a piece of a text ends: its bytes so far, its last whole block, what comes behind."""

    size: int
    chain: int
    rest: bytes


_Piece = tuple[str, str | bytes]
"""A role and what it says, or no role and the schema.

Not one text: the words of a conversation keep their hash, which a text made of them would not.
"""


class PrefixMeter:
    """Remembers the beginnings of what was sent to each model.

    Parameters
    ----------
    blocks : int
        How many blocks of `BLOCK_BYTES` and ends of messages a generation holds; two generations
        are kept.
    """

    def __init__(self, blocks: int = GENERATION_BLOCKS) -> None:
        self._blocks = blocks
        self._young: dict[int, _End | None] = {}
        self._old: dict[int, _End | None] = {}

    def __len__(self) -> int:
        """How many blocks and ends of messages are remembered."""
        return len(self._young) + len(self._old)

    def ask(self, reader: str, call: Call, *, schema_read: bool = True) -> Sent:
        """Count one request by the call that it was made of, and remember it.

        Parameters
        ----------
        reader : str
            Whose cache it is; prefixes sent to another one do not count.
        call : Call
            As it is shaped for the reader.
        schema_read : bool
            Whether the model reads the schema; a server that makes a grammar of it does not
            show it.
        """
        return self._count(reader, _pieces_of_call(call, schema_read=schema_read))

    def send(self, reader: str, body: bytes, *, schema_read: bool = True) -> Sent:
        """Count one request by its wire body, in any of the vendors' formats; else as `ask`.

        It reads the same, but for what a vendor puts around the schema and calls its roles.
        """
        return self._count(reader, _pieces(_decode(body), schema_read=schema_read))

    def _count(self, reader: str, pieces: Iterable[_Piece]) -> Sent:
        path = hash(reader)
        end, repeated, new = _End(0, path, b""), 0, False
        for piece in pieces:
            path = hash((path, piece))
            known = None if new else self._find(path)
            if known is None:
                end, blocks, new = self._cut(end, piece, new)
                self._keep(path, end)
            else:
                end, blocks = known, known.size // BLOCK_BYTES - repeated
            repeated += blocks
        return Sent(end.size, repeated * BLOCK_BYTES)

    def _cut(self, end: _End, piece: _Piece, new: bool) -> tuple[_End, int, bool]:
        """Remember the blocks of a piece; return its end, how many were known, if one was not."""
        raw = _raw(piece)
        text, chain, known = end.rest + raw, end.chain, 0
        whole = len(text) - len(text) % BLOCK_BYTES
        for start in range(0, whole, BLOCK_BYTES):
            chain = hash((chain, text[start : start + BLOCK_BYTES]))
            new = new or not (chain in self._young or chain in self._old)
            known += not new
            self._keep(chain, None)
        return _End(end.size + len(raw), chain, text[whole:]), known, new

    def _find(self, path: int) -> _End | None:
        """Return the end of a text that was sent before, and keep it for longer."""
        found = self._young.get(path)
        if found is None:
            found = self._old.get(path)
            if found is not None:
                self._keep(path, found)
        return found

    def _keep(self, key: int, end: _End | None) -> None:
        self._young[key] = end
        if len(self._young) >= self._blocks:
            self._old, self._young = self._young, {}


class _Part(msgspec.Struct, frozen=True):
    text: str = ""


class _Said(msgspec.Struct, frozen=True):
    role: str = "system"
    content: str | list[_Part] = ""
    parts: list[_Part] = []


class _Format(msgspec.Struct, frozen=True):
    format: msgspec.Raw = msgspec.Raw()


class _Generation(msgspec.Struct, frozen=True, rename="camel"):
    response_json_schema: msgspec.Raw = msgspec.Raw()


class _Body(msgspec.Struct, frozen=True):
    """What the four wire formats have of it; each fills its own fields."""

    response_format: msgspec.Raw = msgspec.Raw()
    text: _Format = _Format()
    output_config: _Format = _Format()
    generation: _Generation = msgspec.field(name="generationConfig", default=_Generation())
    system: str | list[_Part] = ""
    instructions: str = ""
    system_instruction: _Said = msgspec.field(name="systemInstruction", default=_Said())
    messages: list[_Said] = []
    input: list[_Said] = []
    contents: list[_Said] = []


_decode = msgspec.json.Decoder(_Body).decode


def read_text(body: bytes, *, schema_read: bool = True) -> bytes:
    """Return what a model reads of a wire body, in the order in which it is cached.

    Each message begins with its role between marks, about as long as what vendors put there.
    """
    return b"".join(map(_raw, _pieces(_decode(body), schema_read=schema_read)))


def _pieces_of_call(call: Call, *, schema_read: bool) -> Iterator[_Piece]:
    if schema_read:
        yield "", bytes(ordered(call.shape))
    if call.system:
        yield "system", call.system
    for say in call.says:
        yield say.role, say.text


def _pieces(sent: _Body, *, schema_read: bool) -> Iterator[_Piece]:
    if schema_read:
        schemas = (sent.response_format, sent.text.format, sent.output_config.format)
        yield "", b"".join(map(bytes, (*schemas, sent.generation.response_json_schema)))
    system = _text(sent.system) + sent.instructions + _text(sent.system_instruction.parts)
    if system:
        yield "system", system
    for said in (*sent.messages, *sent.input, *sent.contents):
        text = said.content if isinstance(said.content, str) else _text(said.content)
        yield said.role, f"{text}{_text(said.parts)}" if said.parts else text


def _raw(piece: _Piece) -> bytes:
    """Return a piece as a model reads it."""
    role, said = piece
    return said if isinstance(said, bytes) else f"<|{role}|>\n{said}\n".encode()


def _text(content: str | list[_Part]) -> str:
    return content if isinstance(content, str) else "".join(part.text for part in content)
