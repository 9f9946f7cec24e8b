"""What can be wrong with an agent, each as one clear line."""

from __future__ import annotations

from retailsim.events.errors import RetailSimError


class AgentsError(RetailSimError):
    """Base of everything this package raises."""


class NothingToTry(AgentsError):
    """A protocol has no samples for the conformance suite."""

    def __init__(self, protocol: str) -> None:
        super().__init__(
            f"the protocol {protocol} has nothing to try its agents with; "
            "give its ProtocolAgents a repertoire"
        )


class UnexpectedRequest(AgentsError):
    """An agent was asked something that its role does not answer."""

    def __init__(self, agent: str, request: str) -> None:
        super().__init__(f"{agent} does not answer {request}")


class NotAsync(AgentsError):
    """A method that answers a request is written without ``async``."""

    def __init__(self, agent: str, method: str) -> None:
        super().__init__(f"{agent}: write `async def {method}`; it is `def {method}`")


class BadPersona(AgentsError):
    """A persona names an unknown trait or pole."""

    def __init__(self, role: str, problem: str, allowed: str) -> None:
        super().__init__(f"persona of a {role}: {problem}; allowed: {allowed}")


class UnknownAgent(AgentsError):
    """No built-in agent, plug-in or class has this name."""

    def __init__(self, name: str, role: str, known: str) -> None:
        super().__init__(
            f"no {role} agent is called {name!r}; known: {known}; or name a class as module:Class"
        )


class BadAgent(AgentsError):
    """A plug-in was found but cannot serve."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"agent {name!r}: {problem}")


class BadOption(AgentsError):
    """An agent's options table holds something the agent does not take."""

    def __init__(self, agent: str, problem: str) -> None:
        super().__init__(f"options of {agent}: {problem}")


class AgentBlocked(AgentsError):
    """An agent held the event loop past its deadline and was interrupted.

    Parameters
    ----------
    source : str
        The agent, such as ``buyer:thrifty``.
    stage : str
        What it was asked.
    deadline_s : float
        How long one step may last, in seconds.
    """

    def __init__(self, source: str, stage: str, deadline_s: float) -> None:
        self.source = source
        self.stage = stage
        self.deadline_s = deadline_s
        super().__init__(
            f"{source} blocked for {deadline_s:g} s at {stage}: it must not sleep or compute for"
            " so long; wait with `await` (waits = True) or work in smaller steps"
        )


class ReplyFailed(AgentsError):
    """An agent gave no reply in time; recorded, so that a re-execution fails the same way."""

    def __init__(self, source: str, error: str) -> None:
        super().__init__(error if error.startswith(source) else f"{source}: {error}")
