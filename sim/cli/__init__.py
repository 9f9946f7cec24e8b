"""The command line."""

from retailsim.sim.cli.program import main

__all__ = ["main"]
