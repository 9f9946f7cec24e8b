"""Which encoding a text file has: by its mark, by what is valid, else by a detector's guess."""

from __future__ import annotations

import codecs
import re
from pathlib import Path
from typing import NamedTuple

from retailsim.market.catalogue.lines import PlainFile, damaged_gzip, open_plain, readable
from retailsim.market.errors import UnreadableCatalogue

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
LATIN = ("cp1252", "cp1250", "mac_roman", "cp850")
"""What shops' programs write in Latin script when it is not Unicode, the likeliest first."""
DETECTED = (
    *("cp1251", "cp1253", "cp1255", "cp1256", "koi8_r"),
    *("shift_jis", "gb18030", "big5", "euc_kr"),
)
"""The same in other scripts."""
_PLAIN = ("valid", "marked", "as told", "declared")
_SAMPLE = 32 * 1024
_PIECE = 1024 * 1024


class Encoding(NamedTuple):
    """An encoding: its name for Python's codecs, and how it was found.

    ``damaged`` tells of UTF-8 in which some bytes are none.
    """

    name: str
    found: str
    damaged: bool = False

    @property
    def words(self) -> str:
        """The encoding for people."""
        name = self.name.upper() if self.name.startswith("utf") else self.name
        return f"{name} ({self.found})" if self.found not in _PLAIN else name


def find_encoding(path: Path, told: str | None = None) -> Encoding:
    """Find the encoding of a text file, which is read to its end unless it bears a mark.

    Parameters
    ----------
    told : str or None
        What the user says; it is checked against the file.

    Raises
    ------
    UnreadableCatalogue
        If the file cannot be read, or not in the encoding told.
    """
    if told is not None:
        return _as_told(path, told)
    with readable(path), damaged_gzip(path), open_plain(path) as file:
        head = file.read(4096)
        for mark, name in _MARKS:
            if head.startswith(mark):
                return Encoding(name, "marked")
        wide = _unmarked_utf16(head)
        if wide is not None:
            return Encoding(wide, "told by its zero bytes")
        return _scanned(file, head)


def _as_told(path: Path, told: str) -> Encoding:
    try:
        decoder = codecs.getincrementaldecoder(told)()
    except LookupError:
        raise UnreadableCatalogue(
            path, f"products.encoding = {told!r} is no encoding: try utf-8, utf-16 or cp1252"
        ) from None
    with readable(path), damaged_gzip(path), open_plain(path) as file:
        try:
            while piece := file.read(_PIECE):
                decoder.decode(piece)
            decoder.decode(b"", final=True)
        except (UnicodeError, AttributeError, TypeError, ValueError) as error:
            raise UnreadableCatalogue(
                path, f"it is not {told}: leave products.encoding out, or correct it"
            ) from error
    return Encoding(codecs.lookup(told).name, "as told")


def _unmarked_utf16(head: bytes) -> str | None:
    """Tell UTF-16 without a mark by the zero bytes that its plain letters have on one side."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if max(even, odd) * 4 < len(head) or min(even, odd) * 20 > max(even, odd):
        return None
    return "utf-16-le" if odd > even else "utf-16-be"


def _scanned(file: PlainFile, head: bytes) -> Encoding:
    """Read on to the end: UTF-8 if all of it is, or nearly all; else what a detector says."""
    valid = invalid = 0
    sample, carry = bytearray(), b""
    piece = head
    while piece:
        data = carry + piece
        cut = data.rfind(b"\n") + 1 or len(data.rstrip(_HIGH))
        whole, carry = data[:cut], data[cut:]
        good, bad = _sequences(whole, sample)
        valid, invalid = valid + good, invalid + bad
        piece = file.read(_PIECE)
    good, bad = _sequences(carry, sample)
    valid, invalid = valid + good, invalid + bad
    if not invalid:
        return Encoding("utf-8", "valid")
    if valid > 4 * invalid:
        return Encoding("utf-8", "nearly all valid", damaged=True)
    return Encoding(guess(bytes(sample)), "guessed")


_HIGH = bytes(range(0x80, 0x100))
_LONG = re.compile(
    b"[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|"
    b"\xed[\x80-\x9f][\x80-\xbf]|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|"
    b"\xf4[\x80-\x8f][\x80-\xbf]{2}"
)


def _sequences(data: bytes, sample: bytearray) -> tuple[int, int]:
    """Count characters of several bytes, and bytes that are in none; keep lines that have such."""
    if data.isascii():
        return 0, 0
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    else:
        return len(_LONG.findall(data)), 0
    for line in data.splitlines(keepends=True):
        if len(sample) < _SAMPLE and not line.isascii():
            sample += line[:2000]
    rest, good = _LONG.subn(b"", data)
    return good, sum(byte >= 0x80 for byte in rest)


def guess(sample: bytes) -> str:
    """Guess the encoding of a text that is not Unicode.

    In Latin script, where words have plain letters too, it is the encoding in which the other
    characters are such as languages use, and stand where they do; of equally good ones the first
    of `LATIN`. For other scripts a detector is asked.
    """
    if _in_latin_script(sample):
        rated = [(_strange(sample, name), place) for place, name in enumerate(LATIN)]
        return LATIN[min(rated)[1]]
    from charset_normalizer import from_bytes

    best = from_bytes(sample, cp_isolation=list(DETECTED)).best()
    return best.encoding if best is not None else "cp1252" if _decodes(sample) else "latin-1"


_HIGH_WORD = re.compile(rb"[A-Za-z]*[\x80-\xff][A-Za-z\x80-\xff]*")
_PLAIN_SHARE = 0.3


def _in_latin_script(sample: bytes) -> bool:
    """Whether the words with other characters are mostly of plain letters."""
    words = [word for word in _HIGH_WORD.findall(sample) if len(word) > 1]
    plain = sum(sum(byte < 0x80 for byte in word) for word in words)
    return plain >= _PLAIN_SHARE * sum(map(len, words))


_LETTERS = {
    "cp1252": "äöüßÄÖÜéèêëÉÈÊàâáãåÀÂÁÃÅçÇîïíìÍôóòõøÓÔÕØûùúÚñÑœæÆŒ",
    "cp1250": "ąćęłńóśźżĄĆĘŁŃÓŚŹŻáčďéěíňřšťúůýžÁČĎÉĚÍŇŘŠŤÚŮÝŽőűŐŰöüÖÜäßôľĺŕăâîşţĂÂÎŞŢđ",
}
_LETTERS |= dict.fromkeys(("mac_roman", "cp850"), _LETTERS["cp1252"])
_SIGNS = "€£°®™“”„‘’‚–—…·•«»½¼¾§²³×±µ©\u00a0´¡¿ªº"
_RAISED = re.compile(r"(?<=[a-zß-öø-ÿ])[À-ÖØ-ÞĄĆĘŁŃŚŹŻŽŠČ]|(?<=[a-z])[^\W\d_a-z][A-ZÀ-Þ]")
_SIGN_IN_WORD = re.compile(rf"(?<=[a-z])[{re.escape(_SIGNS.replace('’', ''))}](?=[a-z])")


def _strange(sample: bytes, name: str) -> int:
    """Count characters that no language uses, or not there: capitals and signs within words."""
    text = sample.decode(name, "replace")
    known = _LETTERS[name] + _SIGNS
    unknown = sum(char not in known for char in text if ord(char) >= 0x80)
    return unknown + len(_RAISED.findall(text)) + len(_SIGN_IN_WORD.findall(text))


def _decodes(sample: bytes) -> bool:
    try:
        sample.decode("cp1252")
    except UnicodeDecodeError:
        return False
    return True
