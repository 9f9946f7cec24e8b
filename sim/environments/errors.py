"""What a user can do wrong with an environment; each message is one line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from retailsim.events.extras import how_to_install
from retailsim.sim.errors import SimError


class GymnasiumMissing(SimError, ImportError):
    """An environment was asked for, and the package that they are made with is not installed."""

    def __init__(self) -> None:
        super().__init__(
            "retailsim.envs needs the package gymnasium, which is not installed; "
            f"install it: {how_to_install('rl')}"
        )


class PettingZooMissing(SimError, ImportError):
    """An environment of several seats was asked for, and its package is not installed."""

    def __init__(self) -> None:
        super().__init__(
            "environments of several seats need the package pettingzoo, which is not installed; "
            f"install it: {how_to_install('rl')}"
        )


class BadEnvironment(SimError):
    """An environment was made with something that does not go."""

    def __init__(self, argument: str, problem: str) -> None:
        super().__init__(f"environment, {argument}: {problem}")


class UnknownReward(BadEnvironment):
    """A weight was given to something that is no part of the reward."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__("reward", f"{name!r} is not one of {', '.join(known)}")


class RunBegun(SimError):
    """A reset with a seed would begin the run of an environment again."""

    def __init__(self, run: Path) -> None:
        super().__init__(
            f"{run}: has begun, and its seed is settled: reset without a seed, "
            "or make another environment with another `out`"
        )


class RunFull(SimError):
    """All episodes that the run of an environment was made for have been held."""

    def __init__(self, run: Path, episodes: int) -> None:
        super().__init__(
            f"{run}: holds all {episodes:,} episodes that it was made for: close the environment, "
            "and make one with more `episodes`, or another `out`"
        )


class NoEpisode(SimError):
    """A step was made where no episode is under way."""

    def __init__(self) -> None:
        super().__init__("environment: no episode is under way: call reset first")
