"""What a scenario has to be like where people take seats."""

from __future__ import annotations

from retailsim.sim.errors import PeopleAlone, PeopleTogether
from retailsim.sim.scenario.design import Design
from retailsim.sim.scenario.protocol import run_of
from retailsim.sim.seats.cast import Cast

_KEY = "design.broadcast"


def check_people(source: str, cast: Cast, design: Design, workers: int) -> None:
    """Refuse designs in which people would wait for one another, or be asked by several processes.

    Raises
    ------
    PeopleTogether, PeopleAlone
        If there are any.
    """
    people = set(cast.people())
    if not people:
        return
    if workers > 1:
        raise PeopleAlone(source, workers)
    for spec in design.markets():
        sits = any(f"{role}:{name}" in people for role, name in spec.seats)
        if sits and len(spec.episodes) > 1:
            own = _KEY in run_of(design.protocol).own_keys
            remedy = f'set {_KEY} = "episode"' if own else "give each market one buyer"
            raise PeopleTogether(source, spec.id, len(spec.episodes), remedy)
