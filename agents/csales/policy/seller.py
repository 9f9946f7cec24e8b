"""The seller that goes by a policy in a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from retailsim.agents.csales.behavioral.action_policy import Policy, Situation
from retailsim.agents.csales.behavioral.seller import PolicySeller
from retailsim.agents.csales.policy.features import POLICIES, features
from retailsim.agents.csales.policy.view import seen
from retailsim.agents.errors import BadOption
from retailsim.agents.policy.linear import check_options, read_policy
from retailsim.market.protocols.csales.requests import PlanTurn


class _Decided:
    """Weighs one option alone."""

    def __init__(self, weights: Sequence[float]) -> None:
        self._weights = weights

    def weights(self, situation: Situation) -> Sequence[float]:
        return self._weights


class LearntSeller(PolicySeller):
    """Goes by the policy in ``options.file``; reads, searches and speaks as ``csi`` does.

    Parameters
    ----------
    seat : Seat
        Its options are ``file`` and ``explore``.

    Raises
    ------
    BadOption, BadPolicy
        If there are others, or the file holds no policy for this seat.
    """

    def _take(self, options: Mapping[str, Any]) -> None:
        file = options.get("file")
        if set(options) != {"file"} or not isinstance(file, str):
            raise BadOption(self.source, "file, the path of a policy, is needed; explore goes, too")
        self._file = Path(file)
        # The run's options are known at the first turn; a launch compares them before that.
        self._learnt = read_policy(self._file, POLICIES)

    def _weighing(self, request: PlanTurn, situation: Situation) -> Policy:
        """Decide by the features of what is known now."""
        table = request.table
        check_options(self._learnt, table.names, self._file)
        known = self.memory(request)["known"]
        view = seen(request, known, situation.past, situation.tactics, situation.items)
        number = self._learnt.choose(features(view), table.mask(situation.options))
        chosen = table.options[number]
        return _Decided([float(option == chosen) for option in situation.options])
