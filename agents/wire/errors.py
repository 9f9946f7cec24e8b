"""What can be wrong with an agent over HTTP, each as one clear line without keys."""

from __future__ import annotations

from retailsim.agents.errors import AgentsError
from retailsim.events.errors import LeftToResume


class WireError(AgentsError):
    """The agent was reached and misbehaved; recorded, so that its episode fails again on replay.

    Parameters
    ----------
    url : str
        Where it is asked.
    problem : str
    """

    def __init__(self, url: str, problem: str) -> None:
        super().__init__(f"{url}: {problem}")


class WireLate(WireError):
    """The agent gave no answer in time."""


class WireRefused(WireError):
    """The agent refused a request, by its status or by an error of its own."""


class WireMalformed(WireError):
    """What the agent answered is no answer: no JSON, of another form, or too large."""


class WireDown(WireError, LeftToResume):
    """No agent is there: nothing is recorded, and the run stops and can be resumed."""


class WireStopping(LeftToResume):
    """The run stops while an attempt would be repeated; it is left to a resume."""
