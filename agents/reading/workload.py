"""What reading asks of a model: a conversation of one task for each text."""

from __future__ import annotations

from retailsim.agents.llm.talk.workload import Step, TalkLoad
from retailsim.agents.reading.reader import ROLE
from retailsim.agents.reading.replies import ReadingEnvelope, ReadingReply

BYTES_PER_SENTENCE = 5
"""Of the number that stands before a sentence."""
TOKENS_PER_CLAIM, CLAIMS_PER_TEXT = 30, 1.5
"""Of the answer, as expected; a text without claims takes a few tokens."""
SENTENCE_BYTES = 80
"""Of a sentence, on average."""


def reading(sheet_bytes: int, text_bytes: int, times: float = 1.0) -> TalkLoad:
    """Return what reading one text takes.

    Parameters
    ----------
    sheet_bytes, text_bytes : int
        Of the sheet as it is shown, and of the text, as long as it is expected to be.
    times : float
        How likely there is such a text, from 0 to 1.
    """
    numbers = BYTES_PER_SENTENCE * (1 + text_bytes // SENTENCE_BYTES)
    expected = 20 + round(TOKENS_PER_CLAIM * CLAIMS_PER_TEXT)
    step = Step(kind=ReadingReply, times=times, most=1, expected=expected)
    context = sheet_bytes + text_bytes + numbers
    return TalkLoad(rules=f"{ROLE}_rules", envelope=ReadingEnvelope, context=context, steps=(step,))
