"""Registers the environments with Gymnasium; needs the extra ``rl``.

>>> import gymnasium, retailsim.envs
>>> env = gymnasium.make("retailsim/CSales-v0")
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retailsim.sim.environments.registration import need_pettingzoo, register

if TYPE_CHECKING:
    from retailsim.sim.environments.csales.sales_aec import SalesAEC

register()


def csales_aec(
    scenario: str | Path = "csales",
    *,
    catalog: str | Path | None = None,
    profiles: str | Path | None = None,
    settings: Mapping[str, Any] | None = None,
    reward: Mapping[str, Mapping[str, float]] | None = None,
    out: str | Path | None = None,
    episodes: int = 1_000,
    masks_observed: bool = False,
) -> SalesAEC:
    """Make the PettingZoo environment of both seats of a sales conversation.

    Its agents are ``seller``, who chooses as in ``retailsim/CSales-v0``, and ``buyer``, who says
    something, selects, buys or leaves. What is said, and what items are worth to the buyer, is
    behavioral agents' matter.

    Parameters
    ----------
    scenario : str or Path
        A csales scenario, built-in or a file; its seats are replaced.
    catalog, profiles : str or Path, optional
        Files of products and of buyer profiles.
    settings : mapping, optional
        Keys of the scenario with their values.
    reward : mapping of agent to mapping of term to weight, optional
        Terms as for ``retailsim/CSales-v0``; by default the seller is paid in what the
        scenario's table [reward] says, or else its revenue in dollars,
        the buyer its surplus, and -1 who does what is illegal.
    out : str or Path, optional
        Folder of a run that all episodes are written to, made at the first reset.
    episodes : int
        With `out`, how many episodes the run is made for at least.
    masks_observed : bool
        Whether observations are ``{"observation": features, "action_mask": mask}``, as those of
        PettingZoo's own games; the mask is in ``infos`` as well.

    Raises
    ------
    RetailSimError
        If pettingzoo is missing, or something that is given does not go.
    """
    need_pettingzoo()
    from retailsim.sim.environments.csales.sales_aec import SalesAEC

    return SalesAEC(
        scenario,
        catalog=catalog,
        profiles=profiles,
        settings=settings,
        reward=reward,
        out=out,
        episodes=episodes,
        masks_observed=masks_observed,
    )
