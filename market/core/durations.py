"""How long things take in market time, in microseconds.

The durations are the same for everybody on purpose: episodes of a market then move through the
same instants, in which agents that wait are asked side by side.
"""

from __future__ import annotations

SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US

PLANNING_US = HOUR_US
"""From the strategy to the pitch."""
BROADCAST_US = 10 * MINUTE_US
"""The pitch itself."""
MESSAGE_US = MINUTE_US
"""From one message of a dialogue to the next."""
DECISION_US = 5 * MINUTE_US
"""From the last answer to the decision."""
REVIEW_US = DAY_US
"""From the end of the journey to the reviews."""
