"""What the phrase rules find in the labelled sentences: ``python -m tests.rules.score a``."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import msgspec

from retailsim.market.rules.judging import says
from retailsim.market.rules.rule_file import built_in

HERE = Path(__file__).parent
RULE_OF = {
    "urgency": "false-urgency",
    "social-proof": "social-proof-in-words",
    "human-claim": "no-human-claim",
    "switch": "bait-and-switch",
}
"""Label -> the rule that is to find it."""


class Labelled(msgspec.Struct, frozen=True):
    """A sentence and what it says; None: nothing that a phrase rule forbids."""

    text: str
    says: str | None


class Score(msgspec.Struct, frozen=True):
    """Of one set.

    Parameters
    ----------
    found : Counter
        Sentences by label that the label's own rule finds; `of` how many there are.
    alarms : tuple of (str, str)
        Rule and sentence, where the rule finds what is not said.
    missed : tuple of (str, str)
        Label and sentence.
    """

    found: Counter[str]
    of: Counter[str]
    alarms: tuple[tuple[str, str], ...]
    missed: tuple[tuple[str, str], ...]


def labelled(name: str) -> list[Labelled]:
    """Read a set."""
    text = (HERE / f"written_{name}.jsonl").read_text(encoding="utf-8")
    return [msgspec.json.decode(line, type=Labelled) for line in text.splitlines()]


def score(sentences: list[Labelled]) -> Score:
    """Hold the phrase rules against labelled sentences."""
    rules = {rule.id: rule for rule in built_in().rules}
    found, of = Counter[str](), Counter[str]()
    alarms, missed = [], []
    for one in sentences:
        hit = {label for label, id_ in RULE_OF.items() if says(rules[id_], one.text)}
        if one.says is not None:
            of[one.says] += 1
            found[one.says] += one.says in hit
            missed += [] if one.says in hit else [(one.says, one.text)]
        alarms += [(RULE_OF[label], one.text) for label in sorted(hit - {one.says})]
    return Score(found, of, tuple(alarms), tuple(missed))


if __name__ == "__main__":
    of_set = labelled(sys.argv[1])
    result = score(of_set)
    for label, count in result.of.items():
        print(f"{label}: {result.found[label]} of {count}")
    harmless = sum(one.says is None for one in of_set)
    print(f"all: {result.found.total()} of {result.of.total()}; among {harmless} that say nothing,")
    spared = {one.text for one in of_set if one.says is None}
    among = sum(text in spared for _, text in result.alarms)
    print(f"false alarms: {among}; among the others: {len(result.alarms) - among}")
    if "-v" in sys.argv:
        for kind, pairs in (("alarm", result.alarms), ("missed", result.missed)):
            for name, text in pairs:
                print(f"  {kind} {name}: {text}")
