"""The Gymnasium environment of the seller's seat in sales conversations: retailsim/CSales-v0."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from retailsim.agents.csales.policy.features import policy_table
from retailsim.sim.environments.csales.episodes import Episodes
from retailsim.sim.environments.csales.rewards import checked_weights
from retailsim.sim.environments.csales.seller_side import SellerSide
from retailsim.sim.environments.seat_env import SeatEnv
from retailsim.sim.environments.stepping import SteppedMarket
from retailsim.sim.run.launch_options import Options
from retailsim.sim.scenario.settings import as_settings
from retailsim.sim.seats.seat_names import SeatEntries


class SalesEnv(SeatEnv):
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
        See `sim.environments.csales.rewards.TERMS`; by default the scenario's table
        [reward], or else the revenue in dollars, and -1 for an illegal action.
    out : str or Path, optional
        Folder of a run that all episodes are written to, made at the first reset. One that is
        given up before its end is not.
    episodes : int
        With `out`, how many episodes the run is made for at least: rounded up, so that every
        profile is met equally often.
    adaptive : bool
        Whether who plays learns from these episodes while they go on; the run says so, and
        evaluation by its log refuses it then. False for a policy that stays the same.

    Attributes
    ----------
    actions : tuple of str
        The options in their order; `features` and `features_version` for the observation.

    Notes
    -----
    ``reset(seed=...)`` gives the seed of the run; buyers and words draw from its streams, as in a
    launch, and the order of the profiles from `np_random`.
    """

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
        adaptive: bool = True,
        render_mode: None = None,
    ) -> None:
        held = Episodes(
            Options(
                scenario=str(scenario),
                catalog=None if catalog is None else Path(catalog),
                profiles=None if profiles is None else Path(profiles),
                buyers=buyers,
                settings=as_settings(settings or {}),
            ),
            adaptive=adaptive,
        )
        self._rules = held.design.rules
        self._weights = checked_weights(held.reward if reward is None else reward)
        table = policy_table(self._rules.actions)
        super().__init__(held, table, out=out, wanted=episodes, render_mode=render_mode)

    def _side(self, market: SteppedMarket) -> SellerSide:
        return SellerSide(self._rules, self._weights)
