"""The design: from a scenario to the markets of a run."""
