"""Measurements that stand beside a bare equivalent, taken in the same run."""

from retailsim.sim.cli.polars_memory import spare_memory

# Before Polars is imported, which says otherwise to itself and to every program started from here:
# those are measured as users start them.
spare_memory()
