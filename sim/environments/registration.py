"""The environments by the names that Gymnasium knows them by."""

from __future__ import annotations

from retailsim.sim.environments.errors import GymnasiumMissing, PettingZooMissing
from retailsim.sim.scenario.protocol import environments


def register() -> None:
    """Register every environment; a second time changes nothing.

    Raises
    ------
    GymnasiumMissing
        If the package is not installed.
    """
    try:
        import gymnasium
    except ImportError:
        raise GymnasiumMissing from None
    for name, place in environments().items():
        if name not in gymnasium.registry:
            gymnasium.register(id=name, entry_point=place)


def need_pettingzoo() -> None:
    """Say so if environments of several seats cannot be made.

    Raises
    ------
    PettingZooMissing
        If the package is not installed.
    """
    try:
        import pettingzoo  # noqa: F401 - only whether it is there
    except ImportError:
        raise PettingZooMissing from None
