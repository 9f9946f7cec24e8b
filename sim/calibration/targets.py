"""What a calibration is given: the parameters that may move, and the rates to be met."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from retailsim.sim.errors import BadScenario

Measure = Literal["conversion_rate", "refund_rate", "average_rating", "average_quantity"]


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
    within : float
        How near is near enough, for the report.
    """

    name: str
    scenario: str
    measure: Measure
    value: float
    where: dict[str, str] = {}
    minus: dict[str, str] | None = None
    error: Annotated[float, Meta(gt=0.0)] = 0.03
    within: Annotated[float, Meta(gt=0.0)] = 0.05


class Targets(_Table, frozen=True, kw_only=True):
    """The whole file.

    Parameters
    ----------
    settings : mapping of scenario to settings
        As ``--set`` takes them, for the size of a scenario.
    """

    parameters: tuple[Parameter, ...]
    targets: tuple[Target, ...]
    seed: int = 1
    settings: dict[str, tuple[str, ...]] = {}


def read_targets(path: Path) -> Targets:
    """Return what a file says.

    Raises
    ------
    BadScenario
        If it cannot be read or makes no sense; says where.
    """
    try:
        found = msgspec.convert(tomllib.loads(path.read_text("utf-8")), Targets)
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
