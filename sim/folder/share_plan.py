"""The plan of a run in shares: how many there are, which cells each has, and whose code plays them.

A run is planned once, and its shares are fixed from then on, so that whoever plays one needs to
know nothing of the others.
"""

from __future__ import annotations

import msgspec

from retailsim.sim.errors import BadShares
from retailsim.sim.folder.own_code import code_digest

MOST_SHARES = 10_000
"""Each is a shard of the log, whose number has four digits."""


class SharePlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a run is divided.

    Parameters
    ----------
    shares : int
        How many there are.
    cells : int
        How many cells its design has, see `Design.cells`; a share is a stretch of them.
    code : str
        Digest of the program's files where it was planned, see `sim.folder.own_code`.
    """

    shares: int
    cells: int
    code: str

    def stretch(self, share: int) -> tuple[int, int]:
        """Return the first of a share's cells, and the one behind its last.

        The shares follow one another, and none has a cell more than another but for one.
        """
        return share * self.cells // self.shares, (share + 1) * self.cells // self.shares


def share_plan(shares: int, cells: int) -> SharePlan:
    """Return the plan for a design of so many cells, to be played by the code that runs here.

    Raises
    ------
    BadShares
        If there would be shares without a cell, or too many for a log.
    """
    if shares > min(cells, MOST_SHARES):
        raise BadShares(shares, cells, MOST_SHARES)
    return SharePlan(shares=shares, cells=cells, code=code_digest())
