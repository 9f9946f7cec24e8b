"""A policy that scores options by their features, in whole numbers: the same choice everywhere.

A dot product of floats depends on the machine's order of adding; near a tie that would decide.
Features are multiples of 1 / `table.UNIT` and weights are integers, so scores are exact. What the
features and options are is the protocol's to say, by a `table.PolicyTable`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from retailsim.agents.policy.errors import BadPolicy
from retailsim.agents.policy.table import UNIT, PolicyTable
from retailsim.events.log.disk import replace_file
from retailsim.events.whole_file import read_bounded

SCALE = 2**20
"""A weight of 1.0 as an integer."""


class LearntLimit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A limit that was kept while a policy learnt, and what keeping it cost.

    Parameters
    ----------
    term : str
        Of the reward; what an episode comes to in it.
    bound : float
    least : bool
        Whether it was to be at least the bound, rather than at most.
    price : float
        What a unit of the term counts in units of reward.
    path : tuple of float
        How the price was found, from the first episode to the last, at equal distances.
    promised : bool or None
        Whether those that did not teach show that it holds for others; None where nobody looked.
    """

    term: str
    bound: float
    least: bool
    price: float
    path: tuple[float, ...]
    promised: bool | None = None


class Learnt(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """What a policy was learnt on; it says where the weights come from and decides nothing.

    Parameters
    ----------
    learner : str
        The learner's name.
    scenario : str
        SHA-256 of the buyers, products and rules that it met, whatever their files are called.
    seed : int
        Of buyers and choices while it learnt.
    conversations, profiles : int
        How many it held, with buyers of how many profiles.
    reward : mapping of term to weight
        What it was paid in.
    limits : tuple of LearntLimit
        What had to be kept beside it.
    """

    learner: str
    scenario: str
    seed: int
    conversations: int
    profiles: int
    reward: dict[str, float]
    limits: tuple[LearntLimit, ...] = ()


class LinearPolicy(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """Takes the legal option of the highest score, the first one among equals.

    Parameters
    ----------
    features : str
        Version of the features it was learnt on.
    options : tuple of str
        Names of what it chooses among.
    weights : tuple of tuple of int
        For each option one for each feature, in units of 1 / `SCALE`.
    bias : tuple of int
        One for each option, likewise.
    learnt : Learnt or None
        What it was learnt on; None if it was made by hand.
    """

    features: str
    options: tuple[str, ...]
    weights: tuple[tuple[int, ...], ...]
    bias: tuple[int, ...]
    learnt: Learnt | None = None

    @classmethod
    def of(
        cls,
        table: PolicyTable,
        weights: Sequence[Sequence[float]],
        bias: Sequence[float],
        learnt: Learnt | None = None,
    ) -> LinearPolicy:
        """Return the policy of weights in floats, rounded to units of 1 / `SCALE`.

        Parameters
        ----------
        table : PolicyTable
            What the rows and columns are.
        weights : (options, features)
        bias : (options,)
        learnt : Learnt, optional
        """
        return cls(
            features=table.version,
            options=table.options,
            weights=tuple(tuple(round(float(one) * SCALE) for one in row) for row in weights),
            bias=tuple(round(float(one) * SCALE) for one in bias),
            learnt=learnt,
        )

    def choose(self, features: Iterable[float], mask: Iterable[int]) -> int:
        """Return the number of the option to take.

        Parameters
        ----------
        features : iterable of float
            As an environment gives them: multiples of 1 / `table.UNIT`.
        mask : iterable of int
            1 for each option that is legal; at least one.
        """
        units = [int(float(one) * UNIT) for one in features]
        rows = zip(self.weights, self.bias, mask, strict=True)
        scores = [
            (constant * UNIT + sum(w * u for w, u in zip(row, units, strict=True)), -number)
            for number, (row, constant, legal) in enumerate(rows)
            if legal
        ]
        return -max(scores)[1]

    def save(self, path: Path) -> None:
        """Write it to a file, as JSON: whole or, where that fails (`OSError`), not at all."""
        replace_file(path, msgspec.json.format(msgspec.json.encode(self)) + b"\n")


def read_policy(path: Path, table: PolicyTable) -> LinearPolicy:
    """Return the policy in a file, one of an earlier version as one of this.

    Parameters
    ----------
    path : Path
    table : PolicyTable
        The features and options of whoever is to go by it.

    Raises
    ------
    BadPolicy
        If it cannot be read, or was made for other features or options.
    """
    if path.is_dir():
        raise BadPolicy(path, "is a folder: name a policy's file")
    try:
        policy = msgspec.json.decode(read_bounded(path), type=LinearPolicy)
    except OSError as error:
        raise BadPolicy(path, error.strerror or str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadPolicy(path, f"is no policy: {error}; write one with policy learn") from None
    known = {**table.earlier, table.version: len(table.features)}
    if policy.features not in known:
        problem = f"was learnt on the features {policy.features!r}, not {table.version!r}"
        raise BadPolicy(path, problem)
    if table.options:
        check_options(policy, table.options, path)
    _check_shape(policy, known[policy.features], path)
    return _widened(policy, table)


def _widened(policy: LinearPolicy, table: PolicyTable) -> LinearPolicy:
    """Return a policy of an earlier version: what it did not know has no weight."""
    rows = tuple((*row, *[0] * (len(table.features) - len(row))) for row in policy.weights)
    return msgspec.structs.replace(policy, features=table.version, weights=rows)


def check_options(policy: LinearPolicy, names: Sequence[str], path: Path) -> None:
    """Refuse a policy, read from `path`, that chooses among other options than these.

    Raises
    ------
    BadPolicy
        Naming the options that only one side has, or that their order differs.
    """
    if policy.options == tuple(names):
        return
    sides = {
        "it does not know": [name for name in names if name not in policy.options],
        "this run does not have": [name for name in policy.options if name not in names],
    }
    said = [f"{what} {_some(found)}" for what, found in sides.items() if found]
    problem = "; ".join(said) or "they stand in another order"
    raise BadPolicy(path, f"was learnt for other options: {problem}")


def _some(names: Sequence[str], most: int = 3) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    shown = (name if len(name) <= 60 else f"{name[:57]}..." for name in names[:most])
    return ", ".join(map(repr, shown)) + more


def _check_shape(policy: LinearPolicy, features: int, path: Path) -> None:
    options = len(policy.options)
    if len(policy.weights) != options or {len(row) for row in policy.weights} != {features}:
        raise BadPolicy(path, f"needs weights of {options} options by {features} features")
    if len(policy.bias) != options:
        raise BadPolicy(path, f"needs a bias for each of {options} options")
