"""Execution: a run's markets in one process or several."""
