"""A baseline made by hand: facts from the sheet with a kind word, and an exchange if it fails."""

from __future__ import annotations

from retailsim.agents.policy.linear import LinearPolicy
from retailsim.agents.retail.policy.features import TABLE

OPTIONS = ("Pitch: facts, warm, full, sheet", "Answer: friendly", "Settle: exchange")
"""What it takes, whatever the state."""


def by_the_sheet() -> LinearPolicy:
    """Return the policy: it claims nothing beyond the sheet, and takes back what fails."""
    return LinearPolicy.of(
        TABLE,
        [[0.0] * len(TABLE.features)] * len(TABLE.options),
        [float(name in OPTIONS) for name in TABLE.options],
    )
