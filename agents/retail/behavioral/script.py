"""A seller that speaks the user's own pitch, so that a pitch can be measured alone.

A pitch file is plain UTF-8 text. Paragraphs are spread over the five sections in order, or each
section stands under its heading, such as ``## opening_hook``. Placeholders like ``{title}`` are
filled from the offer; a sentence whose placeholder the product sheet cannot fill is left out, so
one file serves many products. A literal brace is written twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from string import Formatter
from typing import Any

import msgspec

from retailsim.agents.base import Seat
from retailsim.agents.errors import BadOption
from retailsim.agents.retail.base import SellerAgent
from retailsim.events.whole_file import read_bounded
from retailsim.market.core.money import dollars
from retailsim.market.protocols.retail.requests import (
    AnswerBuyer,
    FormStrategy,
    GiveSupport,
    PresentPitch,
    SettleIssue,
)
from retailsim.market.protocols.retail.values import (
    SECTIONS,
    Offer,
    Pitch,
    Settlement,
    Strategy,
    Support,
)

MAX_CHARACTERS = 20_000
"""A pitch longer than this is refused: some forty times the usual length."""

PLACEHOLDERS = ("title", "brand", "category", "price", "list_price", "discount", "shipping")
"""Names that may stand in braces, besides ``feature1``, ``feature2`` and so on."""

_FEATURE = re.compile(r"feature([1-9][0-9]?)")
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+")

Sentence = tuple[tuple[str, str | None], ...]
"""Pieces of text, each followed by the placeholder after it, if any."""


class Script(msgspec.Struct, frozen=True):
    """A pitch file that was read: section -> paragraphs -> sentences."""

    sections: Mapping[str, tuple[tuple[Sentence, ...], ...]]

    def pitch(self, offer: Offer) -> Pitch:
        """Return the pitch for one product, without the sections that have nothing to say."""
        values = _values(offer)
        filled = {
            section: "\n\n".join(filter(None, (_filled(p, values) for p in paragraphs)))
            for section, paragraphs in self.sections.items()
        }
        return Pitch(sections={section: text for section, text in filled.items() if text})


class ScriptSeller(SellerAgent):
    """Speaks the pitch in ``options.pitch_file``, and does all else as a behavioral seller.

    Parameters
    ----------
    seat : Seat
        ``options`` holds ``pitch_file``, a path, and nothing else.

    Raises
    ------
    BadOption
        If the file is missing, empty, too long, not UTF-8, or has an unknown heading or
        placeholder; the message names the line.
    """

    def __init__(self, seat: Seat) -> None:
        super().__init__(seat)
        self._script = _script_of(seat)
        # Imported here because the other half of this agent is not needed to read a script.
        from retailsim.agents.retail.behavioral.seller import BehavioralSeller

        self._colleague = BehavioralSeller(msgspec.structs.replace(seat, options={}))

    async def strategy(self, request: FormStrategy) -> Strategy:
        """Plan as a behavioral seller: the plan does not touch the script."""
        return await self._colleague.strategy(request)

    async def pitch(self, request: PresentPitch) -> Pitch:
        """Speak the script; what it claims is not tracked."""
        pitch = self._script.pitch(request.offer)
        if not pitch.sections:
            product = request.offer.product.id
            raise BadOption(self.source, f"pitch_file has nothing to say about product {product}")
        return pitch

    async def answer(self, request: AnswerBuyer) -> str:
        """Answer as a behavioral seller."""
        return await self._colleague.answer(request)

    async def support(self, request: GiveSupport) -> Support:
        """Handle the complaint as a behavioral seller."""
        return await self._colleague.support(request)

    async def settle(self, request: SettleIssue) -> Settlement:
        """Settle as a behavioral seller."""
        return await self._colleague.settle(request)


def _script_of(seat: Seat) -> Script:
    source = f"{seat.role}:{seat.id}"
    unknown = sorted(set(seat.options) - {"pitch_file"})
    if unknown:
        raise BadOption(source, f"unknown {', '.join(unknown)}; the script seller takes pitch_file")
    name = seat.options.get("pitch_file")
    if not isinstance(name, str) or not name:
        raise BadOption(source, "pitch_file must be the path of a text file")
    try:
        return _load(name, Path(name).stat().st_mtime_ns)
    except OSError as error:
        raise BadOption(source, f"pitch_file {name}: {error.strerror}") from None
    except ValueError as error:
        raise BadOption(source, f"pitch_file {name}: {error}") from None


@lru_cache(maxsize=64)
def _load(name: str, changed_ns: int) -> Script:
    """Read a file once for all the markets of a seller; ValueError says what is wrong in it."""
    try:
        text = read_bounded(Path(name)).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"is not UTF-8 text (byte {error.start}); save it as UTF-8") from None
    return parse(text)


def parse(text: str) -> Script:
    """Read the text of a pitch file.

    Raises
    ------
    ValueError
        Saying the line and what is wrong in it.
    """
    if len(text) > MAX_CHARACTERS:
        raise ValueError(f"has {len(text):,} characters; a pitch has at most {MAX_CHARACTERS:,}")
    lines = list(enumerate(text.splitlines(), start=1))
    if not any(line.strip() for _, line in lines):
        raise ValueError("is empty; write the pitch in it")
    for number, line in lines:
        _check_braces(number, line)
    headed = any(line.startswith("## ") for _, line in lines)
    blocks = _by_heading(lines) if headed else _spread(_paragraphs([line for _, line in lines]))
    return Script({section: tuple(map(_sentences, block)) for section, block in blocks.items()})


def _check_braces(number: int, line: str) -> None:
    try:
        pieces = list(Formatter().parse(line))
    except ValueError:
        raise ValueError(f"line {number}: a single brace; write {{{{ or }}}} for one") from None
    for _, name, form, conversion in pieces:
        if name is None:
            continue
        if form or conversion or not (name in PLACEHOLDERS or _FEATURE.fullmatch(name)):
            allowed = ", ".join((*PLACEHOLDERS, "feature1, feature2 ..."))
            raise ValueError(f"line {number}: unknown placeholder {{{name}}}; allowed: {allowed}")


def _by_heading(lines: list[tuple[int, str]]) -> dict[str, list[str]]:
    blocks: dict[str, list[str]] = {}
    section = None
    for number, line in lines:
        if line.startswith("## "):
            section = _section(number, line, blocks)
            blocks[section] = []
        elif section is not None:
            blocks[section].append(line)
        elif line.strip():
            raise ValueError(f"line {number}: text before the first heading; move it below one")
    paragraphs = {section: _paragraphs(block) for section, block in blocks.items()}
    empty = [section for section, found in paragraphs.items() if not found]
    if empty:
        raise ValueError(f"there is nothing under ## {empty[0]}; write it or drop the heading")
    return {section: paragraphs[section] for section in SECTIONS if section in paragraphs}


def _section(number: int, line: str, seen: Mapping[str, Any]) -> str:
    section = line[3:].strip().lower().replace(" ", "_")
    if section not in SECTIONS:
        allowed = ", ".join(SECTIONS)
        raise ValueError(f"line {number}: unknown heading {line.strip()!r}; allowed: {allowed}")
    if section in seen:
        raise ValueError(f"line {number}: a second heading ## {section}; join the two")
    return section


def _paragraphs(lines: list[str]) -> list[str]:
    stripped = "\n".join(line.strip() for line in lines)
    return [block.strip() for block in re.split(r"\n\n+", stripped) if block.strip()]


def sections_of(text: str) -> dict[str, str]:
    """Return a text's paragraphs spread over the sections of a pitch; none of them is empty."""
    blocks = _spread(_paragraphs(text.splitlines()))
    return {section: "\n\n".join(paragraphs) for section, paragraphs in blocks.items()}


def _spread(paragraphs: list[str]) -> dict[str, list[str]]:
    """Put the first paragraph in the first section, the last in the last, the rest evenly."""
    blocks: dict[str, list[str]] = {}
    gaps, steps = len(SECTIONS) - 1, max(1, len(paragraphs) - 1)
    for index, paragraph in enumerate(paragraphs):
        nearest = (2 * index * gaps + steps) // (2 * steps)
        blocks.setdefault(SECTIONS[nearest], []).append(paragraph)
    return blocks


def _sentences(paragraph: str) -> tuple[Sentence, ...]:
    parts = _SENTENCE_END.split(paragraph)
    return tuple(tuple(_pieces(part)) for part in parts)


def _pieces(sentence: str) -> Iterator[tuple[str, str | None]]:
    for text, name, _, _ in Formatter().parse(sentence):
        yield text, name


def _values(offer: Offer) -> dict[str, str]:
    """Return the placeholders this offer can fill."""
    product = offer.product
    values = {
        "title": product.title,
        "brand": product.brand or "",
        "category": product.leaf,
        "price": dollars(offer.price_cents),
        "list_price": dollars(offer.list_price_cents),
        "discount": f"{offer.discount:.0%}" if offer.discount else "",
        "shipping": dollars(offer.shipping_cents) if offer.shipping_cents else "",
    }
    features = enumerate(product.features, start=1)
    values.update((f"feature{n}", feature.strip().rstrip(".")) for n, feature in features)
    return {name: value for name, value in values.items() if value}


def _filled(paragraph: tuple[Sentence, ...], values: Mapping[str, str]) -> str:
    fitting = (s for s in paragraph if all(name is None or name in values for _, name in s))
    return " ".join("".join(_said(sentence, values)) for sentence in fitting)


def _said(sentence: Sentence, values: Mapping[str, str]) -> Iterator[str]:
    for text, name in sentence:
        yield text
        if name is not None:
            yield values[name]
