"""Decisions as a Minari dataset: the arrays handed over, the dataset read back, what is refused."""

from __future__ import annotations

import errno
import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from retailsim.agents.csales.policy.features import NAMES
from retailsim.analysis.export import minari_dataset
from retailsim.analysis.export.minari_dataset import EpisodeArrays, episodes
from retailsim.sim.learning.csales.logged import read_logged
from tests.learning.logged_runs import talked
from tests.sim.runs import sim


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("minari") / "csi"
    return talked(folder, "--set", "sellers.csi.options.explore=0.3")


def arrays(run: Path, **reward: float) -> list[EpisodeArrays]:
    logged = read_logged([run], reward=reward or None)
    return list(episodes(logged.decisions, logged.ends))


def test_episodes_are_whole_and_end_once(run: Path) -> None:
    found = arrays(run)
    decisions = read_logged([run]).decisions
    assert [one.about["name"] for one in found] == list(decisions.ids)
    assert {one.about["seller"] for one in found} == {"csi"}
    for one in found:
        steps = len(one.actions)
        assert one.observations.shape == (steps + 1, len(NAMES))
        assert one.observations.dtype == np.float32
        assert one.terminations.tolist() == [False] * (steps - 1) + [True]
        assert not one.truncations.any()
        mask, likely = one.infos["action_mask"], one.infos["propensities"]
        assert mask.shape == likely.shape == (steps + 1, len(decisions.names))
        assert (mask[np.arange(steps), one.actions] == 1).all()
        assert not mask[-1].any()
        np.testing.assert_allclose(likely[:-1].sum(axis=1), 1.0)
        assert np.isnan(likely[-1]).all()
    np.testing.assert_array_equal(
        np.concatenate([one.observations[:-1] for one in found]), decisions.features
    )
    total = sum(float(one.rewards.sum()) for one in found)
    assert total == pytest.approx(decisions.terms["revenue"].sum())


def test_they_are_what_an_environment_gave_to_the_last_observation(tmp_path: Path) -> None:
    gymnasium = pytest.importorskip(
        "gymnasium", reason="gymnasium is not installed: the extra rl has it"
    )
    reward = {"revenue": 1.0, "turn": -0.5}
    env = gymnasium.make(
        "retailsim.envs:retailsim/CSales-v0", out=tmp_path / "run", episodes=5, reward=reward,
        settings={"profiles.count": 5},
    )  # fmt: skip
    random, given = np.random.default_rng(2), dict[str, Any]()
    for number in range(5):
        observation, info = env.reset(**({} if number else {"seed": 6}))
        seen, masks, paid, over = [observation], [info["action_mask"]], [], False
        while not over:
            action = int(random.choice(np.flatnonzero(info["action_mask"])))
            observation, earned, over, _, info = env.step(action)
            seen.append(observation)
            masks.append(info["action_mask"])
            paid.append(earned)
        given[info["market"]] = seen, masks, paid
    env.close()
    found = arrays(tmp_path / "run", **reward)
    assert len(found) == 5
    for one in found:
        seen, masks, paid = given[one.about["name"]]
        np.testing.assert_array_equal(one.observations, seen)
        np.testing.assert_array_equal(one.infos["action_mask"], masks)
        np.testing.assert_allclose(one.rewards, paid)
        assert np.isnan(one.infos["propensities"]).all()


def test_minari_reads_it_back(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not all(map(find_spec, ("minari", "h5py", "PIL"))):
        pytest.skip("minari is not installed: pip install 'minari[hdf5]' pillow")
    paid = ("--reward", "sale=2", "--reward", "turn=-0.1")
    result = sim("export", run, "decisions", "--out", tmp_path / "sales-v3", *paid)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == f"decisions: {tmp_path / 'sales-v3'}\n"
    import minari

    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path))
    assert list(minari.list_local_datasets()) == ["sales-v3"]
    dataset, expected = minari.load_dataset("sales-v3"), arrays(run, sale=2.0, turn=-0.1)
    assert dataset.total_episodes == len(expected)
    assert dataset.total_steps == sum(len(one.actions) for one in expected)
    about = dataset.storage.get_episode_metadata(range(len(expected)))
    for one, read, told in zip(expected, dataset, about, strict=True):
        for name in ("observations", "actions", "rewards", "terminations", "truncations"):
            np.testing.assert_array_equal(getattr(read, name), getattr(one, name))
        for name, values in one.infos.items():
            np.testing.assert_array_equal(read.infos[name], values)
        assert {name: told[name] for name in one.about} == one.about
    assert dataset.recover_environment().observation_space == dataset.observation_space


def refused(*arguments: object, status: int = 2) -> str:
    result = sim("export", *arguments)
    assert result.exit_code == status, (result.stdout, result.stderr)
    assert (result.stdout, result.stderr.count("\n")) == ("", 1)
    return result.stderr


@pytest.fixture
def as_if_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(minari_dataset, "find_spec", bool)


def test_without_minari_one_line_says_what_to_install(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for package in ("minari", "h5py"):
        monkeypatch.setattr(
            minari_dataset, "find_spec", lambda name, no=package: name != no or None
        )
        said = refused(run, "decisions", "--out", tmp_path / "out" / "sales-v0")
        assert f"needs the package {package}: pip install 'minari[hdf5]' pillow" in said
        assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("as_if_installed")
def test_places_that_cannot_be_are_refused(run: Path, tmp_path: Path) -> None:
    said = refused(run, "decisions", "--out", tmp_path / "my sales")
    assert "Minari finds a dataset by its folder's name, which has to be like my-sales-v0" in said
    (tmp_path / "there-v0").mkdir()
    assert "exists: name a new folder" in refused(run, "decisions", "--out", tmp_path / "there-v0")
    assert "is inside the run" in refused(run, "decisions", "--out", run / "sales-v0")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["there-v0"]


def test_a_dataset_is_no_table_and_a_table_no_dataset(run: Path, tmp_path: Path) -> None:
    out = ("--out", tmp_path / "sales-v0")
    for what, form in (("decisions", "parquet"), ("episodes", "minari")):
        said = refused(run, what, *out, "--format", form)
        assert f"--format {form} is not for {what}" in said
    said = refused(run, "episodes", *out, "--reward", "sale=1")
    assert "--reward is for decisions only; episodes have no rewards" in said
    assert "--as is for transcripts only" in refused(run, "decisions", *out, "--as", "buyer")


@pytest.mark.usefixtures("as_if_installed")
def test_a_full_disk_leaves_nothing(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(minari_dataset, "_write", full)
    said = refused(run, "decisions", "--out", tmp_path / "out" / "sales-v0", status=3)
    assert "No space left on device" in said
    assert list((tmp_path / "out").iterdir()) == []
