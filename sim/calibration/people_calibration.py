"""A fit to people with its judgement: what it comes to, and which parts of it may be used."""

from __future__ import annotations

import msgspec

from retailsim.sim.calibration.people_fit import PeopleFit, fit_to_people
from retailsim.sim.calibration.people_judged import Judged, Part, judged, misfits
from retailsim.sim.calibration.people_seen import Seen


class PeopleCalibration(msgspec.Struct, frozen=True, kw_only=True):
    """What was fitted to a run's people, and how good it is.

    Parameters
    ----------
    people, episodes, products : int
        How many count.
    fit : PeopleFit
    judged : tuple of Judged
        By part, on people that the fit has not seen.
    misfits : tuple of (part, sentence)
        What the fitted buyers cannot be.
    """

    people: int
    episodes: int
    products: int
    fit: PeopleFit
    judged: tuple[Judged, ...]
    misfits: tuple[tuple[Part, str], ...]

    @property
    def better(self) -> tuple[Judged, ...]:
        """The parts that are better than the parameters as they are."""
        return tuple(one for one in self.judged if one.verdict == "better")


def calibrated(seen: Seen) -> PeopleCalibration:
    """Fit and judge."""
    fit = fit_to_people(seen)
    return PeopleCalibration(
        people=len(set(seen.person.tolist())),
        episodes=len(seen),
        products=len(set(seen.product.tolist())),
        fit=fit,
        judged=judged(seen, fit),
        misfits=tuple(misfits(seen, fit)),
    )
