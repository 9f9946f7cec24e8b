"""The Gymnasium environment of the seller's seat in the retail protocol: retailsim/Retail-v0."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from retailsim.agents.retail.policy.features import TABLE
from retailsim.market.protocols.retail.protocol import offer_of
from retailsim.market.protocols.retail.spec import RetailSpec
from retailsim.sim.environments.retail.episodes import RetailEpisodes
from retailsim.sim.environments.retail.rewards import checked_weights
from retailsim.sim.environments.retail.seller_side import SellerSide
from retailsim.sim.environments.seat_env import SeatEnv
from retailsim.sim.environments.stepping import SteppedMarket
from retailsim.sim.run.launch_options import Options
from retailsim.sim.scenario.settings import as_settings
from retailsim.sim.seats.seat_names import SeatEntries


class RetailEnv(SeatEnv):
    """The seller's side of a retail episode: it pitches, answers each question, settles the issue.

    An action is the number of an option (`actions`). The first step is the pitch, the next ones
    are answers, the last ones support, if the buyer bought and something is wrong.
    ``info["action_mask"]`` says what is legal now (1) and what is not (0). An illegal action fails
    the episode, and ``info["illegal"]`` says why; ``info["failed"]`` says so of a buyer's fault.
    Every market has one buyer: ``design.broadcast`` is "episode". It is over with the last review:
    terminated, never truncated.

    An observation holds the `features` that the log holds for the seller, each from 0 to 1; the
    buyer's persona is not among them.

    Parameters
    ----------
    scenario : str or Path
        A retail scenario, built-in or a file; its sellers are replaced.
    catalog : str or Path, optional
        A file of products.
    buyers : names or tables, optional
        Who buys instead; nobody that waits for something, such as a model.
    settings : mapping, optional
        Keys of the scenario with their values.
    reward : mapping of term to weight, optional
        See `sim.environments.retail.rewards.TERMS`; by default the scenario's table
        [reward], or else the net revenue in dollars, and -1 for an illegal action.
    out : str or Path, optional
        Folder of a run that all episodes are written to, made at the first reset. One that is
        given up before its end is not.
    episodes : int
        With `out`, how many episodes the run is made for at least: rounded up, so that every
        product is met equally often by every buyer.

    adaptive : bool
        Whether who plays learns from these episodes while they go on; the run says so. False for a
        policy that stays the same.

    Attributes
    ----------
    actions : tuple of str
        The options in their order; `features` and `features_version` for the observation.

    Notes
    -----
    ``reset(seed=...)`` gives the seed of the run; buyers, issues and words draw from its streams,
    as in a launch, and the order of the episodes from `np_random`.
    """

    def __init__(
        self,
        scenario: str | Path = "pairwise",
        *,
        catalog: str | Path | None = None,
        buyers: SeatEntries | None = None,
        settings: Mapping[str, Any] | None = None,
        reward: Mapping[str, float] | None = None,
        out: str | Path | None = None,
        episodes: object = 1_000,
        adaptive: bool = True,
        render_mode: None = None,
    ) -> None:
        held = RetailEpisodes(
            Options(
                scenario=str(scenario),
                catalog=None if catalog is None else Path(catalog),
                buyers=buyers,
                settings=as_settings(settings or {}),
            ),
            adaptive=adaptive,
        )
        self._rules = held.design.rules
        self._weights = checked_weights(held.reward if reward is None else reward)
        super().__init__(held, TABLE, out=out, wanted=episodes, render_mode=render_mode)

    def _side(self, market: SteppedMarket) -> SellerSide:
        assert isinstance(market.spec, RetailSpec)  # the protocol has no other
        return SellerSide(offer_of(market.spec, self._rules), self._weights)
