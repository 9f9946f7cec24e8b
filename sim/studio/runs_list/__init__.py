"""The first page, a list of runs, and the pages of sweeps and experiments."""
