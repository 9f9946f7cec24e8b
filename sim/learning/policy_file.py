"""The file that a policy is written to: a new one and whole, or an error that says what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from retailsim.agents.policy.linear import LinearPolicy
from retailsim.events.log.disk import temporary_name
from retailsim.events.named_file import check_outside
from retailsim.sim.errors import CannotWrite
from retailsim.sim.learning.errors import PolicyExists


def check_new(path: Path) -> None:
    """Refuse a file that is there already, or can never be written, before anything is learnt.

    Raises
    ------
    PolicyExists, InsideRun, CannotWrite
    """
    check_outside(path)
    if path.exists():
        raise PolicyExists(path)
    made = path
    while not made.parent.exists():
        made = made.parent
    with _writing(path):
        trial = temporary_name(made)
        trial.touch()
        trial.unlink()


def write(policy: LinearPolicy, path: Path) -> None:
    """Write a policy's file.

    Raises
    ------
    CannotWrite
    """
    with _writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        policy.save(path)


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CannotWrite(path, error, "name another file with --out") from None
