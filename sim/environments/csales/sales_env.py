"""The Gymnasium environment of the seller's seat in sales conversations: retailsim/CSales-v0."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import gymnasium
import msgspec
import numpy as np
from gymnasium.spaces import Box, Discrete
from numpy.typing import NDArray

from retailsim.agents.csales.behavioral.outside_seller import Chosen
from retailsim.agents.csales.policy.features import NAMES, VERSION, features
from retailsim.agents.csales.policy.view import SellerView
from retailsim.events.messages import EpisodeFailed, Event
from retailsim.market.protocols.csales.requests import PlanTurn
from retailsim.sim.environments.csales.episodes import Episodes
from retailsim.sim.environments.csales.rewards import Rewards, checked_weights
from retailsim.sim.environments.errors import BadEnvironment, NoEpisode, RunBegun, RunFull
from retailsim.sim.environments.run_log import RunLog
from retailsim.sim.environments.stepping import SteppedMarket
from retailsim.sim.run.launch_options import Options
from retailsim.sim.scenario.settings import as_settings
from retailsim.sim.seats.seat_names import SeatEntries

Observation = NDArray[np.float32]
Mask = NDArray[np.int8]


class SalesEnv(gymnasium.Env[Observation, np.int64]):
    """The seller's side of a sales conversation; an episode is a conversation, a step a turn of it.

    An action is the number of an option (`actions`) of the scenario's table of options: an act,
    with a tactic where it persuades, and whatever else the table has. What it leaves open, and
    what is said, is the seller ``csi``'s.
    ``info["action_mask"]`` says what is legal now (1) and what is not (0). An illegal action fails
    the episode, as the market refuses it, and ``info["illegal"]`` says why; ``info["failed"]`` says
    so of a buyer's fault. A conversation is over
    when the market says so, after `design.max_turns` at the latest: it is terminated, never
    truncated.

    An observation holds the `features` that the log holds for the seller, each from 0 to 1; the
    buyer's hidden profile is not among them.

    Parameters
    ----------
    scenario : str or Path
        A csales scenario, built-in or a file; its sellers are replaced.
    catalog, profiles : str or Path, optional
        Files of products and of buyer profiles.
    buyers : names or tables, optional
        Who buys instead; nobody that waits for something, such as a model.
    settings : mapping, optional
        Keys of the scenario with their values.
    reward : mapping of term to weight, optional
        See `sim.environments.csales.rewards.TERMS`; by default the revenue in dollars, and -1 for
        an illegal action.
    out : str or Path, optional
        Folder of a run that all episodes are written to, made at the first reset. One that is
        given up before its end is not.
    episodes : int
        With `out`, how many episodes the run is made for at least: rounded up, so that every
        profile is met equally often.

    Attributes
    ----------
    actions : tuple of str
        The options in their order; `features` and `features_version` for the observation.

    Notes
    -----
    ``reset(seed=...)`` gives the seed of the run; buyers and words draw from its streams, as in a
    launch, and the order of the profiles from `np_random`.
    """

    actions: tuple[str, ...]
    features = NAMES
    features_version = VERSION

    def __init__(
        self,
        scenario: str | Path = "csales",
        *,
        catalog: str | Path | None = None,
        profiles: str | Path | None = None,
        buyers: SeatEntries | None = None,
        settings: Mapping[str, Any] | None = None,
        reward: Mapping[str, float] | None = None,
        out: str | Path | None = None,
        episodes: object = 1_000,
        render_mode: None = None,
    ) -> None:
        if isinstance(episodes, bool) or not isinstance(episodes, int) or episodes < 1:
            raise BadEnvironment("episodes", f"{episodes!r} is not a whole number from 1 up")
        self.render_mode = render_mode
        self._weights = checked_weights(reward)
        self._out = None if out is None else Path(out).absolute()
        self._wanted = episodes
        self._episodes = Episodes(
            Options(
                scenario=str(scenario),
                catalog=None if catalog is None else Path(catalog),
                profiles=None if profiles is None else Path(profiles),
                buyers=buyers,
                settings=as_settings(settings or {}),
            )
        )
        self._top = self._episodes.design.rules.catalogue.below(())
        self._table = self._episodes.design.rules.actions
        self.actions = self._table.names
        self.action_space = Discrete(len(self.actions))
        self.observation_space = Box(0.0, 1.0, (len(NAMES),), np.float32)
        self._seeded = False
        self._log: RunLog | None = None
        self._market: SteppedMarket | None = None
        self._propensities: Sequence[float] | None = None

    # -- gymnasium's methods ---------------------------------------------------------------

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Begin the next conversation; with a seed, the first one of that seed.

        Raises
        ------
        RunBegun, RunFull
            If there is a run of its own, and it cannot have this episode.
        """
        if seed is not None and self._log is not None:
            raise RunBegun(self._log.run.path)
        super().reset(seed=seed)
        if seed is not None or not self._seeded:
            self._begin(seed)
        spec = next(self._order, None)
        if spec is None:
            assert self._log is not None
            raise RunFull(self._log.run.path, self._run.design.episodes)
        self._market = self._episodes.open(spec, self._run)
        self._view, self._told = SellerView(self._top), 0
        self._rewards = Rewards(self._weights)
        self._rewards.of_step(self._news())
        return self._observation(), {"action_mask": self.action_mask(), "market": spec.id}

    def step(self, action: np.int64 | int) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Choose an option; returns observation, reward, whether it is over, False, and info.

        ``info`` also has the reward's ``terms``, without their weights.

        Raises
        ------
        NoEpisode
            If none is under way.
        BadEnvironment
            If there is no option of this number.
        """
        market = self._market
        if market is None or market.question is None:
            raise NoEpisode
        if not self.action_space.contains(action):
            last = len(self.actions) - 1
            raise BadEnvironment("step", f"{action!r} is not one of the actions 0 to {last}")
        request = market.question.request
        market.answer(self._answer(int(action), request))
        news = self._news()
        failed = {e.stage: e.reason for e in news if isinstance(e, EpisodeFailed)}
        terms = self._rewards.of_step(news, illegal=PlanTurn.stage in failed)
        over = market.question is None
        info = {"action_mask": self.action_mask(), "market": market.spec.id, "terms": terms}
        for stage, reason in failed.items():
            info["illegal" if stage == PlanTurn.stage else "failed"] = reason
        if over and self._log is not None:
            self._log.write(market)
        return self._observation(), self._rewards.total(terms), over, False, info

    def close(self) -> None:
        """End the run, if there is one; it is sealed if every episode was held."""
        if self._log is not None:
            self._log.close()
            self._log = None
            self._market, self._seeded, self._out = None, False, None

    # -- beside them -----------------------------------------------------------------------

    def action_mask(self) -> Mask:
        """Return what is legal now, 1 or 0 for each action; nothing once it is over."""
        question = None if self._market is None else self._market.question
        if question is None:
            return np.zeros(len(self.actions), np.int8)
        return np.array(self._table.mask(_plan(question.request).options), np.int8)

    def action_masks(self) -> NDArray[np.bool_]:
        """Return the same as true and false, as learners with masks ask for it."""
        return self.action_mask().astype(np.bool_)

    def state_propensities(self, probabilities: Sequence[float]) -> None:
        """Say how likely each action was before the next step, so that the log has it.

        Parameters
        ----------
        probabilities : sequence of float
            One for each action, summing to 1; 0 for those that are not legal. The market refuses
            others, and fails the episode.
        """
        if len(probabilities) != len(self.actions):
            problem = f"{len(probabilities)} probabilities for {len(self.actions)} actions"
            raise BadEnvironment("state_propensities", problem)
        self._propensities = [float(one) for one in probabilities]

    @property
    def run(self) -> Path | None:
        """The folder of the run, once there is one."""
        return None if self._log is None else self._log.run.path

    def _begin(self, seed: int | None) -> None:
        if seed is None:
            seed = int(self.np_random.integers(2**31))
        self._run = self._episodes.seeded(seed, self._out, self._wanted if self._out else 0)
        rounds = self._run.scenario.design.replications if self._out else None
        self._order = self._episodes.order(self.np_random, rounds)
        if self._out is not None:
            self._log = RunLog(self._run)
        self._seeded = True

    def _answer(self, action: int, request: object) -> str:
        stated, self._propensities = self._propensities, None
        if stated is not None:
            pairs = zip(self._table.mask(_plan(request).options), stated, strict=True)
            kept = tuple(one for legal, one in pairs if legal or one)
            chosen = Chosen(option=self.actions[action], probabilities=kept)
        else:
            chosen = Chosen(option=self.actions[action])
        return msgspec.json.encode(chosen).decode()

    def _news(self) -> list[Event]:
        """Return the events since the last look, once the view has them."""
        assert self._market is not None
        news = self._market.events[self._told :]
        self._told += len(news)
        self._view.tell(news)
        return news

    def _observation(self) -> Observation:
        return np.array(features(self._view), np.float32)


def _plan(request: object) -> PlanTurn:
    assert isinstance(request, PlanTurn)  # the seat asks nothing else
    return request
