"""Judgements of survivors: each by two judges, who do not see what the other has said."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

import msgspec

FOLDER = Path(__file__).parent
JUDGES = ("first", "second")

EQUIVALENT, LEFT = "equivalent", "left"


class Judgement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a judge says of a survivor.

    Parameters
    ----------
    verdict : str
        "equivalent": no input makes it behave otherwise than what it was made of; "left": some
        does, but no test for it is worth its place.
    reason : str
        Why, in a sentence.
    """

    verdict: str
    reason: str

    def __post_init__(self) -> None:
        """Refuse other verdicts."""
        if self.verdict not in (EQUIVALENT, LEFT):
            raise ValueError(f"verdict {self.verdict!r} is neither {EQUIVALENT!r} nor {LEFT!r}")


def judged(judge: str, folder: Path = FOLDER) -> Mapping[str, Judgement]:
    """Return what a judge has said, by the keys of mutants."""
    text = (folder / f"judged-{judge}.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), dict[str, Judgement])


def equivalent(key: str, folder: Path = FOLDER) -> bool:
    """Whether both judges call a mutant equivalent."""
    said = [judged(judge, folder).get(key) for judge in JUDGES]
    return all(one is not None and one.verdict == EQUIVALENT for one in said)
