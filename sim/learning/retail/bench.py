"""What retail episodes are to those who judge policies."""

from __future__ import annotations

from retailsim.sim.environments.retail.rewards import TERMS, checked_weights
from retailsim.sim.learning.judging import Bench
from retailsim.sim.learning.retail.audit import Auditor
from retailsim.sim.learning.retail.logged import RetailLogs
from retailsim.sim.learning.retail.targets import target_of

BENCH = Bench(
    terms=TERMS,
    weights=checked_weights,
    logs=RetailLogs(),
    target=target_of,
    auditor=Auditor,
)
