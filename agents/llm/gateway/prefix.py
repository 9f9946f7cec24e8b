"""How much of what is sent repeats a beginning that was sent before: what a cache can save.

A request is read in the order in which providers cache it: the answer's schema, the system text,
the messages. That text is cut into blocks, and each block's hash covers all that comes before it
too, so a hash that was seen before is a prefix that was sent before. Only whole blocks count.

Hashes are kept in two generations: when the young one is full it becomes the old one, and what
was not asked for since is forgotten. So memory is bounded whatever a run sends.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

import msgspec

BLOCK_BYTES = 64
GENERATION_BLOCKS = 100_000


class Sent(NamedTuple):
    """Bytes of one request that a model reads, and how many of them repeat a prefix."""

    body_bytes: int
    repeated_bytes: int


class PrefixMeter:
    """Remembers the beginnings of what was sent to each model.

    Parameters
    ----------
    blocks : int
        How many blocks of `BLOCK_BYTES` a generation holds; two generations are kept.
    """

    def __init__(self, blocks: int = GENERATION_BLOCKS) -> None:
        self._blocks = blocks
        self._young: set[int] = set()
        self._old: set[int] = set()

    def __len__(self) -> int:
        """How many blocks are remembered."""
        return len(self._young) + len(self._old)

    def send(self, model: str, body: bytes, *, schema_read: bool = True) -> Sent:
        """Count one request and remember it.

        Parameters
        ----------
        model : str
            Whose cache it is; prefixes sent to another model do not count.
        body : bytes
            The wire body, in any of the vendors' formats.
        schema_read : bool
            Whether the model reads the schema; a server that makes a grammar of it does not
            show it.
        """
        text = read_text(body, schema_read=schema_read)
        chain = hash(model)
        chains = [
            chain := hash((chain, text[start : start + BLOCK_BYTES]))
            for start in range(0, len(text) - BLOCK_BYTES + 1, BLOCK_BYTES)
        ]
        repeated = BLOCK_BYTES * self._known(chains)
        self._remember(chains)
        return Sent(len(text), repeated)

    def _known(self, chains: Sequence[int]) -> int:
        """Return how many of the first blocks are remembered."""
        young, old = self._young, self._old
        number = [*map(young.__contains__, chains), False].index(False)
        for chain in chains[number:]:
            if chain not in young and chain not in old:
                break
            number += 1
        return number

    def _remember(self, chains: Sequence[int]) -> None:
        left = iter(chains)
        while batch := tuple(islice(left, self._blocks - len(self._young))):
            self._young.update(batch)
            if len(self._young) >= self._blocks:
                self._old, self._young = self._young, set()


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
    sent = _decode(body)
    schemas = (sent.response_format, sent.text.format, sent.output_config.format)
    pieces = [bytes(schema) for schema in (*schemas, sent.generation.response_json_schema)]
    return b"".join(pieces if schema_read else ()) + "".join(_spoken(sent)).encode()


def _spoken(sent: _Body) -> Iterator[str]:
    system = _text(sent.system) + sent.instructions + _text(sent.system_instruction.parts)
    if system:
        yield f"<|system|>\n{system}\n"
    for said in (*sent.messages, *sent.input, *sent.contents):
        yield f"<|{said.role}|>\n{_text(said.content)}{_text(said.parts)}\n"


def _text(content: str | list[_Part]) -> str:
    return content if isinstance(content, str) else "".join(part.text for part in content)
