"""Prints how a language model does on the labelled sentences, read as the market has them read.

``python -m tests.claims.score_by_model PROVIDER/MODEL [SET ...] [--set KEY=VALUE ...]``, with the
keys of a [models] table; the sets are a, b and c unless named. The sentences about one product are
asked about together, `TEXT` at a time, as those of a text are. Where the answer stays unusable the
rules read, as in a run; such texts are counted apart.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from retailsim.agents.llm.provider.capabilities import abilities
from retailsim.agents.reading.reader import ModelReader
from retailsim.events.messages import ModelCalled
from retailsim.market.claims.reader import read
from retailsim.market.claims.reading import ReadClaims
from retailsim.market.core.request import AgentRequest
from retailsim.sim.budget.batch import Ask, ModelBatch
from tests.claims.sets import SETS, Labelled, Score, labelled

TEXT = 6
"""Sentences of a text: an answer has four, a pitch some twenty-five."""


class _Access:
    """A reader's way to its model outside of any run."""

    def __init__(self, ask: Ask, *, in_prompt: bool) -> None:
        self.in_prompt = in_prompt
        self._ask = ask

    async def ask(
        self, request: AgentRequest, source: str, *, task: str, role: str, call: Any
    ) -> ModelCalled:
        return await self._ask(call)

    def accepted(self, record: ModelCalled) -> None:
        """Nothing is shared."""


class Found(NamedTuple):
    """What was reported of a set, and how many of its texts the rules read."""

    score: Score
    texts: int
    unread: int


def texts(name: str) -> Iterator[list[Labelled]]:
    """Yield the sentences of a set as texts about one product each."""
    rows = sorted(labelled(name), key=lambda one: one.sheet.title)
    for _, group in groupby(rows, key=lambda one: one.sheet.title):
        about = list(group)
        for start in range(0, len(about), TEXT):
            yield about[start : start + TEXT]


def score_of(name: str, batch: ModelBatch) -> Found:
    """Return what a model makes of a set."""
    reported: list[Labelled] = []
    whole = list(texts(name))
    unread = 0

    async def answer(said: list[Labelled], ask: Ask) -> None:
        sheet = said[0].sheet.sheet()
        asked = ReadClaims(
            unit="", sheet=sheet.described(), sentences=tuple(one.sentence for one in said)
        )
        access = _Access(ask, in_prompt=abilities(batch.config).schema == "prompt")
        found = await ModelReader(batch.model, access).receive(asked)
        sentences = {claim.sentence for claim in found.claims}
        reported.extend(one for one in said if one.sentence in sentences)

    def unusable(said: list[Labelled], reason: str) -> None:
        nonlocal unread
        unread += 1
        reported.extend(one for one in said if read(one.sentence, one.sheet.sheet()))

    batch.run(whole, answer, unusable, kept="nowhere")
    claims = sum(one.label == "unsupported" for text in whole for one in text)
    others = sum(map(len, whole)) - claims
    right = sum(one.label == "unsupported" for one in reported)
    return Found(Score(right, claims, len(reported) - right, others), len(whole), unread)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a line for each set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("sets", nargs="*", default=["a", "b", "c"], choices=[*SETS, []])
    parser.add_argument("--set", action="append", default=[], dest="settings")
    told = parser.parse_args(arguments)
    batch = ModelBatch(told.model, told.settings)
    for name in told.sets:
        done, whole, unread = score_of(name, batch)
        print(
            f"{name.upper()}: {done.found} of {done.claims} unsupported claims found, "
            f"{done.false_alarms} of {done.others} others reported; "
            f"{unread} of {whole} texts read by the rules",
            flush=True,
        )
    print(batch.spent.said("texts"))


if __name__ == "__main__":
    main()
