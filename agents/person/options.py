"""The options of a seat that a person takes: how long it waits, and what comes of silence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from retailsim.agents.errors import BadOption
from retailsim.agents.person.side import PersonSide, Step, may_leave, stages_of
from retailsim.events.messages import Role
from retailsim.market.protocols.registry import Protocol

Absence = Literal["fail", "leave", "hand over"]
"""What comes of silence: the episode fails; the protocol's own ways to leave are taken; or a
behavioral agent goes on in the seat."""

Seconds = Annotated[float, Meta(gt=0.0, le=86_400.0)]


class PersonOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The options of a seat with ``agent = "person"``.

    Parameters
    ----------
    deadline_s : float or None
        Seconds for each step; None: what the protocol finds usual.
    deadlines_s : mapping of stage to float
        Seconds for the steps of one stage, such as ``decision``.
    when_gone : {"fail", "leave", "hand over"}
        What comes of a deadline that passes, for this step and all that follow in the episode.
    stand_in : mapping
        Options of the behavioral agent that goes on, or is compared with the person.
    """

    deadline_s: Seconds | None = None
    deadlines_s: dict[str, Seconds] = {}
    when_gone: Absence = "fail"
    stand_in: dict[str, Any] = {}

    def seconds(self, stage: str, step: Step) -> float:
        """Return how long a step may take."""
        said = self.deadlines_s.get(stage, self.deadline_s)
        return step.deadline_s if said is None else said


def person_options(
    source: str, options: Mapping[str, Any], protocol: Protocol, side: PersonSide, role: Role
) -> PersonOptions:
    """Read and check a seat's options.

    Raises
    ------
    BadOption
        If one is unknown or impossible, or the protocol has no way to leave.
    """
    try:
        found = msgspec.convert(dict(options), PersonOptions)
    except msgspec.ValidationError as error:
        raise BadOption(source, str(error)) from None
    stages = stages_of(protocol, side, role)
    for stage in found.deadlines_s:
        if stage not in stages:
            known = ", ".join(stages)
            raise BadOption(source, f"deadlines_s: a {role} has no step {stage!r}; steps: {known}")
    if found.when_gone == "leave" and not may_leave(side, role):
        raise BadOption(
            source,
            f'when_gone = "leave": a {role} cannot leave in the protocol {protocol.name}; '
            'write "fail" or "hand over"',
        )
    return found
