"""What can go wrong with a person's seat, each as one clear line."""

from __future__ import annotations

from retailsim.agents.errors import AgentsError
from retailsim.events.errors import LeftToResume


class BadAnswer(AgentsError):
    """A person's answer cannot be taken; one sentence for the person, and the question stays.

    Parameters
    ----------
    problem : str
        The sentence.
    field : str or None
        Name of the field that it is about; None: the whole answer.
    """

    def __init__(self, problem: str, field: str | None = None) -> None:
        super().__init__(problem)
        self.field = field


class NoSuchQuestion(AgentsError):
    """An answer came to a question that is not open."""

    def __init__(self) -> None:
        super().__init__(
            "This question is not open any more: it was answered, its time is over, "
            "or the session stopped."
        )


class PersonGone(AgentsError):
    """A person left the seat, and nobody goes on there; recorded, so it fails again on replay."""

    def __init__(self, source: str, after_s: float | None) -> None:
        why = "left the seat" if after_s is None else f"gave no answer within {after_s:g} s"
        super().__init__(f"{source}: {why}")


class DeskClosed(AgentsError, LeftToResume):
    """The desk closed before an answer came: nothing is recorded, and a resume asks again."""

    def __init__(self) -> None:
        super().__init__("The session stopped: nothing is lost, and this question comes again.")
