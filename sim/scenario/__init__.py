"""Scenarios: their tables, their files, settings laid over them, and the files they name."""
