"""Language models of a run, and what they may cost."""
