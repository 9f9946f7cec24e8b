"""Market time in words."""

from __future__ import annotations

from retailsim.market.core.durations import DAY_US, HOUR_US, MINUTE_US, SECOND_US


def clock(t: int) -> str:
    """Return microseconds since a run's first day began, as ``day 1, 01:10``.

    Seconds are named only where they are not 0; what is below a second is left out.
    """
    day, rest = divmod(t, DAY_US)
    hour, rest = divmod(rest, HOUR_US)
    minute, rest = divmod(rest, MINUTE_US)
    second = rest // SECOND_US
    seconds = f":{second:02}" if second else ""
    return f"day {day + 1}, {hour:02}:{minute:02}{seconds}"
