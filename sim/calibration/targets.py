"""What a calibration is given: the parameters that may move, and the rates to be met."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from retailsim.events.toml_text import parse_toml
from retailsim.events.whole_file import read_bounded
from retailsim.sim.errors import BadScenario

Measure = Literal["conversion_rate", "refund_rate", "average_rating", "average_quantity"]

NEAR: Mapping[Measure, float] = MappingProxyType(
    {
        "conversion_rate": 0.02,
        "refund_rate": 0.02,
        "average_rating": 0.1,
        "average_quantity": 0.05,
    }
)
"""How near the mean over seeds is near enough, beside two of its standard errors."""

SEEDS = 40
"""Over so many seeds a rate is averaged at least: one seed's products are too few to mean much."""


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the file."""


class Parameter(_Table, frozen=True, kw_only=True):
    """One number that may move.

    Parameters
    ----------
    key : str
        A dotted path in the file of behavioral parameters, such as ``buyer.choice.price``; or
        ``SCENARIO:OPTION``, an option of all buyers of one scenario, such as
        ``demographic:inclination``; or ``SCENARIO:sellers/SEAT/OPTION`` (or
        ``buyers``), an option of one seat.
    step : float
        How far it is moved to see what it does; large enough that some episodes change.
    """

    key: str
    start: float
    low: float
    high: float
    step: Annotated[float, Meta(gt=0.0)] = 0.2


class Target(_Table, frozen=True, kw_only=True):
    """One rate to be met.

    Parameters
    ----------
    scenario : str
        A built-in scenario, or a file beside this one.
    where : dict of str to str
        Which episodes: fields of `EpisodeOpened`, or traits as ``buyer_pickiness``.
    minus : dict of str to str or None
        With it, the target is the difference to these episodes.
    value : float
        The rate, from 0 to 1, or stars.
    error : float
        Its standard error, by which targets are weighed.
    within : float or None
        How near the mean over unseen seeds has to be, beside two of its standard errors; None:
        2 points of a rate, 0.1 stars, 0.05 units.
    fitted : bool
        Whether the fit goes by it and it has to be met; else it is only shown.
    """

    name: str
    scenario: str
    measure: Measure
    value: float
    where: dict[str, str] = {}
    minus: dict[str, str] | None = None
    error: Annotated[float, Meta(gt=0.0)] = 0.03
    within: Annotated[float, Meta(gt=0.0)] | None = None
    fitted: bool = True

    @property
    def near(self) -> float:
        """How near is near enough."""
        return NEAR[self.measure] if self.within is None else self.within


class Targets(_Table, frozen=True, kw_only=True):
    """The whole file.

    Parameters
    ----------
    seed : int
        First of the seeds that the fit plays; the others follow it.
    seeds : int
        How many it plays.
    slope_seeds : int
        How many of them are played to see what a parameter does, which takes less.
    unseen : int
        How many seeds are played that the fit has not used, to see how far off it is.
    settings : mapping of scenario to settings
        As ``--set`` takes them.
    sample : mapping of scenario to settings
        Laid over them while the fit plays: with many seeds, each can be small.
    """

    parameters: tuple[Parameter, ...]
    targets: tuple[Target, ...]
    seed: int = 10_001
    seeds: Annotated[int, Meta(ge=1)] = SEEDS
    slope_seeds: Annotated[int, Meta(ge=1)] = 10
    unseen: Annotated[int, Meta(ge=2)] = SEEDS
    settings: dict[str, tuple[str, ...]] = {}
    sample: dict[str, tuple[str, ...]] = {}

    @property
    def fitted_seeds(self) -> range:
        """The seeds that the fit plays."""
        return range(self.seed, self.seed + self.seeds)

    @property
    def unseen_seeds(self) -> range:
        """Seeds that it does not: from 1 on, or where it plays some of these, those behind."""
        behind = self.seed + self.seeds
        first = 1 if self.unseen < self.seed or behind <= 1 else behind
        return range(first, first + self.unseen)

    @property
    def scenarios(self) -> tuple[str, ...]:
        """The scenarios that the targets are about, each once."""
        return tuple(dict.fromkeys(target.scenario for target in self.targets))


def read_targets(path: Path) -> Targets:
    """Return what a file says.

    Raises
    ------
    BadScenario
        If it cannot be read or makes no sense; says where.
    """
    try:
        found = msgspec.convert(parse_toml(read_bounded(path).decode()), Targets)
    except (OSError, UnicodeDecodeError) as error:
        raise BadScenario(str(path), f"cannot be read: {_why(error)}") from None
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise BadScenario(str(path), str(error)) from None
    if not found.parameters or not found.targets:
        raise BadScenario(str(path), "give at least one [[parameters]] and one [[targets]] table")
    for parameter in found.parameters:
        if not parameter.low <= parameter.start <= parameter.high:
            raise BadScenario(str(path), f"{parameter.key}: start must lie between low and high")
    return found


def _why(error: Exception) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)
