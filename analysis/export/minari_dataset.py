"""The decisions of a log as a Minari dataset, the neutral format of offline reinforcement learning.

Minari is nothing that is installed with us. What is handed to it are plain arrays (`episodes`).
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from retailsim.analysis.policy.decisions import Decisions
from retailsim.analysis.projection.errors import AnalysisError

Array = NDArray[Any]
_ID = re.compile(r"[\w-]+-v\d+")
"""What Minari takes for the name of a dataset."""


class MinariMissing(AnalysisError):
    """The package that writes the dataset is not installed."""

    def __init__(self, package: str) -> None:
        super().__init__(
            f"a Minari dataset needs the package {package}: pip install 'minari[hdf5]' pillow"
        )


class BadDatasetName(AnalysisError):
    """The folder for a dataset has a name that Minari would not find it by."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"{folder}: Minari finds a dataset by its folder's name, which has to be like "
            f"{_likely(folder)}"
        )


class FolderExists(AnalysisError):
    """The folder for a dataset is there already."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"{folder} exists: name a new folder with --out")


class EpisodeArrays(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One episode of T steps, K options and F features, as it is handed to Minari.

    Parameters
    ----------
    observations : float32 array of shape (T + 1, F)
        Before each step, and at the end.
    actions : int64 array of shape (T,)
    rewards : float64 array of shape (T,)
    terminations, truncations : bool arrays of shape (T,)
        The last step is terminated; nothing is truncated.
    infos : mapping
        ``action_mask`` (int8) and ``propensities`` (float64) of shape (T + 1, K): what was legal
        (1) before each step, and how likely each option was, NaN where nobody knows. The last row
        is of the end, where nothing is legal.
    about : mapping
        The episode's name in the log, its seller and its buyer's profile.
    """

    observations: Array
    actions: Array
    rewards: Array
    terminations: Array
    truncations: Array
    infos: Mapping[str, Array]
    about: Mapping[str, str]


def episodes(decisions: Decisions, ends: NDArray[np.float64]) -> Iterator[EpisodeArrays]:
    """Yield each episode, in order.

    Parameters
    ----------
    ends : array of shape (E, F)
        The features when each episode was over.
    """
    options = len(decisions.names)
    bounds = [*decisions.starts, len(decisions)]
    for number, (begin, end) in enumerate(pairwise(bounds)):
        rows = slice(begin, end)
        steps = end - begin
        over = np.zeros(steps, np.bool_)
        over[-1] = True
        seen = np.vstack((decisions.features[rows], ends[number]))
        mask = np.vstack((decisions.mask[rows], np.zeros(options, np.bool_)))
        likely = np.vstack((decisions.propensities[rows], np.full(options, np.nan)))
        yield EpisodeArrays(
            observations=seen.astype(np.float32),
            actions=decisions.chosen[rows],
            rewards=decisions.rewards[rows],
            terminations=over,
            truncations=np.zeros(steps, np.bool_),
            infos={"action_mask": mask.astype(np.int8), "propensities": likely},
            about={
                "name": decisions.ids[number],
                "seller": str(decisions.seller[number]),
                "profile": decisions.clusters[decisions.cluster[number]],
            },
        )


def write_minari(
    decisions: Decisions,
    ends: NDArray[np.float64],
    folder: Path,
    *,
    about: Mapping[str, str],
    environment: tuple[str, str] | None = None,
) -> None:
    """Write a dataset; after an error nothing is left of it.

    Parameters
    ----------
    folder : Path
        A new one, whose name ends in ``-v`` and a number, as Minari wants it.
    about : mapping of str to str
        What else is said of the dataset, such as the run.
    environment : (str, str), optional
        Gymnasium's name of the environment that it could have come from, and its ``module:CLASS``.

    Raises
    ------
    MinariMissing, BadDatasetName, FolderExists
        Before anything is written.
    OSError
        If the disk takes no more.
    """
    for package in ("minari", "h5py", "PIL"):
        if find_spec(package) is None:
            raise MinariMissing(package)
    if not _ID.fullmatch(folder.name):
        raise BadDatasetName(folder)
    if folder.exists():
        raise FolderExists(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it asks for authors and e-mail addresses
            _write(decisions, ends, beside, _told(decisions, folder, about), environment)
        beside.chmod(0o755)
        beside.rename(folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _told(decisions: Decisions, folder: Path, about: Mapping[str, str]) -> dict[str, str]:
    return {
        "dataset_id": folder.name,
        "algorithm_name": ", ".join(sorted(set(decisions.seller.tolist()))),
        "options": json.dumps(decisions.names),
        "features": json.dumps(decisions.feature_names),
        "reward": json.dumps(dict(decisions.weights)),
        **about,
    }


def _write(
    decisions: Decisions,
    ends: NDArray[np.float64],
    folder: Path,
    told: Mapping[str, str],
    environment: tuple[str, str] | None,
) -> None:
    from gymnasium.envs.registration import EnvSpec
    from gymnasium.spaces import Box, Discrete
    from minari.data_collector import EpisodeBuffer
    from minari.dataset.minari_storage import MinariStorage

    storage = MinariStorage.new(
        folder / "data",
        observation_space=Box(0.0, 1.0, (len(decisions.feature_names),), np.float32),
        action_space=Discrete(len(decisions.names)),
        env_spec=None if environment is None else EnvSpec(*environment),
        data_format="hdf5",
    )
    storage.update_metadata({**told, "minari_version": version("minari")})
    names, buffers = [], []
    for number, one in enumerate(episodes(decisions, ends)):
        parts = {name: getattr(one, name) for name in one.__struct_fields__ if name != "about"}
        buffers.append(EpisodeBuffer(id=number, **parts))
        names.append(dict(one.about))
    storage.update_episodes(buffers)
    storage.update_episode_metadata(names)


def _likely(folder: Path) -> str:
    kept = re.sub(r"[^\w-]+", "-", folder.name).strip("-") or "sales"
    return f"{kept}-v0"
