"""What conversations are to those who judge policies."""

from __future__ import annotations

from retailsim.sim.environments.csales.rewards import TERMS, checked_weights
from retailsim.sim.learning.csales.audit import Auditor
from retailsim.sim.learning.csales.logged import SalesLogs
from retailsim.sim.learning.csales.targets import target_of
from retailsim.sim.learning.judging import Bench

BENCH = Bench(
    terms=TERMS,
    weights=checked_weights,
    logs=SalesLogs(),
    target=target_of,
    auditor=Auditor,
    hint=" Either has to search as csi does.",
)
