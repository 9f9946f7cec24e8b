"""The page on which a person plays: one seat, one run, this machine."""
